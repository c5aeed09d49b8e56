/** The registry: every provider that this Worker knows, one line each. */
import type { Config, ConfigScope } from "../lib/config.ts";
import type { ProviderId } from "../lib/ids.ts";
import { custom } from "./custom.ts";
import { google } from "./google.ts";
import { microsoft } from "./microsoft.ts";
import { notion } from "./notion.ts";
import type { Provider } from "./provider.ts";
import { youtube } from "./youtube.ts";

/** How a provider is made from the configuration; undefined where its variables are missing. */
export interface Registered {
  readonly name: string;
  /** Whose variables it needs; where absent, those of its client. */
  readonly scope?: ConfigScope;
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
  google: { name: "Google", scope: "google", make: google },
  youtube: { name: "YouTube", scope: "google", make: youtube },
  notion: { name: "Notion", scope: "notion", make: notion },
};

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
  // A provider that nobody knows may stand in a list that could not be read.
  const scope = Object.hasOwn(registry, id) ? (registry[id]?.scope ?? `client:${id}`) : "custom";
  return config.problems.find((problem) => problem.scope === scope)?.variable;
}

/** The providers that can be used here. */
export function configuredProviders(config: Config): ProviderId[] {
  return Object.keys(registryOf(config)).filter(
    (id) => wrongVariable(config, id) === undefined && findProvider(config, id) !== undefined,
  );
}
