/** Made-Up: a diary. It exists in the tests alone, as a contributor would write it. */
import type { Config } from "../../src/lib/config.ts";
import { registeredProvider } from "../../src/providers/define.ts";
import { readUserinfo } from "../../src/providers/read.ts";

const API = "https://api.made-up.example";

/** Made-Up as configured; undefined where no client is. */
export const madeUp = (config: Config) =>
  registeredProvider(config, {
    id: "made-up",
    name: "Made-Up",
    endpoints: { authorization: `${API}/authorize`, token: `${API}/token`, revocation: `${API}/revoke` },
    catalogue: [{ scope: "diary", name: "Read the diary", sensitivity: "sensitive" }],
    scopes: ["diary"],
    resources: { diary: { scopePrefix: "", baseUrl: API } },
    identity: { kind: "account" },
    account: { url: `${API}/me`, resource: "diary", headers: {}, atConnect: true, read: readUserinfo },
  });
