import { bodyOf } from "../bodies.ts";
import type * as z from "zod";
import { NotionError } from "./errors.ts";

const PAYLOAD_BYTES = 500_000;
const ARRAY_ELEMENTS = 100;
const TEXT_LENGTH = 2_000;
const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

/** The body of a request as the schema has it. Throws invalid_json or validation_error. */
export function readInput<T>(request: Request, schema: z.ZodType<T>): T {
  const text = bodyOf(request);
  if (new TextEncoder().encode(text).length > PAYLOAD_BYTES) throw invalid("body failed validation: it is too large.");
  const type = request.headers.get("Content-Type") ?? "";
  const input = text === "" ? {} : parse(type.startsWith("application/json") ? text : "");
  checkSizes(input, "body");
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalid(`body failed validation: ${["body", ...(issue?.path ?? [])].join(".")}: ${issue?.message ?? ""}`);
}

/** An id of a path, with or without dashes, as answers write it. Throws validation_error. */
export function readId(name: string, value: string): string {
  if (!UUID.test(value))
    throw invalid(`path failed validation: path.${name} should be a valid uuid, instead was \`"${value}"\`.`);
  const digits = value.replaceAll("-", "").toLowerCase();
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** A validation_error. */
export function invalid(message: string): NotionError {
  return new NotionError("validation_error", message);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new NotionError("invalid_json", "Error parsing JSON body.");
  }
}

function checkSizes(value: unknown, path: string): void {
  if (typeof value === "string" && value.length > TEXT_LENGTH)
    throw invalid(
      `body failed validation: ${path}.length should be ≤ \`${TEXT_LENGTH}\`, instead was \`${value.length}\`.`,
    );
  if (Array.isArray(value) && value.length > ARRAY_ELEMENTS)
    throw invalid(
      `body failed validation: ${path}.length should be ≤ \`${ARRAY_ELEMENTS}\`, instead was \`${value.length}\`.`,
    );
  if (typeof value !== "object" || value === null) return;
  for (const [name, inner] of Object.entries(value)) checkSizes(inner, `${path}.${name}`);
}
