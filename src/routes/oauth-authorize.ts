/** POST /authorize: starts a sign-in with any provider. */
import { connectionNamed } from "./keeper.ts";
import * as z from "zod";
import { managerRedirectUri } from "../connections/reauth.ts";
import { notValid } from "../lib/errors.ts";
import { PROVIDER_ID } from "../lib/ids.ts";
import { scopesAskedFor } from "../providers/asking.ts";
import type { Provider } from "../providers/provider.ts";
import { registryOf } from "../providers/index.ts";
import { optionalJson } from "./body.ts";
import type { HostedContext } from "./context.ts";
import { valid } from "./respond.ts";
import { beginSignIn, SIGN_IN_FIELDS } from "./sign-in.ts";

/** A list of words: in a body as such, in a query between spaces or commas. */
export const words = z
  .union([
    z.array(z.string().trim().min(1).max(512)),
    z.string().transform((text) => text.split(/[\s,]+/).filter(Boolean)),
  ])
  .refine((list) => list.length <= 100, "expected at most 100")
  .optional();

const AuthorizeBody = z.strictObject({
  provider: z.string().regex(PROVIDER_ID, "expected the id of a provider"),
  scopes: words,
  features: words,
  connection: z.string().optional(),
  ...SIGN_IN_FIELDS,
});

/** Answers `{authorization_url, state, expires_at}`. What the body leaves out may stand in the query, as an `authorize_path` has it. */
export async function authorize(c: HostedContext): Promise<Response> {
  const given = valid(AuthorizeBody, { ...c.req.query(), ...(await optionalJson(c)) });
  const { provider: id, scopes, features, connection, ...fields } = given;
  const { config } = c.get("premises");
  if (!Object.hasOwn(registryOf(config), id))
    throw notValid([{ path: "provider", message: `expected one of ${Object.keys(registryOf(config)).join(", ")}` }]);
  const system = c.get("system");
  const provider = system.provider(id);
  requirePrompt(provider, fields.prompt);
  const { roles } = c.get("caller");
  const named = connection === undefined ? {} : { connection: connectionNamed(connection) };
  const wishes = connection === undefined || scopes !== undefined || features !== undefined;
  const question = { policy: config.scopePolicy, provider, roles };
  return beginSignIn(c, {
    provider: id,
    redirectUri: managerRedirectUri({ ...system, publicUrl: config.publicUrl }, id),
    ...(wishes ? { scopes: scopesAskedFor(question, { scopes, features }) } : {}),
    ...named,
    policyVersion: config.scopePolicyVersion,
    fields,
  });
}

/** Fails as `validation_failed` for a prompt that the provider's page does not know. */
export function requirePrompt({ prompts }: Provider, prompt: string | undefined): void {
  if (prompt === undefined || prompts.includes(prompt)) return;
  throw notValid([{ path: "prompt", message: `expected one of ${prompts.join(", ")}` }]);
}
