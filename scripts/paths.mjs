/** Where things lie. Everything that runs here makes, it makes under .wrangler, which git ignores. */
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The repository. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** Executables of the installed packages, among them a Node that is new enough for all of them. */
export const BIN = path.join(ROOT, "node_modules", ".bin");
/** The Worker's own local variables; wrangler reads the same file. */
export const DEV_VARS = path.join(ROOT, ".dev.vars");
/** The Worker's local D1 and Durable Objects. */
export const WORKER_STATE = path.join(ROOT, ".wrangler", "state");
/** The stand-in's. */
export const SANDBOX_STATE = path.join(ROOT, ".wrangler", "sandbox");

/**
 * The environment in which installed tools run: their own Node comes first, and they keep their chatter, their
 * logs and their statistics to themselves.
 */
export function toolEnvironment() {
  return {
    ...process.env,
    PATH: [BIN, process.env.PATH].join(path.delimiter),
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_HIDE_BANNER: "true",
    WRANGLER_LOG_PATH: path.join(ROOT, ".wrangler", "logs"),
    // Without this every start asks the network for a sample of Request.cf.
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
  };
}
