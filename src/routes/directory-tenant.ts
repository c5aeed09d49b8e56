/** Connecting a tenant, how it stands, and forgetting it. */
import { Hono } from "hono";
import { SetupBody } from "../directory/connect/input.ts";
import type { SetupAnswer } from "../directory/connect/setup.ts";
import type { DirectoryStatus } from "../directory/connect/status.ts";
import { type Result, unwrap } from "../lib/errors.ts";
import { optionalJson } from "./body.ts";
import type { Hosted, HostedContext } from "./context.ts";
import { recordTenant } from "./directory-trail.ts";
import { askDirectory, orgOf } from "./directory.ts";
import { limited, smallBody } from "./guards.ts";
import { valid } from "./respond.ts";

/** The routes below `/v1/microsoft` that connect and disconnect. */
export function directoryTenant() {
  const access = "tenant_directory";
  return new Hono<Hosted>({ strict: false })
    .post("/setup", ...limited(access, "directory_manage"), setUp)
    .get("/status", ...limited(access, "directory_read"), async (c) => c.json(await statusOf(c)))
    .delete("/disconnect", ...limited(access, "directory_manage"), smallBody, disconnect);
}

async function setUp(c: HostedContext): Promise<Response> {
  orgOf(c);
  const applicant = valid(SetupBody, await optionalJson(c));
  const actor = c.get("caller").subject;
  const answer = await askDirectory<Result<SetupAnswer>>(c, (directory) => directory.setup({ applicant, actor }));
  // As it was named: what it means may be what could not be found out.
  const named = applicant.source === "body" ? applicant.tenant : applicant.source;
  const tenant = answer.ok ? answer.value.tenant.id : named;
  await recordTenant(c, "tenant_setup", { answer, detail: { tenant, source: applicant.source } });
  const { created, ...connected } = unwrap(answer);
  return c.json(connected, created ? 201 : 200);
}

async function disconnect(c: HostedContext): Promise<Response> {
  const status = await statusOf(c);
  const answer = await askDirectory<Result<null>>(c, (directory) => directory.disconnect());
  const tenant = status.connected ? status.tenant.id : null;
  await recordTenant(c, "tenant_disconnect", { answer, detail: { tenant } });
  unwrap(answer);
  return c.body(null, 204);
}

function statusOf(c: HostedContext): Promise<DirectoryStatus> {
  return askDirectory<DirectoryStatus>(c, (directory) => directory.status());
}
