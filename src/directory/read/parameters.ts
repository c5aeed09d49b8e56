/** The parameters of a URL, read one by one; every mistake is told at once. No I/O. */
import { type FieldError, notValid } from "../../lib/errors.ts";
import { MOST_VALUES, type Parsed } from "./values.ts";

/** Parameters by name, each with its values in their order. */
export type Parameters = Readonly<Record<string, readonly string[]>>;

/** A URL's parameters while they are read. */
export interface Reading {
  /** The value of a parameter that may be given once; undefined where it was not, or is wrong. */
  single<T>(name: string, read: (value: string) => Parsed<T>): T | undefined;
  /** The values of a parameter that may be given several times. */
  several<T>(name: string, read: (value: string) => Parsed<T>): T[] | undefined;
  /** Notes a mistake. */
  wrong(path: string, message: string): void;
  /** Parameters whose name nobody has asked for are mistakes too. Failure: `validation_failed` where there are any. */
  finish(): void;
}

/** Begins to read. */
export function openReading(parameters: Parameters): Reading {
  const errors: FieldError[] = [];
  const asked = new Set<string>();
  const wrong = (path: string, message: string) => void errors.push({ path, message });
  const several = <T>(name: string, read: (value: string) => Parsed<T>): T[] | undefined => {
    asked.add(name);
    const values = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (!values) return undefined;
    if (values.length > MOST_VALUES) wrong(name, `expected at most ${MOST_VALUES} values`);
    const parsed = values.slice(0, MOST_VALUES).map(read);
    const mistake = parsed.find((one) => "error" in one);
    if (mistake && "error" in mistake) wrong(name, mistake.error);
    return parsed.flatMap((one) => ("value" in one ? [one.value] : []));
  };
  return {
    several,
    wrong,
    single(name, read) {
      const values = several(name, read);
      if ((parameters[name]?.length ?? 0) > 1) wrong(name, "expected it once");
      return values?.[0];
    },
    finish() {
      for (const name of Object.keys(parameters))
        if (!asked.has(name)) errors.push({ path: name.slice(0, 100), message: "unknown parameter" });
      if (errors.length > 0) throw notValid(errors);
    },
  };
}
