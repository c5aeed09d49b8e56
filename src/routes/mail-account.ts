/** The caller's mail accounts: written down, shown, removed, and tried. */
import { Hono } from "hono";
import * as z from "zod";
import { jsonObject, optionalJson } from "./body.ts";
import type { Hosted, HostedContext } from "./context.ts";
import { jsonBody, limited, smallBody } from "./guards.ts";
import { askKeeper, connectionNamed, spend } from "./keeper.ts";
import { address, mailbox, password, server } from "./mail-words.ts";
import { verifyAccount } from "./mail-verify.ts";
import { askerOf } from "./oauth-integrations.ts";
import { valid } from "./respond.ts";

/** The routes below `mail-account`. */
export function mailAccount() {
  const own = "own_connections";
  return new Hono<Hosted>({ strict: false })
    .get("/", ...limited(own, "reads"), show)
    .put("/", ...limited(own, "manage"), jsonBody, save)
    .delete("/", ...limited(own, "manage"), smallBody, remove)
    .post("/verify", ...limited(own, "mail_verify"), smallBody, verifyAccount);
}

const Named = z.strictObject({ address: address.optional() });

/** GET: the account of `?address=`, or the one chosen last. */
async function show(c: HostedContext): Promise<Response> {
  const named = valid(Named, c.req.query());
  return c.json(spend(c, await askKeeper(c, (keeper) => keeper.mailAccount({ ...named, bucket: "reads" }))));
}

const Account = z.strictObject({
  address,
  username: mailbox.optional(),
  imap: server({ port: 993, security: "tls" }).optional(),
  smtp: server({ port: 587, security: "starttls" }).optional(),
  password: password.nullable().optional(),
  auth_method: z.enum(["password", "oauth"], "expected password or oauth").optional(),
  connection: z.string().optional(),
});

/** PUT: writes an account down whole, by its address; a password that is left out stays. */
async function save(c: HostedContext): Promise<Response> {
  const { auth_method: authMethod, connection, ...given } = valid(Account, await jsonObject(c));
  const named = connection === undefined ? {} : { connection: connectionNamed(connection) };
  const input = { ...given, authMethod, ...named, bucket: "manage", ...askerOf(c) } as const;
  return c.json(spend(c, await askKeeper(c, (keeper) => keeper.saveMailAccount(input))));
}

/** DELETE: removes an account with its password; the grant stays. */
async function remove(c: HostedContext): Promise<Response> {
  const named = valid(Named, { ...c.req.query(), ...(await optionalJson(c)) });
  spend(c, await askKeeper(c, (keeper) => keeper.removeMailAccount({ ...named, ...askerOf(c), bucket: "manage" })));
  return c.body(null, 204);
}
