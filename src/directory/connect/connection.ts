/** The connection of one organisation: its row in D1, what opens it, and the tokens that it gives. One per life of the object. */
import type { TenantRows, Tenant } from "../../db/tenants.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Config } from "../../lib/config.ts";
import type { Failure } from "../../lib/errors.ts";
import type { Sender } from "../../lib/http.ts";
import type { KeyRing } from "../../lib/key-ring.ts";
import type { Logger } from "../../lib/log.ts";
import type { AppTokenSource } from "../directory.ts";
import type { Sql } from "../store/sql.ts";
import { type AppTokens, createAppTokens } from "./app-tokens.ts";
import { connectedTenant, isDisconnecting, notConnected, writeConnected } from "./connected.ts";
import { type Application, applicationOf } from "./credential.ts";

/** What a connection is given. */
export interface ConnectionPorts {
  readonly org: string;
  readonly config: Config;
  readonly ring: KeyRing;
  readonly rows: TenantRows;
  readonly sender: Sender;
  readonly clock: Clock;
  readonly log: Logger;
  readonly sql: Sql;
  /** Forgets everything that the object stores, its alarm too, and what is on its way: at once, before anything else runs. */
  forget(): void;
  /** Asks for the object's alarm at that time at the latest, ms. */
  wakeBy(at: number): void;
}

/** A row, with the tokens of its application. */
export interface Held {
  readonly row: Tenant;
  readonly tokens: AppTokens;
}

/** The connection of an organisation. */
export interface Connection extends ConnectionPorts {
  /** The tokens that the copy is made with; `not_connected` where there is no tenant. */
  readonly tokens: AppTokenSource;
  /** The GUID of the connected tenant. Failure: `not_connected`. */
  tenantId(): Promise<string>;
  /** Tokens of an application in a tenant, not yet held. */
  tokensFor(application: Application, tenantId: string): AppTokens;
  /** From now on these are the connection's. */
  hold(held: Held | undefined): void;
  /** How often it was disconnected in this life: what was begun before the last time has been overtaken. */
  disconnects(): number;
  /** Finishes a disconnect that was begun; false where there is none. Fails as D1 does; then the copy is still told to nobody. */
  finishDisconnect(): Promise<boolean>;
}

/** Opens the connection. Nothing is read before it is needed. */
export function openConnection(ports: ConnectionPorts): Connection {
  const memory: Memory = { held: undefined, reading: undefined, leaving: undefined, epoch: 0, disconnects: 0 };
  const hold = (next: Held | undefined): void => {
    memory.epoch += 1;
    if (!next) memory.disconnects += 1;
    memory.held = next;
  };
  // One at a time: a late removal must not meet the row of whoever connects next.
  const finishDisconnect = async () => {
    if (!isDisconnecting(ports.sql)) return false;
    memory.leaving ??= leave(ports, hold).finally(() => (memory.leaving = undefined));
    await memory.leaving;
    return true;
  };
  return {
    ...ports,
    hold,
    finishDisconnect,
    disconnects: () => memory.disconnects,
    async tenantId() {
      if (await finishDisconnect()) throw notConnected();
      return rememberedTenant(ports, memory);
    },
    tokensFor: (application, tenantId) => tokensFor(ports, memory, { application, tenantId }),
    tokens: {
      async token() {
        const { tokens } = memory.held ?? (await readOnce(ports, memory));
        return tokens.token();
      },
      refused: (ticket) => memory.held?.tokens.refused(ticket),
    },
  };
}

/** What one life of the object knows of it. */
interface Memory {
  held: Held | undefined;
  reading: Promise<Held> | undefined;
  leaving: Promise<void> | undefined;
  /** Counts connects and disconnects: what was read before one is not to be believed after it. */
  epoch: number;
  disconnects: number;
}

async function leave(ports: ConnectionPorts, hold: Connection["hold"]): Promise<void> {
  const { rows, org } = ports;
  const row = await rows.find(org);
  if (row) await rows.remove(row);
  hold(undefined);
  ports.forget();
}

function readOnce(ports: ConnectionPorts, memory: Memory): Promise<Held> {
  return (memory.reading ??= read(ports, memory).finally(() => (memory.reading = undefined)));
}

async function read(ports: ConnectionPorts, memory: Memory): Promise<Held> {
  const { epoch } = memory;
  const row = await storedRow(ports);
  const application = await applicationOf(ports, row);
  if (epoch !== memory.epoch) throw notConnected();
  return (memory.held = { row, tokens: tokensFor(ports, memory, { application, tenantId: row.tenantId }) });
}

async function rememberedTenant(ports: ConnectionPorts, memory: Memory): Promise<string> {
  const known = connectedTenant(ports.sql);
  if (known) return known.tenantId;
  const { epoch } = memory;
  // The row is written first: an object that ended before it remembered that learns it here.
  const row = await storedRow(ports);
  if (epoch !== memory.epoch) throw notConnected();
  writeConnected(ports.sql, row);
  return row.tenantId;
}

interface Whose {
  readonly application: Application;
  readonly tenantId: string;
}

function tokensFor(ports: ConnectionPorts, memory: Memory, whose: Whose): AppTokens {
  const tokens: AppTokens = createAppTokens({
    ...ports,
    ...whose,
    ended: async (refused) => {
      const { held } = memory;
      // Before it is held it is being proved, and nothing is stored of that.
      if (held?.tokens !== tokens) return;
      const row = await noted(ports, held.row, refused);
      if (memory.held === held) memory.held = { tokens, row };
    },
  });
  return tokens;
}

async function storedRow({ rows, org, sql }: ConnectionPorts): Promise<Tenant> {
  if (isDisconnecting(sql)) throw notConnected();
  const row = await rows.find(org);
  if (!row) throw notConnected();
  return row;
}

/** The row as it stands after a request for a token: written only where that changes it. What cannot be written now is written with the next token. */
async function noted(
  { rows, clock, log }: ConnectionPorts,
  row: Tenant,
  refused: Failure | undefined,
): Promise<Tenant> {
  const seen = refused
    ? ({
        status: "refused",
        statusReason: refused.extra.reason ?? null,
        statusCode: refused.extra.provider_code ?? null,
      } as const)
    : ({ status: "active", statusReason: null, statusCode: null } as const);
  if (row.status === seen.status && row.statusCode === seen.statusCode) return row;
  try {
    const next = { ...row, ...seen, version: row.version + 1, updatedAt: clock.now() };
    if (await rows.replace(next, row.version)) return next;
    return (await rows.find(row.org)) ?? row;
  } catch (cause) {
    log.warn("status of the tenant's connection not written", { outcome: seen.status, cause });
    return row;
  }
}
