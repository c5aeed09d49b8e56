/**
 * Structured log lines, one JSON object each. Redaction is by name and by shape, so that a secret that reaches a
 * field by mistake still does not reach the output.
 */

/** From the most to the least talkative. */
export const LOG_LEVELS = ["DEBUG", "INFO", "WARN", "ERROR"] as const;

/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Fields of a line. Keep them flat and named as in the API: `owner`, `connection`, `code`, `request_id`. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Writes lines; `with` binds fields that every later line carries. */
export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  with(fields: LogFields): Logger;
}

const SECRET_NAME =
  /token|secret|password|authorization|cookie|assertion|verifier|sealed|^code$|^state$|^nonce$|^sasl$/i;
// JWTs, our own sealed values, and long unbroken base64-like runs: what tokens look like.
const SECRET_SHAPE = /eyJ[\w-]{8,}(\.[\w-]*){1,4}|v1\.[\w-]+\.[\w-]+\.[\w-]+|[\w~+/=-]{48,}(\.[\w~+/=-]+)*/g;
const MAX_DEPTH = 4;

/** A logger that writes to the console, at `level` and above. */
export function createLogger(level: LogLevel, bound: LogFields = {}): Logger {
  const floor = LOG_LEVELS.indexOf(level);
  const write = (at: LogLevel, event: string, fields: LogFields = {}) => {
    if (LOG_LEVELS.indexOf(at) < floor) return;
    const line = JSON.stringify({
      level: at,
      time: new Date().toISOString(),
      event,
      ...redact({ ...bound, ...fields }),
    });
    CONSOLE[at](line);
  };
  return {
    debug: (event, fields) => write("DEBUG", event, fields),
    info: (event, fields) => write("INFO", event, fields),
    warn: (event, fields) => write("WARN", event, fields),
    error: (event, fields) => write("ERROR", event, fields),
    with: (fields) => createLogger(level, { ...bound, ...fields }),
  };
}

const CONSOLE = {
  DEBUG: (line: string) => console.debug(line),
  INFO: (line: string) => console.info(line),
  WARN: (line: string) => console.warn(line),
  ERROR: (line: string) => console.error(line),
} as const satisfies Record<LogLevel, (line: string) => void>;

/** A copy of `fields` in which nothing secret is left: by the field's name, or by the value's shape. */
export function redact(fields: LogFields): Record<string, unknown> {
  return redactObject(fields, 0);
}

function redactObject(fields: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      SECRET_NAME.test(name) ? hide(value) : redactValue(value, depth),
    ]),
  );
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === "string") return redactText(value);
  if (value instanceof Error) return redactText(describeError(value));
  if (value === null || typeof value !== "object") return value;
  // What is not looked into is not written either.
  if (depth >= MAX_DEPTH) return "[too deep]";
  if (Array.isArray(value)) return value.map((item) => redactValue(item, depth + 1));
  return redactObject(value, depth + 1);
}

/** Numbers and flags under a secret-sounding name (`token_count`) say nothing secret. */
function hide(value: unknown): unknown {
  return typeof value === "string" || (typeof value === "object" && value !== null) ? "[redacted]" : value;
}

/** `text` with everything that looks like a token replaced. */
export function redactText(text: string): string {
  return text.replace(SECRET_SHAPE, "[redacted]");
}

/** An error with its causes, in one line. Causes that are no errors (claims, bodies) are left out. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return typeof error === "string" ? error : "no error";
  const own = `${error.name}: ${error.message}`;
  return error.cause instanceof Error ? `${own} <- ${describeError(error.cause)}` : own;
}
