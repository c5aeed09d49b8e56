/** The registry: every provider that this Worker knows, one line each. */
import type { Config } from "../lib/config.ts";
import { microsoft } from "./microsoft.ts";
import type { ProviderId } from "../lib/ids.ts";
import type { Provider } from "./provider.ts";

const REGISTRY = {
  microsoft: (config: Config) => config.microsoft && microsoft(config, config.microsoft),
} as const satisfies Record<string, (config: Config) => Provider | undefined>;

/** The provider as configured; undefined where its variables are missing. */
export function findProvider(config: Config, id: ProviderId): Provider | undefined {
  return Object.hasOwn(REGISTRY, id) ? REGISTRY[id as keyof typeof REGISTRY](config) : undefined;
}
