/** What a provider is: data. Every quirk is a field; no provider has code of its own in the core. */
import type { Mender } from "../lib/errors.ts";
import type { ProviderId } from "../lib/ids.ts";

/** A provider as configured here, its URLs resolved. */
export interface Provider {
  readonly id: ProviderId;
  readonly name: string;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  /** OpenID Connect discovery document: the source of issuer and signing keys. */
  readonly discoveryUrl: string;
  readonly client: { readonly id: string; readonly secrets: readonly string[] };
  /** Where the provider sends the browser back, when it is not this Worker's own callback. */
  readonly redirectUri: string | undefined;
  /** What a connection asks for unless told otherwise, each scope in its full form. */
  readonly scopes: readonly string[];
  /** OpenID scopes, which belong to no resource and go with every request. */
  readonly openidScopes: readonly string[];
  /** APIs that an access token can be for. A token is good for one of them alone. */
  readonly resources: Readonly<Record<string, Resource>>;
  /** The resource that the code is redeemed for. */
  readonly firstResource: string;
  /** Parameters of the authorization request that a caller may set. */
  readonly passThrough: readonly AuthorizeHint[];
  /** A refresh token dies when unused for this long, ms; undefined where it does not. */
  readonly refreshTokenIdleMs: number | undefined;
  /** Where an administrator consents for a whole organisation. */
  readonly adminConsentUrl: string | undefined;
  /** The account that an id_token's claims speak of; undefined where they do not say. */
  identify(claims: Readonly<Record<string, unknown>>): Identity | undefined;
  /** The issuer that these claims must come from, out of the discovery document's `issuer`; undefined: not acceptable. */
  expectedIssuer(discovered: string, claims: Readonly<Record<string, unknown>>): string | undefined;
  /** Reads a refusal of the authorization or token endpoint. */
  classify(refusal: OAuthRefusal): Verdict;
}

/** An API of a provider. */
export interface Resource {
  /** Scopes of this resource begin with it. */
  readonly scopePrefix: string;
  readonly baseUrl: string;
}

/** What a caller may hand through to the sign-in page. */
export type AuthorizeHint = "login_hint" | "prompt" | "domain_hint" | "claims";

/** Whose account it is: a stable key, and what to show to people. */
export interface Identity {
  readonly account: string;
  readonly name: string | null;
  readonly address: string | null;
  readonly tenant: string | null;
}

/** A refusal as the provider wrote it (RFC 6749 sections 4.1.2.1 and 5.2), with Entra's additions. */
export interface OAuthRefusal {
  readonly error: string;
  readonly description: string;
  readonly suberror?: string;
  readonly codes?: readonly number[];
  readonly claims?: string;
  /** The provider's own id of the request, for its support. */
  readonly requestId?: string;
  /** HTTP status of the token endpoint; absent for a refusal that came in a redirect. */
  readonly status?: number;
}

/** What a refusal means. The stage (connecting or refreshing) decides which failure it becomes. */
export interface Verdict {
  readonly kind: VerdictKind;
  /** A word for machines and logs, ours: `grant_revoked`. */
  readonly reason: string;
  readonly mend: Mender;
  /** The provider's own code, when it gave one: `AADSTS50173`. */
  readonly providerCode?: string;
  /** True where the refresh token will never work again and need not be kept. */
  readonly dead?: boolean;
  /** Seconds to leave the provider alone. */
  readonly retryAfterS?: number;
}

/** The kinds of {@link Verdict}. */
export type VerdictKind =
  /** Passes by itself. */
  | "transient"
  | "throttled"
  /** The user, the tenant or its policy said no. */
  | "refused"
  /** This sign-in cannot go on; a new one can. */
  | "restart"
  | "admin_consent"
  /** The app registration or our request is wrong: the operator's to mend. */
  | "misconfigured"
  /** The client secret was refused: another may still work. */
  | "secret_refused"
  /** Nothing here knows it. */
  | "unknown";
