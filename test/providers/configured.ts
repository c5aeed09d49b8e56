/** Providers as an environment configures them. */
import { parseConfig } from "../../src/lib/config.ts";
import { findProvider } from "../../src/providers/index.ts";
import type { Claims, Identity, Provider } from "../../src/providers/provider.ts";

/** Registrations of all providers that come with Latchkey. */
export const REGISTERED = {
  PUBLIC_URL: "https://latchkey.example.com",
  JWT_SECRET_KEY: "a-secret-of-thirty-two-bytes-or-so",
  MICROSOFT_CLIENT_ID: "app",
  MICROSOFT_CLIENT_SECRET: "one,two",
  GOOGLE_CLIENT_ID: "g-app",
  GOOGLE_CLIENT_SECRET: "g-one,g-two",
  NOTION_CLIENT_ID: "n-app",
  NOTION_CLIENT_SECRET: "n-one,n-two",
} as const;

/** The provider as these variables configure it. Throws where they do not. */
export function configured(id: string, variables: Record<string, string> = {}): Provider {
  const config = parseConfig({ ...REGISTERED, ...variables });
  const provider = findProvider(config, id);
  if (provider && config.problems.length === 0) return provider;
  throw new Error(`${id} is not configured: ${JSON.stringify(config.problems)}`);
}

/** A custom provider, described as in `CUSTOM_PROVIDERS`. */
export function customProvider(own: object, environment = "production"): Provider {
  const entry = { id: "acme", name: "Acme", client_id: "a-app", client_secret: "a-one", ...own };
  return configured("acme", { ENVIRONMENT: environment, CUSTOM_PROVIDERS: JSON.stringify([entry]) });
}

/** What the provider makes of an id_token or a token answer. */
export function identityFrom({ identity }: Provider, said: Claims): Identity | undefined {
  return "identify" in identity ? identity.identify(said) : undefined;
}
