/**
 * The plain loop that a user would write in an hour, a process of its own: Microsoft's client and its PageIterator into
 * better-sqlite3, a page a transaction. It runs once, tells what it did, and ends.
 */
import Database from "better-sqlite3";
import {
  Client,
  HTTPMessageHandler,
  type Middleware,
  PageIterator,
  RetryHandler,
} from "@microsoft/microsoft-graph-client";
import { DEVICE_FIELDS, GROUP_FIELDS, MANAGED_FIELDS, USER_FIELDS } from "../../src/directory/fields.ts";

/** What it is told. */
export interface LoopOrder {
  /** Where Graph is, without TLS. */
  readonly front: string;
  readonly token: string;
  /** The file of its database. */
  readonly file: string;
}

/** What it did. */
export interface LoopResult {
  readonly elapsedMs: number;
  /** Of each resource, ms. */
  readonly parts: Readonly<Record<string, number>>;
  readonly rows: Readonly<Record<string, number>>;
  readonly bytes: number;
  /** CPU time of the process, ms. */
  readonly cpuMs: number;
  /** Of the process before it began and at its highest, bytes. */
  readonly memory: { readonly before: number; readonly peak: number };
}

type Item = Readonly<Record<string, unknown>>;
type Bound = string | number | null;

/** A folder of things, where it is and how it is written. */
interface Collection {
  readonly path: string;
  readonly select: readonly string[];
  readonly top?: number;
  /** Objects of a page: so many go into a transaction. */
  readonly page: number;
  readonly write: (item: Item) => void;
}

const GRAPH = "https://graph.microsoft.com";

process.once("message", (order: LoopOrder) => {
  void copy(order).then((result) => process.send?.(result, () => process.exit(0)));
});
process.on("disconnect", () => process.exit(0));

async function copy({ front, token, file }: LoopOrder): Promise<LoopResult> {
  answerFrom(front);
  const before = process.memoryUsage.rss();
  const cpuBefore = process.cpuUsage();
  const started = performance.now();
  const db = new Database(file);
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = NORMAL");
  const client = Client.initWithMiddleware({ middleware: chain(token), baseUrl: GRAPH, defaultVersion: "v1.0" });
  const parts: Record<string, number> = {};
  for (const [name, collection] of Object.entries(collectionsOf(db))) {
    const begun = performance.now();
    await read(db, client, collection);
    parts[name] = performance.now() - begun;
  }
  const elapsedMs = performance.now() - started;
  const { user, system } = process.cpuUsage(cpuBefore);
  const tables = ["users", "groups", "members", "owners", "devices", "managed_devices"];
  const rows = tables.map((name) => [name, db.prepare(`SELECT count(*) AS n FROM ${name}`).get()?.["n"] as number]);
  db.pragma("wal_checkpoint(TRUNCATE)");
  const [pages, size] = ["page_count", "page_size"].map((name) => db.pragma(name, { simple: true }) as number);
  db.close();
  return {
    elapsedMs,
    parts,
    rows: Object.fromEntries(rows) as Record<string, number>,
    bytes: (pages ?? 0) * (size ?? 0),
    cpuMs: (user + system) / 1_000,
    memory: { before, peak: process.resourceUsage().maxRSS * 1024 },
  };
}

/** Reads one collection to its end. */
async function read(db: Database, client: Client, { path, select, top, page, write }: Collection): Promise<void> {
  let waiting: Item[] = [];
  const flush = db.transaction(() => {
    for (const item of waiting) write(item);
    waiting = [];
  });
  const request = client.api(path).select([...select]);
  if (top !== undefined) request.top(top);
  const first = (await request.get()) as { value: Item[] };
  const pages = new PageIterator(client, first, (item: Item) => {
    waiting.push(item);
    if (waiting.length >= page) flush();
    return true;
  });
  await pages.iterate();
  flush();
}

function collectionsOf(db: Database): Record<string, Collection> {
  const users = table(db, "users", [...USER_FIELDS.filter((name) => name !== "manager"), "managerId"]);
  const groups = table(
    db,
    "groups",
    GROUP_FIELDS.filter((name) => name !== "members" && name !== "owners"),
  );
  const devices = table(db, "devices", DEVICE_FIELDS);
  const managed = table(db, "managed_devices", MANAGED_FIELDS);
  const members = links(db, "members");
  const owners = links(db, "owners");
  return {
    users: {
      path: "/users/delta",
      select: USER_FIELDS,
      page: 100,
      write: (item) => users({ ...item, managerId: listOf(item, "manager@delta").at(-1)?.["id"] }),
    },
    groups: {
      path: "/groups/delta",
      select: GROUP_FIELDS,
      page: 100,
      write: (item) => {
        groups(item);
        for (const member of listOf(item, "members@delta")) members(item, member);
        for (const owner of listOf(item, "owners@delta")) owners(item, owner);
      },
    },
    devices: { path: "/devices/delta", select: DEVICE_FIELDS, page: 100, write: devices },
    managed_devices: {
      path: "/deviceManagement/managedDevices",
      select: MANAGED_FIELDS,
      top: 1000,
      page: 1000,
      write: managed,
    },
  };
}

/** A table with a column for each property; lists become JSON. */
function table(db: Database, name: string, columns: readonly string[]): (item: Item) => void {
  const others = columns.filter((column) => column !== "id");
  db.exec(`CREATE TABLE ${name} (id TEXT PRIMARY KEY, ${others.map((column) => `"${column}"`).join(", ")})`);
  const names = ["id", ...others];
  const insert = db.prepare(`INSERT OR REPLACE INTO ${name} VALUES (${names.map(() => "?").join(", ")})`);
  const remove = db.prepare(`DELETE FROM ${name} WHERE id = ?`);
  return (item) => {
    if ("@removed" in item) remove.run(bound(item["id"]));
    else insert.run(...names.map((column) => bound(item[column])));
  };
}

function links(db: Database, name: string): (group: Item, far: Item) => void {
  db.exec(`CREATE TABLE ${name} (group_id TEXT, id TEXT, type TEXT, PRIMARY KEY (group_id, id)) WITHOUT ROWID`);
  const insert = db.prepare(`INSERT OR REPLACE INTO ${name} VALUES (?, ?, ?)`);
  const remove = db.prepare(`DELETE FROM ${name} WHERE group_id = ? AND id = ?`);
  return (group, far) => {
    if ("@removed" in far) remove.run(bound(group["id"]), bound(far["id"]));
    else insert.run(bound(group["id"]), bound(far["id"]), bound(far["@odata.type"]));
  };
}

function listOf(item: Item, name: string): readonly Item[] {
  return (item[name] as readonly Item[] | undefined) ?? [];
}

function bound(value: unknown): Bound {
  if (value === undefined || value === null) return null;
  if (typeof value === "boolean") return value ? 1 : 0;
  return typeof value === "string" || typeof value === "number" ? value : JSON.stringify(value);
}

/** The client's usual chain, with a token that is there already. */
function chain(token: string): Middleware {
  const sender = new HTTPMessageHandler();
  const retry = new RetryHandler();
  retry.setNext(sender);
  return {
    async execute(context) {
      const headers = new Headers(context.options?.headers);
      headers.set("Authorization", `Bearer ${token}`);
      context.options = { ...context.options, headers };
      await retry.execute(context);
    },
  };
}

/** The client takes addresses with TLS alone: they are asked for at the front. */
function answerFrom(front: string): void {
  const reach = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    if (typeof input !== "string") throw new Error("the client asks by addresses");
    return reach(input.replace(GRAPH, `${front}/tls`), init);
  };
}
