/** A system opened: its tables, keys and providers, bound once. Nothing of one system reaches the other's. */
import { type AuditRows, auditRows } from "./db/audit.ts";
import { type Connection, type ConnectionRows, connectionRows } from "./db/connections.ts";
import { type ConsentRows, consentRows } from "./db/consents.ts";
import { type CounterRows, counterRows } from "./db/counters.ts";
import { openDatabase } from "./db/database.ts";
import { erasure, type Erasure } from "./db/erasure.ts";
import { type EventRows, eventRows } from "./db/events.ts";
import { type MailAccountRows, mailAccountRows } from "./db/mail-accounts.ts";
import { type Retention, retention } from "./db/retention.ts";
import { jobState, type JobState } from "./db/job-state.ts";
import { type Schedule, schedule } from "./db/schedule.ts";
import { tablesFor } from "./db/schema.ts";
import { upkeep, type Upkeep } from "./db/upkeep.ts";
import { systemClock } from "./lib/clock.ts";
import { type Config, parseConfig } from "./lib/config.ts";
import { failure } from "./lib/errors.ts";
import { createStreamSender, type StreamSender } from "./lib/http-stream.ts";
import { createSender, type Sender } from "./lib/http.ts";
import { Owner, type ProviderId, type SystemName, SYSTEMS } from "./lib/ids.ts";
import { createKeyRing, type KeyRing } from "./lib/key-ring.ts";
import { createLogger, type Logger } from "./lib/log.ts";
import { findProvider, wrongVariable } from "./providers/index.ts";
import type { Provider } from "./providers/provider.ts";

/** What both systems share. */
export interface House {
  readonly env: Env;
  readonly config: Config;
  readonly ring: KeyRing;
  readonly sender: Sender;
  readonly streams: StreamSender;
  readonly log: Logger;
}

/** One user population, opened. */
export interface System extends House {
  readonly name: SystemName;
  /** Where this system's surfaces of section "Microsoft sign-in and calendar" are mounted. */
  readonly basePath: string;
  readonly mainBasePath: string;
  readonly rows: ConnectionRows;
  readonly events: EventRows;
  readonly schedule: Schedule;
  readonly audit: AuditRows;
  readonly consents: ConsentRows;
  readonly counters: CounterRows;
  readonly retention: Retention;
  readonly erasure: Erasure;
  readonly jobState: JobState;
  readonly upkeep: Upkeep;
  readonly mailAccounts: MailAccountRows;
  /** True where another live connection, anybody's in either system, is of the same account at one of these providers. */
  isShared(row: Connection, providers: readonly ProviderId[]): Promise<boolean>;
  /** The provider as configured. Fails as `provider_misconfigured` where it is not. */
  provider(id: ProviderId): Provider;
  /** The one keeper of that owner's connections. */
  keeper(owner: Owner): ReturnType<Env["USER_KEEPER"]["get"]>;
}

/** Where each system's surfaces are mounted. */
export const BASE_PATHS = { main: "/api/v1", beta: "/api/v1/beta" } as const satisfies Record<SystemName, string>;

/** Reads the environment and builds what both systems share. */
export function openHouse(env: Env): House {
  // The bindings' generated type has no index signature; the parser looks at strings alone.
  const config = parseConfig(env as unknown as Record<string, unknown>);
  const log = createLogger(config.logLevel);
  const ring = createKeyRing(config.ringKeys, config.derivationSecret);
  const ports = { fetch: (request: Request) => fetch(request), clock: systemClock, log };
  return { env, config, ring, sender: createSender(ports), streams: createStreamSender(ports), log };
}

/** Opens one system in a house. */
export function openSystem(house: House, name: SystemName): System {
  const tables = tablesFor(name);
  const db = openDatabase(house.env.DB);
  // Every use of a token asks for its provider; the configuration never changes.
  const known = new Map<ProviderId, Provider>();
  return {
    ...house,
    name,
    basePath: BASE_PATHS[name],
    mainBasePath: BASE_PATHS.main,
    rows: connectionRows(db, tables),
    events: eventRows(db, tables),
    schedule: schedule(db, tables),
    audit: auditRows(db, tables),
    consents: consentRows(db, tables),
    counters: counterRows(db, tables),
    retention: retention(db, tables),
    erasure: erasure(db, tables),
    jobState: jobState(db, tables),
    upkeep: upkeep(db, tables),
    mailAccounts: mailAccountRows(db, tables),
    async isShared(row, providers) {
      const found = await Promise.all(
        SYSTEMS.map((system) => connectionRows(db, tablesFor(system)).hasOther(row, providers)),
      );
      return found.includes(true);
    },
    provider(id) {
      const provider = known.get(id) ?? configuredProvider(house.config, id);
      known.set(id, provider);
      return provider;
    },
    keeper: (owner) => house.env.USER_KEEPER.get(house.env.USER_KEEPER.idFromName(keeperName(name, owner))),
  };
}

function configuredProvider(config: Config, id: ProviderId): Provider {
  const wrong = wrongVariable(config, id);
  const provider = wrong === undefined ? findProvider(config, id) : undefined;
  if (provider) return provider;
  throw failure("provider_misconfigured", "This provider is not set up here. The health route says what is missing.", {
    reason: `config: ${wrong ?? id}`,
    extra: wrong === undefined ? {} : { variable: wrong },
  });
}

/** A keeper's name: system and owner, which its object reads back from its own id. */
export function keeperName(system: SystemName, owner: Owner): string {
  return `${system}:${owner}`;
}

/** `main:ana` → its parts. The name is the only thing that says whose keeper this is. */
export function readKeeperName(text: string): { readonly name: SystemName; readonly owner: Owner } {
  const name = SYSTEMS.find((system) => text.startsWith(`${system}:`));
  if (!name) throw new Error("a keeper's name begins with its system");
  return { name, owner: Owner.parse(text.slice(name.length + 1)) };
}
