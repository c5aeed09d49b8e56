/** verifyMail in a workerd of its own, over real TCP. */
import { ROOT } from "../../scripts/paths.mjs";
import type { MailServer } from "../../src/mail/servers.ts";
import type { MailLogin } from "../../src/mail/verify/login.ts";
import type { MailVerification } from "../../src/mail/verify/verify-mail.ts";
import { bundle } from "../runtime/bundle.ts";
import { makeRuntime, moduleWorker } from "../runtime/miniflare.ts";

/** A Worker that verifies. */
export interface VerifyingWorker {
  verify(of: { imap?: MailServer; smtp?: MailServer } & MailLogin): Promise<MailVerification>;
  /** All that it has logged. */
  readonly log: () => string;
  stop(): Promise<void>;
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
  const contents = await bundle({ stdin: { contents: ENTRY, resolveDir: ROOT, loader: "ts" } });
  const handleStructuredLogs = ({ message }: { message: string }) => void lines.push(message);
  const runtime = makeRuntime({ handleStructuredLogs, workers: [moduleWorker("verifier", contents)] }, ca);
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
