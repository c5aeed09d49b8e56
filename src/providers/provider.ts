/** What a provider is: data. Every quirk is a field; no provider has code of its own in the core. */
import type { Mender } from "../lib/errors.ts";
import type { Feature } from "../lib/features.ts";
import type { ProviderId } from "../lib/ids.ts";
import type { Limit } from "../lib/rate-limit.ts";
import type { Quota } from "./quota.ts";
import type { OAuthRefusal, Verdict } from "./verdict.ts";

/** A provider as configured here, its URLs resolved. */
export interface Provider {
  readonly id: ProviderId;
  readonly name: string;
  /** Endpoints that are known without asking. They win over what is discovered. */
  readonly endpoints: Partial<Endpoints>;
  /** Where the other endpoints, the issuer and its keys are read; undefined where nothing is to be discovered. */
  readonly discovery: Discovery | undefined;
  readonly client: Client;
  /** Where the provider sends the browser back, when it is not this Worker's own callback. */
  readonly redirectUri: string | undefined;
  readonly authorization: AuthorizationQuirks;
  readonly tokenRequest: TokenRequestQuirks;
  /** Every scope that we know of, least powerful first. */
  readonly catalogue: readonly ScopeEntry[];
  /** Feature → scopes any of which unlocks it, the least powerful first; none: it comes with every grant. */
  readonly features: Readonly<Partial<Record<Feature, readonly string[]>>>;
  /** Other providers of the same client, whose scopes a token of this one may carry as well. */
  readonly siblings: readonly Product[];
  /** What a connection asks for unless told otherwise, each scope in its full form. */
  readonly scopes: readonly string[];
  /** OpenID scopes, which belong to no resource and go with every request. */
  readonly openidScopes: readonly string[];
  /** Other spellings that an answer may use for a scope, in small letters. */
  readonly scopeAliases: Readonly<Record<string, string>>;
  /** APIs that an access token can be for. A token is good for one of them alone. */
  readonly resources: Readonly<Record<string, Resource>>;
  /** The resource that the code is redeemed for. */
  readonly firstResource: string;
  /** Parameters of the authorization request that a caller may set. */
  readonly passThrough: readonly AuthorizeHint[];
  /** The prompts that its page knows; on another it shows an error of its own, and the user is lost. */
  readonly prompts: readonly string[];
  readonly refreshTokens: RefreshTokens;
  /** How far a revocation (RFC 7009) reaches: one token and its descendants, or all that the user ever gave this client. */
  readonly revocation: Revocation | undefined;
  /** Where it says whose account it is. */
  readonly identity: IdentitySource;
  /** A cheap request that shows whose account a token is good for. */
  readonly account: AccountSource | undefined;
  /** How often one user's calls may go through the proxy. */
  readonly proxyLimit: Limit;
  /** What the provider itself allows, for people: it changes without notice, and nothing here counts on it. */
  readonly quotas: readonly Quota[];
  /** Links in JSON answers that lead back to the API, and so must lead through the proxy. */
  readonly links: readonly string[];
  /** Where an administrator consents for a whole organisation. */
  readonly adminConsentUrl: string | undefined;
  /** Reads a refusal of the authorization or token endpoint. */
  classify(refusal: OAuthRefusal): Verdict;
}

/** What may be asked for at a provider, and what for. */
export type Product = Pick<Provider, "id" | "catalogue" | "features">;

/** Where a provider is talked to (RFC 8414 section 2). */
export interface Endpoints {
  readonly authorization: string;
  readonly token: string;
  readonly revocation: string | undefined;
  readonly userinfo: string | undefined;
  /** As discovered: Entra's is a template. */
  readonly issuer: string | undefined;
  readonly keys: string | undefined;
  /** Client authentication that the token endpoint takes, by its registered names. */
  readonly clientAuthentication: readonly string[] | undefined;
  /** True where every answer of the authorization endpoint names its issuer (RFC 9207). */
  readonly namesIssuer: boolean;
}

/** How metadata is found. The first address that answers is taken. */
export interface Discovery {
  readonly urls: readonly string[];
  /** What the document must name as issuer, to the letter (RFC 8414 section 3.3); undefined where it is not known beforehand. */
  readonly issuer: string | undefined;
  /** True where private addresses and plain http may be asked, as in development. */
  readonly anywhere: boolean;
}

/** How this installation proves itself. Several credentials: the first that is not refused serves. */
export interface Client {
  readonly id: string;
  readonly credentials: readonly Credential[];
  /** When a credential will be refused by its age, ms; undefined where nobody told us. */
  readonly expiresAt: number | undefined;
}

