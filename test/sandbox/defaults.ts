/** The application that every new sandbox knows. */
export const CLIENT_ID = "11111111-aaaa-4bbb-8ccc-000000000001";
/** Its secret, which never expires. */
export const CLIENT_SECRET = "sandbox-secret";

/** The work tenant of most people; the default application is registered here. */
export const CONTOSO_TENANT = "7d1f0c2e-5b9a-4a1e-9b7e-3f1f2a3b4c5d";
/** A second work tenant, the home of the guest. */
export const FABRIKAM_TENANT = "0f9a4c1d-2222-4333-8444-5555666677aa";
/** The fixed tenant of personal accounts. */
export const CONSUMERS_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad";

/** The resource identifier, and so the scope prefix, of Microsoft Graph in the global cloud. */
export const GRAPH_RESOURCE = "https://graph.microsoft.com";
/** The resource identifier of Exchange Online for IMAP, POP and SMTP. */
export const OUTLOOK_RESOURCE = "https://outlook.office.com";

/** Google's scope for IMAP, POP and SMTP, all at once. */
export const GOOGLE_MAIL_SCOPE = "https://mail.google.com/";

/** What a mail server shows when it introspects a token. */
export const INTROSPECTION_CLIENT_ID = "sandbox-mail-server";
/** Its secret. */
export const INTROSPECTION_CLIENT_SECRET = "sandbox-mail-secret";

/** The paths that are registered as redirect URIs for every configured origin. */
export const REDIRECT_PATHS = [
  "/api/v1/auth/microsoft/callback",
  "/api/v1/beta/auth/microsoft/callback",
  "/api/v1/oauth/callback/microsoft",
  "/api/v1/beta/oauth/callback/microsoft",
  "/api/v1/oauth/callback/outlook",
  "/api/v1/beta/oauth/callback/outlook",
  "/api/oauth/microsoft/callback",
] as const;
/** The origins that count when none are configured. */
export const DEFAULT_ORIGINS: readonly string[] = ["https://latchkey.test", "http://localhost:8787"];

/** Somebody who can sign in. `guestIn` maps a tenant to the object id that the person has there. */
export interface Person {
  name: string;
  kind: "work" | "personal";
  displayName: string;
  givenName: string;
  surname: string;
  upn: string;
  mail: string | null;
  jobTitle: string | null;
  tid: string;
  oid: string;
  mailbox: boolean;
  refusesConsent?: boolean;
  guestIn?: Record<string, string>;
}

/** The people of a new sandbox; the first four stand on the sign-in page. */
export const PEOPLE: readonly Person[] = [
  work("ana", "Ana", "Rossi", "2b0e6c1a-1111-4222-8333-444455556666", { jobTitle: "Auditor" }),
  {
    ...work("gus", "Gus", "Lindqvist", "5c1d7e2f-1111-4222-8333-4444555566aa"),
    upn: "gus@fabrikam.example",
    mail: "gus@fabrikam.example",
    tid: FABRIKAM_TENANT,
    mailbox: false,
    guestIn: { [CONTOSO_TENANT]: "8e3f9a4b-1111-4222-8333-4444555566bb" },
  },
  {
    ...work("pat", "Pat", "Moreau", "00000000-0000-0000-5f3b-7a1c9e2d4b60"),
    kind: "personal",
    upn: "pat@outlook.example",
    mail: null,
    tid: CONSUMERS_TENANT,
  },
  work("dora", "Dora", "Novak", "d07a0000-1111-4222-8333-4444555566cc", { refusesConsent: true }),
  work("bo", "Bo", "Tanaka", "b0b0b0b0-1111-4222-8333-4444555566dd"),
];

/** A member of Contoso with a mailbox; `more` replaces what differs. */
export function work(
  name: string,
  givenName: string,
  surname: string,
  oid: string,
  more: Partial<Person> = {},
): Person {
  const address = `${name}@contoso.example`;
  const displayName = `${givenName} ${surname}`.trim();
  const base = { name, displayName, givenName, surname, oid, upn: address, mail: address };
  return { kind: "work", jobTitle: null, tid: CONTOSO_TENANT, mailbox: true, ...base, ...more };
}
