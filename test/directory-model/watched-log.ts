/** A log that is read for secrets and defects, before anything is taken out of it. */
import type { LogFields, Logger } from "../../src/lib/log.ts";

/** Whose log it is. */
export interface Watched {
  /** Is told what was wrong. */
  readonly broken: string[];
  /** What must not be in it. */
  readonly secrets: readonly string[];
  /** Whether the life that logs has ended: its errors are no defects. */
  readonly isOver: () => boolean;
}

/** The log of a life. */
export function watchedLog({ broken, secrets, isOver }: Watched): Logger {
  const write = (event: string, fields: LogFields = {}) => {
    const line = `${event} ${JSON.stringify(fields, (_, value: unknown) => (value instanceof Error ? `${value.message} ${String(value.cause)}` : value))}`;
    if (secrets.some((secret) => line.includes(secret))) broken.push(`a secret was logged: ${event}`);
    const { cause } = fields;
    if (!isOver() && cause instanceof Error && !/evicted|disk I\/O/.test(String(cause)))
      broken.push(`a defect was logged: ${event} ${String(cause.stack)}`);
  };
  const log: Logger = { debug: write, info: write, warn: write, error: write, with: () => log };
  return log;
}
