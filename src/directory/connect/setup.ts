/** Connects a tenant: proves the application, and only then stores it. */
import type { Tenant } from "../../db/tenants.ts";
import { rfc3339 } from "../../lib/clock.ts";
import { failure } from "../../lib/errors.ts";
import { randomText } from "../../lib/ids.ts";
import type { AppTokens } from "./app-tokens.ts";
import { blamed } from "./blame.ts";
import { type Capabilities, shownCapabilities, writeCapabilities } from "./capabilities.ts";
import { isDisconnecting, writeConnected } from "./connected.ts";
import type { Connection } from "./connection.ts";
import { currentRow } from "./current-row.ts";
import { type Application, environmentApplication, sealCredential } from "./credential.ts";
import { consentUrlOf } from "./endpoints.ts";
import { credentialEndOf, noteExpiryAsked } from "./expiry.ts";
import type { Applicant } from "./input.ts";
import { type Proof, prove } from "./prove.ts";
import { resolveTenant } from "./resolve-tenant.ts";

/** Who connects what. */
export interface SetupInput {
  readonly applicant: Applicant;
  /** The caller's subject. */
  readonly actor: string;
}

/** What has been connected. Times RFC 3339. */
export interface SetupAnswer {
  /** False where the same tenant's credential was replaced. */
  readonly created: boolean;
  readonly tenant: { readonly id: string; readonly name: string | null; readonly domains: readonly string[] };
  readonly credential: {
    readonly kind: Tenant["credentialKind"];
    readonly client_id: string;
    readonly expires_at: string | null;
  };
  readonly capabilities: ReturnType<typeof shownCapabilities>;
  readonly admin_consent_url?: string;
}

/** The schedule begins the first full run ten to fifteen minutes after the set-up: whoever connects a tenant mostly asks for one. */
const FIRST_DUE_AFTER_MS = 10 * 60_000;

/**
 * Connects a tenant. The same one again: its credential is replaced and the copy stays. Failures: `validation_failed` and
 * `provider_misconfigured` by {@link blamed}, `forbidden`, `conflict` where another tenant is connected, those of {@link prove}.
 */
export async function setUp(connection: Connection, { applicant, actor }: SetupInput): Promise<SetupAnswer> {
  try {
    const application = applicationFor(connection, applicant);
    const tenantId = await resolveTenant(connection, application.tenant);
    const before = await currentRow(connection);
    // Before a secret is shown to a tenant that could not be connected anyway.
    if (before && before.tenantId !== tenantId) throw anotherTenant(before);
    const tokens = connection.tokensFor(application, tenantId);
    const proof = await prove(connection, { application, tenantId, tokens, now: connection.clock.now() });
    const kind =
      applicant.source === "environment" ? "environment" : application.certificate ? "certificate" : "secret";
    return await store(connection, { application, kind, tenantId, proof, actor, tokens, before });
  } catch (error) {
    throw blamed(error, applicant);
  }
}

function applicationFor({ config, org }: Connection, applicant: Applicant): Application & { readonly tenant: string } {
  if (applicant.source === "environment") return environmentApplication(config, org);
  const { clientId, secret, certificate, tenant } = applicant;
  return { clientId, secrets: secret === undefined ? [] : [secret], certificate, tenant };
}

interface Proved {
  readonly application: Application;
  readonly kind: Tenant["credentialKind"];
  readonly tenantId: string;
  readonly proof: Proof;
  readonly actor: string;
  readonly tokens: AppTokens;
  readonly before: Tenant | undefined;
}

async function store(connection: Connection, proved: Proved): Promise<SetupAnswer> {
  const { rows, sql } = connection;
  const disconnects = connection.disconnects();
  const row = await rowFor(connection, proved);
  // Of several at once one alone writes: the others touch nothing, least of all the copy.
  const stored = proved.before ? await replaced(connection, row) : await rows.insert(row);
  if (!stored || connection.disconnects() !== disconnects || isDisconnecting(sql))
    throw failure("conflict", "The connection was changed meanwhile. Look at its status, and try again.");
  writeConnected(sql, row);
  writeCapabilities(sql, proved.proof.capabilities);
  noteExpiryAsked(sql, connection.clock.now());
  connection.hold({ row, tokens: proved.tokens });
  connection.log.info("tenant connected", { tenant: row.tenantId, kind: row.credentialKind, by: proved.actor });
  return answerOf(connection, { row, created: proved.before === undefined, capabilities: proved.proof.capabilities });
}

/** Writes over the row as it stands now: a token that came meanwhile may have changed its status. */
async function replaced({ rows }: Connection, row: Tenant): Promise<boolean> {
  if (await rows.replace(row, row.version - 1)) return true;
  const current = await rows.find(row.org);
  if (current?.id !== row.id) return false;
  return rows.replace({ ...row, version: current.version + 1 }, current.version);
}

async function rowFor({ org, ring, config, clock }: Connection, proved: Proved): Promise<Tenant> {
  const { application, kind, tenantId, proof, before, actor } = proved;
  const now = clock.now();
  const id = before?.id ?? `ten_${randomText(24)}`;
  const environment = kind === "environment";
  const sealed = environment
    ? { credential: null, sealedWith: null }
    : await sealCredential(ring, { id, org }, application);
  return {
    id,
    org,
    tenantId,
    tenantName: proof.profile.name,
    domains: proof.profile.domains,
    clientId: application.clientId,
    credentialKind: kind,
    ...sealed,
    secretExpiresAt: credentialEndOf(config, kind, proof.endsAt) ?? null,
    status: "active",
    statusReason: null,
    statusCode: null,
    connectedBy: actor,
    createdAt: before?.createdAt ?? now,
    updatedAt: now,
    version: (before?.version ?? 0) + 1,
    dueAt: now + FIRST_DUE_AFTER_MS,
  };
}

interface Answering {
  readonly row: Tenant;
  readonly created: boolean;
  readonly capabilities: Capabilities;
}

function answerOf({ config }: Connection, { row, created, capabilities }: Answering): SetupAnswer {
  const missing = Object.values(capabilities).some((one) => one?.status === "permission_missing");
  const consentUrl = consentUrlOf(config, row);
  return {
    created,
    tenant: { id: row.tenantId, name: row.tenantName, domains: row.domains },
    credential: {
      kind: row.credentialKind,
      client_id: row.clientId,
      expires_at: row.secretExpiresAt === null ? null : rfc3339(row.secretExpiresAt),
    },
    capabilities: shownCapabilities(capabilities, consentUrl),
    ...(missing ? { admin_consent_url: consentUrl } : {}),
  };
}

function anotherTenant({ tenantName, tenantId }: Tenant): Error {
  return failure(
    "conflict",
    `The tenant ${tenantName ?? tenantId} is connected. Disconnect it first: its copy goes with it.`,
  );
}
