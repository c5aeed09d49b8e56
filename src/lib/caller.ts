/**
 * Who is calling: a JWT in `Authorization: Bearer` (RFC 6750, RFC 7519), checked by jose. The algorithms are pinned to
 * what is configured (RFC 8725 section 3.1), so that a public key can never be used as an HMAC secret.
 */
import {
  createRemoteJWKSet,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwtVerify,
} from "jose";
import * as z from "zod";
import type { Config } from "./config.ts";
import { failure } from "./errors.ts";
import { Owner, SYSTEM_OWNER, type SystemName } from "./ids.ts";
import type { Role } from "./roles.ts";

/** Permissions that a token can carry in its space-separated `scope`. */
export const PERMISSIONS = ["tokens:read", "proxy"] as const;

/** One of {@link PERMISSIONS}. */
export type Permission = (typeof PERMISSIONS)[number];

/** What each kind of route asks of its caller. Read this table to know who may do what. */
export const ACCESS = {
  own_connections: { roles: ["user", "tenant_admin", "operator", "service"], permissions: [] },
  token_release: { roles: ["user", "tenant_admin", "operator", "service"], permissions: ["tokens:read"] },
  proxy: { roles: ["user", "tenant_admin", "operator", "service"], permissions: ["proxy"] },
  token_health: { roles: ["operator"], permissions: [] },
  tenant_directory: { roles: ["tenant_admin"], permissions: [] },
} as const satisfies Record<string, { roles: readonly Role[]; permissions: readonly Permission[] }>;

/** A key of {@link ACCESS}. */
export type Access = keyof typeof ACCESS;

/** A caller whose token was checked. */
export interface Caller {
  readonly subject: string;
  /** Whose grants this caller means, per system. */
  readonly owners: Readonly<Record<SystemName, Owner>>;
  /** The organisation that the caller belongs to; undefined where the token names none. */
  readonly org: string | undefined;
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
}

/** Checks tokens. */
export interface CallerVerifier {
  /** The caller of an `Authorization` header. Failures: `unauthenticated`, `internal` where no key is configured. */
  verify(authorization: string | undefined): Promise<Caller>;
}

const CLOCK_SKEW_S = 60;
const ASYMMETRIC = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];
const JWKS_TIMEOUT_MS = 5_000;

const MAX_ORG = 200;

const Claims = z.object({
  sub: z
    .string()
    .min(1)
    .max(200)
    .refine((sub) => sub !== SYSTEM_OWNER),
  teacher_id: z.union([z.string().min(1).max(200), z.number().int().transform(String)]).optional(),
  // Issuers put many things under this name: what cannot be ours is no organisation, and the token still is good for the rest.
  org: z
    .union([
      z
        .string()
        .min(1)
        .max(MAX_ORG)
        .refine((org) => org.isWellFormed()),
      z.number().int().transform(String),
    ])
    .optional()
    .catch(undefined),
  roles: z.array(z.string()).optional(),
  scope: z.string().optional(),
});

/** Builds the verifier for what is configured. */
export function createCallerVerifier(config: Config): CallerVerifier {
  const check = checkerFor(config);
  return {
    async verify(authorization) {
      const token = bearer(authorization);
      const payload = await check(token);
      const claims = Claims.safeParse(payload);
      if (!claims.success)
        throw unauthenticated(
          `The token's claim ${claims.error.issues[0]?.path.join(".") ?? ""} is missing or not valid.`,
        );
      return callerOf(claims.data);
    },
  };
}

/** Throws `forbidden` unless the caller has one of the roles and all permissions that `access` asks for. */
export function requireAccess(caller: Caller, access: Access): void {
  const { roles, permissions }: { roles: readonly string[]; permissions: readonly string[] } = ACCESS[access];
  if (!caller.roles.some((role) => roles.includes(role))) {
    const missing = roles.join(" or ");
    throw failure("forbidden", `This needs the role ${missing}.`, { extra: { missing_role: missing } });
  }
  const missing = permissions.find((permission) => !caller.permissions.includes(permission));
  if (missing)
    throw failure("forbidden", `This needs the permission ${missing}.`, { extra: { missing_permission: missing } });
}

function callerOf(claims: z.infer<typeof Claims>): Caller {
  return {
    subject: claims.sub,
    owners: {
      main: Owner.parse(claims.sub),
      // Two populations may number their people alike: a subject must never reach a teacher's grants by its number.
      beta: Owner.parse(claims.teacher_id === undefined ? `sub:${claims.sub}` : `teacher:${claims.teacher_id}`),
    },
    org: claims.org,
    roles: claims.roles ?? ["user"],
    permissions: claims.scope?.split(" ").filter((part) => part !== "") ?? [],
  };
}

function bearer(authorization: string | undefined): string {
  const token = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization ?? "")?.[1];
  if (token) return token;
  throw unauthenticated(
    authorization === undefined
      ? "Send a caller token: Authorization: Bearer <JWT>."
      : "The Authorization header is not a bearer JWT.",
  );
}

type Check = (token: string) => Promise<JWTPayload>;

function checkerFor(config: Config): Check {
  const { callerKeys, jwt } = config;
  const options = {
    requiredClaims: ["exp"],
    clockTolerance: CLOCK_SKEW_S,
    ...(jwt.issuer === undefined ? {} : { issuer: jwt.issuer }),
    ...(jwt.audience === undefined ? {} : { audience: jwt.audience }),
  } satisfies JWTVerifyOptions;
  if (!callerKeys) {
    return async () => {
      throw failure("internal", "Caller tokens cannot be checked.", { reason: "config: no key for caller tokens" });
    };
  }
  if (callerKeys.kind === "jwks") {
    const keys = createRemoteJWKSet(new URL(callerKeys.url), { timeoutDuration: JWKS_TIMEOUT_MS });
    return (token) => verified(token, keys, { ...options, algorithms: ASYMMETRIC });
  }
  const key = importOnce(callerKeys.secret);
  return async (token) => verified(token, await key(), { ...options, algorithms: ["HS256"] });
}

/** Importing the secret at each request would cost more than checking the signature. */
function importOnce(secret: Uint8Array): () => Promise<CryptoKey> {
  let key: Promise<CryptoKey> | undefined;
  return () => (key ??= crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]));
}

async function verified(
  token: string,
  key: CryptoKey | JWTVerifyGetKey,
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  try {
    const { payload } =
      typeof key === "function" ? await jwtVerify(token, key, options) : await jwtVerify(token, key, options);
    return payload;
  } catch (error) {
    if (!(error instanceof errors.JOSEError) || OUR_TROUBLE.has(error.code)) {
      throw failure("internal", "Caller tokens cannot be checked now.", {
        reason: "the JWKS could not be read",
        retryAfterS: 5,
        cause: error,
      });
    }
    throw unauthenticated(REFUSALS[error.code] ?? "The token is not valid.", error);
  }
}

/** The key set could not be read: nothing is known of the token. */
const OUR_TROUBLE = new Set(["ERR_JOSE_GENERIC", "ERR_JWKS_TIMEOUT", "ERR_JWKS_INVALID"]);

const REFUSALS: Readonly<Record<string, string>> = {
  ERR_JWT_EXPIRED: "The token has expired.",
  ERR_JWT_CLAIM_VALIDATION_FAILED: "A claim of the token is missing or not the expected one (exp, nbf, iss, aud).",
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: "The token's signature is not valid.",
  ERR_JOSE_ALG_NOT_ALLOWED: "The token is signed with an algorithm that is not accepted here.",
};

function unauthenticated(detail: string, cause?: unknown): Error {
  return failure("unauthenticated", detail, { cause });
}
