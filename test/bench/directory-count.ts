/** Counts what SQLite does in an object: what Cloudflare bills are the rows that its cursors say. */

/** What one statement has done. */
export interface StatementCount {
  readonly calls: number;
  readonly rowsRead: number;
  readonly rowsWritten: number;
  /** As far as the clock moves inside of an object, ms. */
  readonly ms: number;
}

/** What was done since it was last asked. */
export interface Counted {
  readonly statements: Readonly<Record<string, StatementCount>>;
  /** Each is billed as a row. */
  readonly alarms: number;
}

interface Cursor {
  readonly rowsRead: number;
  readonly rowsWritten: number;
}

type Exec = (this: object, statement: string, ...params: unknown[]) => Cursor;
type SetAlarm = (this: object, ...args: unknown[]) => unknown;

let counts = new Map<string, { calls: number; rowsRead: number; rowsWritten: number; ms: number }>();
let alarms = 0;
/** The statement before: its cursor knows only when it has been read to its end, which every caller does at once. */
let last: { readonly statement: string; readonly cursor: Cursor; readonly ms: number } | undefined;
let counting = false;

/** From now on every statement of every object in this isolate is counted. */
export function countStatements(storage: { readonly sql: object }): void {
  if (counting) return;
  counting = true;
  // The platform's own objects: a subclass cannot be handed another storage.
  const sql = Object.getPrototypeOf(storage.sql) as { exec: Exec };
  const own = Object.getPrototypeOf(storage) as { setAlarm: SetAlarm };
  const { exec } = sql;
  const { setAlarm } = own;
  sql.exec = function counted(statement, ...params) {
    settle();
    const started = performance.now();
    const cursor = exec.call(this, statement, ...params);
    last = { statement, cursor, ms: performance.now() - started };
    return cursor;
  };
  own.setAlarm = function counted(...args) {
    alarms += 1;
    return setAlarm.apply(this, args);
  };
}

/** Gives what was counted, and begins anew. */
export function takeCounted(): Counted {
  settle();
  const counted = { statements: Object.fromEntries(counts), alarms };
  counts = new Map();
  alarms = 0;
  return counted;
}

function settle(): void {
  if (!last) return;
  const { statement, cursor, ms } = last;
  last = undefined;
  const count = counts.get(statement) ?? { calls: 0, rowsRead: 0, rowsWritten: 0, ms: 0 };
  count.calls += 1;
  count.rowsRead += cursor.rowsRead;
  count.rowsWritten += cursor.rowsWritten;
  count.ms += ms;
  counts.set(statement, count);
}
