/** Mail servers: which are known, and which may be talked to. No I/O. */
import ipaddr from "ipaddr.js";
import type { Config } from "../lib/config.ts";
import type { FieldError } from "../lib/errors.ts";
import { isPublicHost } from "../lib/public-address.ts";

/** One server of a mailbox. */
export interface MailServer {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte, or after STARTTLS. Never without. */
  readonly security: "tls" | "starttls";
}

/** Where a mailbox is read and where its mail is handed in. */
export interface MailServers {
  readonly imap: MailServer;
  readonly smtp: MailServer;
}

/** What is spoken with a server. */
export type MailProtocol = keyof MailServers;

/** The ports of the two protocols (RFC 8314; 2525 by custom). Workers cannot reach port 25, which is for relays anyway. */
export const MAIL_PORTS = { imap: [143, 993], smtp: [465, 587, 2525] } as const satisfies Record<MailProtocol, unknown>;

/** Ports below are the system's own, wherever the Worker runs. */
const FIRST_FREE_PORT = 1024;

const tls = (host: string, port: number): MailServer => ({ host, port, security: "tls" });
const starttls = (host: string, port: number): MailServer => ({ host, port, security: "starttls" });

const GOOGLE: MailServers = { imap: tls("imap.gmail.com", 993), smtp: tls("smtp.gmail.com", 465) };

/** Outlook.com's personal mailboxes: Exchange Online's IMAP, a submission host of their own. */
const PERSONAL: MailServers = {
  imap: tls("outlook.office365.com", 993),
  smtp: starttls("smtp-mail.outlook.com", 587),
};

/** Exchange Online per national cloud. Undefined: nothing that we could check says which submission host it has. */
const EXCHANGE: Readonly<Record<Config["cloud"], MailServers | undefined>> = {
  global: { imap: tls("outlook.office365.com", 993), smtp: starttls("smtp.office365.com", 587) },
  usgov: { imap: tls("outlook.office365.us", 993), smtp: starttls("smtp.office365.us", 587) },
  dod: undefined,
  china: { imap: tls("partner.outlook.cn", 993), smtp: starttls("smtp.partner.outlook.cn", 587) },
};

const ICLOUD: MailServers = { imap: tls("imap.mail.me.com", 993), smtp: starttls("smtp.mail.me.com", 587) };
const YAHOO: MailServers = { imap: tls("imap.mail.yahoo.com", 993), smtp: tls("smtp.mail.yahoo.com", 465) };
const FASTMAIL: MailServers = { imap: tls("imap.fastmail.com", 993), smtp: tls("smtp.fastmail.com", 465) };

/** Domains whose every address is served by the same two hosts. */
const BY_DOMAIN: ReadonlyMap<string, MailServers> = new Map([
  ["gmail.com", GOOGLE],
  ["googlemail.com", GOOGLE],
  ["icloud.com", ICLOUD],
  ["me.com", ICLOUD],
  ["mac.com", ICLOUD],
  ["yahoo.com", YAHOO],
  ["fastmail.com", FASTMAIL],
  ["fastmail.fm", FASTMAIL],
  ["aol.com", { imap: tls("imap.aol.com", 993), smtp: tls("smtp.aol.com", 465) }],
  ["gmx.net", { imap: tls("imap.gmx.net", 993), smtp: tls("mail.gmx.net", 465) }],
  ["gmx.de", { imap: tls("imap.gmx.net", 993), smtp: tls("mail.gmx.net", 465) }],
  ["web.de", { imap: tls("imap.web.de", 993), smtp: starttls("smtp.web.de", 587) }],
]);

/** Outlook.com under all its names: outlook.de, hotmail.co.uk, live.com.au. */
const PERSONAL_DOMAIN = /^(?:(?:outlook|hotmail|live)\.(?:com|[a-z]{2}|com?\.[a-z]{2}|com\.[a-z]{2})|msn\.com)$/;

/**
 * The servers of a mailbox where they are known: by the provider of its grant, or by the domain of its address.
 * `cloud` is Microsoft's national cloud. Undefined: its owner has to say.
 */
export function knownServers(of: {
  readonly address: string;
  readonly provider?: "outlook" | "google";
  readonly cloud: Config["cloud"];
}): MailServers | undefined {
  const domain = of.address.slice(of.address.lastIndexOf("@") + 1).toLowerCase();
  if (of.provider === "google") return GOOGLE;
  // Personal accounts exist in the global cloud alone.
  const isPersonal = PERSONAL_DOMAIN.test(domain) && (of.provider === undefined || of.cloud === "global");
  if (isPersonal) return PERSONAL;
  return of.provider === "outlook" ? EXCHANGE[of.cloud] : BY_DOMAIN.get(domain);
}

/** Whose hosts take a provider's access tokens: shown anywhere else, a token is given away. */
const TOKEN_HOSTS = {
  outlook: /(?:^|\.)(?:outlook\.com|office365\.com|office\.com|office365\.us|outlook\.cn)$/i,
  google: /(?:^|\.)(?:gmail\.com|googlemail\.com|google\.com)$/i,
} as const;

/** True where a host is the provider's own. */
export function takesTokensOf(provider: keyof typeof TOKEN_HOSTS, host: string): boolean {
  return TOKEN_HOSTS[provider].test(host);
}

/**
 * What keeps us from talking to a server, by its fields; none: it may be talked to. Mail ports of public hosts alone, so
 * that nobody scans a network through us; in development also loopback, and any port from 1024 up.
 */
export function serverErrors(
  server: Pick<MailServer, "host" | "port">,
  of: { readonly protocol: MailProtocol; readonly development: boolean },
): FieldError[] {
  const ports: readonly number[] = MAIL_PORTS[of.protocol];
  const isFreePort = of.development && server.port >= FIRST_FREE_PORT && server.port <= 65_535;
  const errors: FieldError[] = [];
  if (!ports.includes(server.port) && !isFreePort)
    errors.push({ path: "port", message: `must be one of ${ports.join(", ")}` });
  if (!isHost(server.host)) errors.push({ path: "host", message: "must be a host name or an IP address" });
  else if (!of.development && !isPublicHost(server.host))
    errors.push({ path: "host", message: "must be a host of the public internet" });
  return errors;
}

/** Nothing that could be read as more than a host. IPv6 stands without brackets, and without a zone. */
function isHost(host: string): boolean {
  return host.includes(":") ? /^[0-9a-f:.]+$/i.test(host) && ipaddr.IPv6.isValid(host) : NAME.test(host);
}

/** Labels of letters, digits and hyphens (RFC 1123); IPv4 is of that form, too. */
const NAME = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/i;
