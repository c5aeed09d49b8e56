/** Google: Calendar, Gmail, Drive, Contacts and Tasks of Google accounts and Workspaces. */
import type { Config } from "../lib/config.ts";
import { googleProduct } from "./google-base.ts";
import { GOOGLE_PRODUCT, googleScope } from "./google-scopes.ts";
import type { Provider } from "./provider.ts";
import { readUserinfo } from "./read.ts";

/** Google as configured; undefined where no client is. */
export function google(config: Config): Provider | undefined {
  return googleProduct(config, ({ api, hosts }) => ({
    ...GOOGLE_PRODUCT,
    name: "Google",
    scopes: [googleScope("calendar.readonly"), googleScope("calendar.events")],
    resources: {
      google: {
        scopePrefix: "",
        baseUrl: api,
        hosts: hosts("gmail.googleapis.com", "people.googleapis.com", "tasks.googleapis.com"),
      },
    },
    account: {
      url: "userinfo",
      resource: "google",
      headers: {},
      atConnect: false,
      read: readUserinfo,
    },
    // "Calendar API: manage quotas": 600 requests a minute and user by default.
    proxyLimit: { quota: 600, windowMs: 60_000 },
    // Refused with 403 or 429 and no Retry-After: back off with growing pauses.
    quotas: [{ of: "Calendar requests", amount: 600, windowS: 60, per: "project and user" }],
  }));
}
