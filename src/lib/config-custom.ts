/** `CUSTOM_PROVIDERS`: the operator's own OAuth or OpenID providers, as JSON. No I/O. */
import * as z from "zod";
import { clientSecrets, moment, text } from "./config-values.ts";
import { FEATURES, isFeature } from "./features.ts";
import { PROVIDER_ID } from "./ids.ts";
import { parseJson } from "./json.ts";
import { pemKey } from "./pem.ts";
import { isPublicUrl } from "./public-address.ts";

const url = z
  .url({ protocol: /^https?$/, error: "expected an absolute http(s) URL" })
  .refine((value) => !/^https?:\/\/[^/?#]*@|#/i.test(value), "expected a URL without a user name or a fragment");

/** What a sign-in stands on: none of it is the operator's to set. */
const RESERVED = [
  "client_id",
  "response_type",
  "redirect_uri",
  "state",
  "nonce",
  "scope",
  "code_challenge",
  "code_challenge_method",
];
const parameters = z
  .record(z.string(), z.string())
  .refine((given) => !RESERVED.some((name) => Object.hasOwn(given, name)), `${RESERVED.join(", ")} are set by Latchkey`)
  .default({});
const days = z.number().positive().max(36_500).optional();

const scope = z
  .union(
    [
      z.string().min(1),
      z.strictObject({
        scope: z.string().min(1),
        name: z.string().min(1).optional(),
        sensitivity: z.enum(["basic", "sensitive", "restricted", "admin"]).default("sensitive"),
        /** False where it is asked for only when an application wishes it. */
        default: z.boolean().default(true),
      }),
    ],
    "expected a scope, or {scope, name, sensitivity, default}; sensitivity is basic, sensitive, restricted or admin",
  )
  .transform((given) =>
    typeof given === "string"
      ? { scope: given, name: given, sensitivity: "sensitive" as const, default: true }
      : { ...given, name: given.name ?? given.scope },
  )
  .refine((entry) => !/\s/.test(entry.scope), "expected one scope per entry");

const accountFields = z
  .strictObject({
    account: z.string().default("sub"),
    name: z.string().default("name"),
    address: z.string().default("email"),
    picture: z.string().default("picture"),
  })
  .prefault({});

const described = z.strictObject({
  id: z.string().regex(PROVIDER_ID, "expected 2 to 32 of a-z, 0-9 and -, beginning with a letter"),
  name: z.string().min(1),
  issuer: url.optional(),
  /** False where the issuer publishes no metadata, or it is not to be used. */
  discover: z.boolean().default(true),
  authorization_endpoint: url.optional(),
  token_endpoint: url.optional(),
  revocation_endpoint: url.optional(),
  userinfo_endpoint: url.optional(),
  jwks_uri: url.optional(),
  client_id: z.string().min(1),
  client_secret: z
    .union([clientSecrets, z.array(z.string().min(1)).min(1)], "expected a secret, or a list of them")
    .default([]),
  client_secret_expires_at: moment.optional(),
  client_authentication: z.enum(["post", "basic", "none", "private_key_jwt"]).optional(),
  private_key: z
    .strictObject({ pem: pemKey, alg: z.enum(["RS256", "PS256", "ES256", "EdDSA"]), kid: z.string().optional() })
    .optional(),
  pkce: z.boolean().default(true),
  scopes: z.array(scope).default([]),
  features: z.record(z.string(), z.array(z.string())).default({}),
  authorize_parameters: parameters,
  authorize_parameters_without_refresh_token: parameters,
  api_base_url: url.transform((value) => value.replace(/\/+$/, "")).optional(),
  account_fields: accountFields,
  refresh_token_idle_days: days,
  refresh_token_lifetime_days: days,
  requests_per_minute: z.number().int().min(1).max(10_000).default(300),
});

const customProvider = described.superRefine((own, context) => {
  for (const [at, message] of troublesOf(own)) context.addIssue({ code: "custom", path: [...at], message });
});

type Described = z.infer<typeof described>;
type Trouble = readonly [at: readonly string[], message: string];

/** What does not go together. */
function troublesOf(own: Described): Trouble[] {
  const { issuer, discover, jwks_uri: keys, scopes, client_authentication: method, client_secret: secrets } = own;
  const discovered = issuer !== undefined && discover;
  const endpoints = own.authorization_endpoint !== undefined && own.token_endpoint !== undefined;
  const listed = new Set(scopes.map((entry) => entry.scope));
  const troubles: (Trouble | false)[] = [
    !discovered && !endpoints && [[], "needs an issuer, or an authorization_endpoint and a token_endpoint"],
    // Without them no id_token could be believed, and the code would be spent for nothing.
    listed.has("openid") &&
      !discovered &&
      (issuer === undefined || keys === undefined) && [
        ["scopes"],
        "openid needs an issuer to discover, or an issuer and a jwks_uri",
      ],
    method === "private_key_jwt" && !own.private_key && [["private_key"], "private_key_jwt needs a private_key"],
    (method === "post" || method === "basic") &&
      secrets.length === 0 && [["client_secret"], `client_authentication ${method} needs a client_secret`],
    ...Object.entries(own.features).flatMap(([name, any]): Trouble[] => featureTroubles(name, any, listed)),
  ];
  return troubles.filter((trouble) => trouble !== false);
}

function featureTroubles(name: string, any: readonly string[], listed: ReadonlySet<string>): Trouble[] {
  const at = ["features", name];
  if (!isFeature(name)) return [[at, `expected one of ${Object.keys(FEATURES).join(", ")}`]];
  // A scope that no catalogue knows is refused to everybody but operators.
  return any.every((one) => listed.has(one)) ? [] : [[at, "expected scopes that are listed in scopes"]];
}

/** One custom provider, its defaults filled in. */
export type CustomProvider = z.infer<typeof customProvider>;

/** Where requests of this Worker may be sent. */
const ADDRESSES = [
  "issuer",
  "authorization_endpoint",
  "token_endpoint",
  "revocation_endpoint",
  "userinfo_endpoint",
  "jwks_uri",
  "api_base_url",
] as const satisfies readonly (keyof CustomProvider)[];

/** What is wrong with where the providers are, for this environment; undefined where nothing is. */
export function misplacedProvider(
  all: readonly CustomProvider[],
  environment: "development" | "production",
): string | undefined {
  if (environment === "development") return undefined;
  for (const own of all) {
    const inside = ADDRESSES.find((name) => own[name] !== undefined && !mayAsk(own[name]));
    if (inside !== undefined)
      return `${own.id}.${inside}: expected a public https address; others are for ENVIRONMENT=development alone`;
  }
  return undefined;
}

function mayAsk(address: string): boolean {
  return address.startsWith("https:") && isPublicUrl(address);
}

/** Names that are taken. */
const TAKEN = new Set(["microsoft", "outlook", "google", "youtube", "notion"]);

const all = z.array(customProvider).superRefine((list, context) => {
  const ids = list.map((own) => own.id);
  if (new Set(ids).size !== ids.length) context.addIssue("every id must be there once");
  const taken = ids.find((id) => TAKEN.has(id));
  if (taken !== undefined) context.addIssue(`the id ${taken} is taken`);
});

/** The operator's own OAuth or OpenID providers. */
export const customProviders = text.transform((value, context) => {
  const given = parseJson(value);
  const parsed = all.safeParse(given);
  if (parsed.success) return parsed.data;
  const first = given === undefined ? { path: [], message: "this is not JSON" } : parsed.error.issues[0];
  const place = first?.path.length ? `${first.path.join(".")}: ` : "";
  context.addIssue(`expected a JSON list of providers: ${place}${first?.message ?? ""}`);
  return z.NEVER;
});
