import { GRAPH_RESOURCE, OUTLOOK_RESOURCE } from "../defaults.ts";
import { EntraError } from "./errors.ts";

/** A `scope` parameter, taken apart: what is asked of each resource, and the OpenID scopes. */
export interface Scopes {
  oidc: string[];
  /** Resource → names, in the order in which the resources came. `.default` stands for what was granted. */
  resources: Map<string, string[]>;
}

const OIDC = new Set(["openid", "profile", "email", "offline_access"]);
const MAIL = ["IMAP.AccessAsUser.All", "POP.AccessAsUser.All", "SMTP.Send", "Mail.Read", "Mail.ReadWrite", "Mail.Send"];
const CALENDAR = ["Calendars.Read", "Calendars.ReadWrite", "Contacts.Read", "Contacts.ReadWrite"];
const GRAPH = [
  ...MAIL,
  ...CALENDAR,
  "Calendars.ReadBasic",
  "Calendars.Read.Shared",
  "Calendars.ReadWrite.Shared",
  "OnlineMeetings.ReadWrite",
  "MailboxSettings.Read",
  "MailboxSettings.ReadWrite",
  "User.Read",
  "User.ReadWrite",
  "User.ReadBasic.All",
  "User.Read.All",
  "Group.Read.All",
  "Directory.Read.All",
  "Device.Read.All",
  "AuditLog.Read.All",
  "Organization.Read.All",
  "Files.Read",
  "Files.ReadWrite",
  "People.Read",
  "Tasks.Read",
  "Tasks.ReadWrite",
  "Notes.Read",
  "Presence.Read",
  "SecurityAlert.Read.All",
  "DeviceManagementManagedDevices.Read.All",
  "User.RevokeSessions.All",
];
const RESOURCES: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  [GRAPH_RESOURCE, new Set(GRAPH)],
  [OUTLOOK_RESOURCE, new Set([...MAIL, ...CALENDAR])],
]);
const ALIASES: Record<string, string> = { "https://outlook.office365.com": OUTLOOK_RESOURCE };

/**
 * Takes a `scope` parameter apart. A name without a prefix is Graph's, but a name that several resources
 * have goes to the resource of the first scope: after an unprefixed first scope even its prefix is ignored.
 */
export function parseScopes(scope: string): Scopes {
  const scopes: Scopes = { oidc: [], resources: new Map() };
  let first: { resource: string; prefixed: boolean } | undefined;
  for (const token of scope.split(/\s+/).filter(Boolean)) {
    if (OIDC.has(token)) {
      scopes.oidc.push(token);
      continue;
    }
    const { prefix, name } = split(token);
    const resource = resolve(prefix, name, first);
    first ??= { resource, prefixed: prefix !== undefined };
    addName(scopes.resources, resource, name);
  }
  refuseMixedDefault(scopes);
  return scopes;
}

/** A scope as the token answer spells it. */
export function fullScope(resource: string, name: string): string {
  return `${resource}/${name}`;
}

function split(token: string): { prefix: string | undefined; name: string } {
  const slash = token.lastIndexOf("/");
  if (slash < 0) return { prefix: undefined, name: token };
  const prefix = token.slice(0, slash);
  return { prefix: ALIASES[prefix] ?? prefix, name: token.slice(slash + 1) };
}

function resolve(
  prefix: string | undefined,
  name: string,
  first: { resource: string; prefixed: boolean } | undefined,
): string {
  if (prefix !== undefined && !RESOURCES.has(prefix)) throw unknownResource(prefix);
  const folds = first !== undefined && (prefix === undefined || !first.prefixed) && has(first.resource, name);
  const resource = folds ? first.resource : (prefix ?? GRAPH_RESOURCE);
  if (has(resource, name) || name === ".default") return resource;
  const text = `The application asked for scope '${name}' that doesn't exist on the resource '${resource}'.`;
  throw new EntraError("invalid_client", 650053, text);
}

function has(resource: string, name: string): boolean {
  return canonical(resource, name) !== undefined;
}

function canonical(resource: string, name: string): string | undefined {
  return [...(RESOURCES.get(resource) ?? [])].find((known) => known.toLowerCase() === name.toLowerCase());
}

function addName(resources: Map<string, string[]>, resource: string, name: string): void {
  const names = resources.get(resource) ?? [];
  const spelled = canonical(resource, name) ?? name;
  resources.set(resource, names.includes(spelled) ? names : [...names, spelled]);
}

function refuseMixedDefault({ resources }: Scopes): void {
  const names = [...resources.values()].flat();
  if (!names.includes(".default") || names.every((name) => name === ".default")) return;
  const text =
    "The provided value for the input parameter 'scope' is not valid. .default scope can't be combined with resource-specific scopes.";
  throw new EntraError("invalid_scope", 70011, text);
}

function unknownResource(prefix: string): EntraError {
  const text = `The resource principal named ${prefix} was not found in the tenant. This can happen if the application has not been installed by the administrator of the tenant.`;
  return new EntraError("invalid_resource", 500011, text);
}