/** Client authentication (RFC 6749 section 2.3, RFC 7523 section 2.2). `discovered`: as the metadata says. */
export type Credential =
  | { readonly method: "post" | "basic" | "discovered"; readonly secret: string }
  | { readonly method: "none" }
  | {
      readonly method: "private_key_jwt";
      /** PKCS#8 in PEM. */
      readonly key: string;
      readonly alg: string;
      readonly kid: string | undefined;
      /** The certificate that the key belongs to, DER in base64: its SHA-256 names the key (`x5t#S256`). */
      readonly certificate: string | undefined;
    };

/** What an authorization request carries beyond RFC 6749. */
export interface AuthorizationQuirks {
  readonly parameters: Readonly<Record<string, string>>;
  /** Added while no refresh token of the account is held. */
  readonly withoutRefreshToken: Readonly<Record<string, string>>;
  readonly pkce: boolean;
  /** False where access is chosen on the provider's page and `scope` is not known. */
  readonly scope: boolean;
}

/** How the token endpoint wants to be asked. */
export interface TokenRequestQuirks {
  readonly body: "form" | "json";
  /** True where a token is for one resource, and the scope says for which. */
  readonly scope: boolean;
  /** Carries an id of ours, for the provider's support. */
  readonly requestIdHeader: string | undefined;
}

/** What becomes of refresh tokens. */
export interface RefreshTokens {
  /** keeps: the old one goes on. renews: a new one comes, the old one lives on. rotates: the old one dies at once. */
  readonly rotation: "keeps" | "renews" | "rotates";
  /** One that is unused for this long dies, ms; undefined where it does not, or nobody knows. */
  readonly idleMs: number | undefined;
  /** It is shown when it was idle for this long, ms. */
  readonly keepAliveMs: number | undefined;
  /** It dies this long after the sign-in, whatever is done, ms; undefined where it does not. */
  readonly lifetimeMs: number | undefined;
  /** Why it has that lifetime, and who can mend that. */
  readonly lifetimeReason: { readonly reason: string; readonly mend: Mender };
}

/** How a token is revoked. */
export interface Revocation {
  readonly reach: "token" | "account";
  /** Other providers that share the client, and so the reach. */
  readonly shares: readonly ProviderId[];
}

/** An API of a provider. */
export interface Resource {
  /** Scopes of this resource begin with it; empty where there is but one resource. */
  readonly scopePrefix: string;
  readonly baseUrl: string;
  /** Further origins of the same API, by their host names. */
  readonly hosts?: Readonly<Record<string, string>>;
  /** Sent with each call unless the caller sends its own. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A scope as people read it. */
export interface ScopeEntry {
  readonly scope: string;
  readonly name: string;
  /** basic: who the person is. sensitive: their data. restricted: all of it, or in their name. admin: other people's. */
  readonly sensitivity: "basic" | "sensitive" | "restricted" | "admin";
}

/** What a caller may hand through to the sign-in page. */
export type AuthorizeHint = "login_hint" | "prompt" | "domain_hint" | "claims";

/** Where the identity of a new connection comes from. */
export type IdentitySource =
  /** A validated id_token (OpenID Connect Core section 3.1.3.7). */
  | {
      readonly kind: "id_token";
      /** The issuer that these claims must come from, out of the discovered one; undefined: not acceptable. */
      readonly expectedIssuer: (discovered: string, claims: Claims) => string | undefined;
      readonly identify: (claims: Claims) => Identity | undefined;
    }
  /** The token answer itself. */
  | { readonly kind: "token_answer"; readonly identify: (answer: Claims) => Identity | undefined }
  /** The account's own address, asked with the new token. */
  | { readonly kind: "account" }
  /** Nowhere: an owner has one connection of this provider. */
  | { readonly kind: "none" };

/** What a provider says of somebody, not yet looked at. */
export type Claims = Readonly<Record<string, unknown>>;

/** A request that shows whose account it is. */
export interface AccountSource {
  /** Its address; `userinfo`: where the metadata says (OpenID Connect Core section 5.3). */
  readonly url: string;
  readonly resource: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Reasons in Google's envelope by which a 403 means that too much was asked, not too little allowed. */
  readonly limits?: readonly string[];
  /** True where a new connection is worth asking: the id_token says too little. */
  readonly atConnect: boolean;
  readonly read: (body: Claims) => Partial<Identity> | undefined;
}

/** Whose account it is: a stable key, and what to show to people. */
export interface Identity {
  readonly account: string;
  readonly name: string | null;
  readonly address: string | null;
  readonly tenant: string | null;
  readonly picture?: string | null;
}
