/** What a person reads once everything answers. No I/O. */
import { variable } from "./dev-vars.mjs";
import { addressOf, otherProviders, usesSandbox } from "./local-environment.mjs";

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
${manager(vars, worker)}
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

const EVENT = {
  subject: "Coffee",
  start: { date_time: "2027-03-01T09:00:00", time_zone: "Europe/Rome" },
  end: { date_time: "2027-03-01T09:30:00", time_zone: "Europe/Rome" },
};
