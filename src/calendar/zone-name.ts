/** A time zone in anything that callers send: IANA or Windows in, IANA out. */
import * as z from "zod";
import { toIana } from "./zones.ts";

/** Parses to the IANA name. */
export const ZoneName = z
  .string()
  .max(100)
  .transform((name, context) => {
    const iana = toIana(name);
    if (iana !== undefined) return iana;
    context.addIssue({
      code: "custom",
      message: "expected an IANA or Windows time zone, such as Europe/Rome or W. Europe Standard Time",
    });
    return z.NEVER;
  });
