/** What a person reads once everything answers. No I/O. */
import { variable } from "./dev-vars.mjs";
import { addressOf, usesSandbox } from "./local-environment.mjs";

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

Ctrl-C stops everything; what was stored stays.
`;
}

const EVENT = {
  subject: "Coffee",
  start: { date_time: "2027-03-01T09:00:00", time_zone: "Europe/Rome" },
  end: { date_time: "2027-03-01T09:30:00", time_zone: "Europe/Rome" },
};
