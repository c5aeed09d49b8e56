import * as z from "zod";

/** What a control throws on a field that names nothing there is, or says what cannot be: it becomes a 400 that names the field. */
export function wrongField(path: string, message: string): z.ZodError {
  // A plain ZodError is no Error, and Hono hands only Errors to onError.
  return new z.ZodRealError([{ code: "custom", path: path.split("."), message, input: undefined }]);
}
