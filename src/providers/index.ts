/** The registry: every provider that this Worker knows, one line each. */
import type { Config, ConfigProblem, ConfigScope } from "../lib/config.ts";
import type { ProviderId } from "../lib/ids.ts";
import { custom } from "./custom.ts";
import { google } from "./google.ts";
import { microsoft } from "./microsoft.ts";
import { notion } from "./notion.ts";
import { outlook } from "./outlook.ts";
import type { Provider } from "./provider.ts";
import { youtube } from "./youtube.ts";

/** How a provider is made from the configuration; undefined where its variables are missing. */
export interface Registered {
  readonly name: string;
  /** Whose variables it needs; where absent, those of its client. */
  readonly scope?: ConfigScope;
  /** Which other problems stop it as well; where absent, none. */
  readonly needs?: (problem: ConfigProblem, config: Config) => boolean;
  readonly make: (config: Config) => Provider | undefined;
}

/** Providers by their ids. */
export type Registry = Readonly<Record<ProviderId, Registered>>;

/** The providers that come with Latchkey. */
export const REGISTRY: Registry = {
  microsoft: {
    name: "Microsoft 365",
    scope: "microsoft",
    make: (config) => config.microsoft && microsoft(config, config.microsoft),
  },
  outlook: {
    name: "Outlook mail",
    scope: "mail",
    needs: ({ scope, variable }, { mailIsOwn }) =>
      scope === "microsoft" && (!mailIsOwn || MICROSOFT_WIDE.has(variable)),
    make: (config) => config.mail && outlook(config, config.mail),
  },
  google: { name: "Google", scope: "google", make: google },
  youtube: { name: "YouTube", scope: "google", make: youtube },
  notion: { name: "Notion", scope: "notion", make: notion },
};

/** Microsoft's variables that are of no registration. */
const MICROSOFT_WIDE = new Set(["MICROSOFT_CLOUD", "MICROSOFT_LOGIN_URL", "MICROSOFT_GRAPH_URL"]);

/** All of them, with those that the operator described. */
export function registryOf(config: Config, builtIn: Registry = REGISTRY): Registry {
  const own = config.custom.map(
    (one) => [one.id, { name: one.name, scope: "custom", make: () => custom(config, one) }] as const,
  );
  return { ...builtIn, ...Object.fromEntries<Registered>(own) };
}

/** The provider as configured; undefined where its variables are missing, or nobody knows it. */
export function findProvider(config: Config, id: ProviderId): Provider | undefined {
  const registry = registryOf(config);
  return Object.hasOwn(registry, id) ? registry[id]?.make(config) : undefined;
}

/** The variable that keeps a provider from being used; undefined where none does. */
export function wrongVariable(config: Config, id: ProviderId): string | undefined {
  const registry = registryOf(config);
  const known = Object.hasOwn(registry, id) ? registry[id] : undefined;
  // A provider that nobody knows may stand in a list that could not be read.
  const scope = known ? (known.scope ?? `client:${id}`) : "custom";
  return config.problems.find((problem) => problem.scope === scope || known?.needs?.(problem, config))?.variable;
}

/** The providers that can be used here. */
export function configuredProviders(config: Config): ProviderId[] {
  return Object.keys(registryOf(config)).filter(
    (id) => wrongVariable(config, id) === undefined && findProvider(config, id) !== undefined,
  );
}
