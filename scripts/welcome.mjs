/** What a person reads once everything answers. No I/O. */
import { variable } from "./dev-vars.mjs";
import { addressOf, otherProviders, SANDBOX_CLIENTS, usesSandbox } from "./local-environment.mjs";

/** @typedef {import("./dev-vars.mjs").DevVars} DevVars */
/** @typedef {import("./local-environment.mjs").Ports} Ports */

/** A caller who may do everything. */
export const CALLER = {
  sub: "ana",
  roles: ["user", "operator", "tenant_admin", "service"],
  scope: "tokens:read proxy",
  org: "contoso",
  expiresInS: 12 * 60 * 60,
};

/**
 * True where the Worker checks tokens with a secret that this machine has.
 *
 * @param {DevVars} vars
 */
export function canSign(vars) {
  return variable(vars, "JWT_JWKS_URL").value === undefined;
}

/**
 * @param {DevVars} vars
 * @param {Ports} ports
 * @param {string | undefined} token Undefined where callers' tokens come from elsewhere.
 */
export function welcome(vars, ports, token) {
  const worker = addressOf(ports.worker);
  const provider = usesSandbox(vars) ? "choose Ana" : "sign in";
  return `
Latchkey   ${worker}
${usesSandbox(vars) ? `Stand-in   ${addressOf(ports.sandbox)}` : "Provider   Microsoft, with the app registration in .dev.vars"}

Paste this first: a token for the caller ana, good for 12 hours.

TOKEN=${token ?? "'a token from the issuer behind JWT_JWKS_URL'"}

1. Connect an account: open the authorization_url that this prints in a browser and ${provider}.
curl -s -H "Authorization: Bearer $TOKEN" ${worker}/api/v1/auth/microsoft/

2. Write to its calendar.
curl -s -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" -d '${JSON.stringify(EVENT)}' ${worker}/api/v1/calendar/microsoft/events

3. Read the calendar.
curl -s -H "Authorization: Bearer $TOKEN" ${worker}/api/v1/calendar/microsoft/events
${manager(vars, worker)}${usesSandbox(vars) ? tenant(worker, addressOf(ports.sandbox)) + mail(worker) : ""}
Ctrl-C stops everything; what was stored stays.
`;
}

/**
 * How the other providers are connected, by the API that manages all of them.
 *
 * @param {DevVars} vars
 * @param {string} worker
 */
function manager(vars, worker) {
  const others = otherProviders(vars);
  const headers = '-H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json"';
  const connect = others.map(
    (provider) => `curl -s ${headers} -d '{"provider":"${provider}"}' ${worker}/api/v1/oauth/authorize`,
  );
  const first = others.length > 0 ? ["", `4. Connect ${others.join(", ")} in the same way.`, ...connect] : [];
  const last = others.length > 0 ? 5 : 4;
  return [
    ...first,
    "",
    `${last}. See what is connected.`,
    `curl -s -H "Authorization: Bearer $TOKEN" ${worker}/api/v1/oauth/integrations`,
    "",
  ].join("\n");
}

/**
 * How a whole tenant is copied, for the administrator that the token above is too.
 *
 * @param {string} worker
 * @param {string} sandbox
 */
function tenant(worker, sandbox) {
  const base = `${worker}/v1/microsoft`;
  const bearer = '-H "Authorization: Bearer $TOKEN"';
  const { MICROSOFT_CLIENT_ID: id, MICROSOFT_CLIENT_SECRET: secret } = SANDBOX_CLIENTS.microsoft(sandbox);
  const setup = { tenant_id: "tenant-1.example", client_id: id, client_secret: secret };
  return `
6. Copy a tenant: make one at the stand-in, connect it, read it, watch, and ask. (npm run setup does it for a real one.)
curl -s -d '{"users":500,"groups":40,"devices":300,"seed":1}' ${sandbox}/_sandbox/tenant
curl -s ${bearer} -H "Content-Type: application/json" -d '${JSON.stringify(setup)}' ${base}/setup
curl -s ${bearer} -X POST ${base}/sync
curl -sN ${bearer} ${base}/runs/latest/events
curl -s ${bearer} "${base}/users?type=guest&limit=5&count=true"
curl -s ${bearer} ${base}/insights
`;
}

/**
 * How a mailbox is opened for a mail client.
 *
 * @param {string} worker
 */
function mail(worker) {
  const bearer = '-H "Authorization: Bearer $TOKEN"';
  return `
7. Open a mailbox for a mail client: the authorization_url in a browser as before, then what IMAP and SMTP take.
curl -s ${bearer} -X POST ${worker}/api/oauth/microsoft/authorize
curl -s ${bearer} ${worker}/api/oauth/microsoft/xoauth2
`;
}

const EVENT = {
  subject: "Coffee",
  start: { date_time: "2027-03-01T09:00:00", time_zone: "Europe/Rome" },
  end: { date_time: "2027-03-01T09:30:00", time_zone: "Europe/Rome" },
};
