/** verifyMail in a workerd of its own, over real TCP. */
import { createRequire } from "node:module";
import { build } from "esbuild";
import { ROOT } from "../../scripts/paths.mjs";
import type { MailServer } from "../../src/mail/servers.ts";
import type { MailLogin } from "../../src/mail/verify/login.ts";
import type { MailVerification } from "../../src/mail/verify/verify-mail.ts";

/** A Worker that verifies. */
export interface VerifyingWorker {
  verify(of: { imap?: MailServer; smtp?: MailServer } & MailLogin): Promise<MailVerification>;
  /** All that it has logged. */
  readonly log: () => string;
  stop(): Promise<void>;
}

/** The part of Miniflare that is used here. */
interface MiniflareModule {
  readonly Miniflare: new (options: unknown) => {
    readonly ready: Promise<URL>;
    getWorker(name: string): Promise<{ fetch(url: string, init: RequestInit): Promise<Response> }>;
    dispose(): Promise<void>;
  };
  convertV4MiniflareOptions(options: object): unknown;
}

// The very Miniflare that wrangler brings.
const ofWrangler = createRequire(createRequire(import.meta.url).resolve("wrangler"));

/** Miniflare reads which authorities its Workers trust when it is loaded, from Node's own variable: so each has its own. */
function miniflareTrusting(ca: string | undefined): MiniflareModule {
  const before = process.env["NODE_EXTRA_CA_CERTS"];
  delete process.env["NODE_EXTRA_CA_CERTS"];
  if (ca !== undefined) process.env["NODE_EXTRA_CA_CERTS"] = ca;
  delete ofWrangler.cache[ofWrangler.resolve("miniflare")];
  const loaded = ofWrangler("miniflare") as MiniflareModule;
  delete process.env["NODE_EXTRA_CA_CERTS"];
  if (before !== undefined) process.env["NODE_EXTRA_CA_CERTS"] = before;
  return loaded;
}

const ENTRY = `
  import { connect } from "cloudflare:sockets";
  import { systemClock as clock } from "./src/lib/clock.ts";
  import { createLogger } from "./src/lib/log.ts";
  import { verifyMail } from "./src/mail/verify/verify-mail.ts";
  const ports = { connect, clock, development: true, log: createLogger("DEBUG") };
  export default { fetch: async (request) => Response.json(await verifyMail(ports, await request.json())) };`;

/** Starts one. `ca`: the file of an authority that it trusts beside those of the web. */
export async function startVerifyingWorker(ca?: string): Promise<VerifyingWorker> {
  const lines: string[] = [];
  const { Miniflare, convertV4MiniflareOptions } = miniflareTrusting(ca);
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      handleStructuredLogs: ({ message }: { message: string }) => void lines.push(message),
      workers: [
        {
          name: "verifier",
          modules: [{ type: "ESModule", path: "index.mjs", contents: await bundle() }],
          compatibilityDate: "2026-10-01",
        },
      ],
    }),
  );
  await runtime.ready;
  const worker = await runtime.getWorker("verifier");
  return {
    async verify(of) {
      const answer = await worker.fetch("http://verifier/", { method: "POST", body: JSON.stringify(of) });
      return (await answer.json()) as MailVerification;
    },
    log: () => lines.join("\n"),
    stop: () => runtime.dispose(),
  };
}

async function bundle(): Promise<string> {
  const built = await build({
    stdin: { contents: ENTRY, resolveDir: ROOT, loader: "ts" },
    bundle: true,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    write: false,
  });
  return built.outputFiles[0]?.text ?? "";
}
