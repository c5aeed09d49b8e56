/** Workers as one module each, as wrangler would bundle them. */
import { build } from "esbuild";

/** The source of a Worker as one module. */
export async function bundle(
  from: Pick<Parameters<typeof build>[0], "stdin" | "entryPoints" | "plugins">,
): Promise<string> {
  const built = await build({
    ...from,
    bundle: true,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    write: false,
  });
  return built.outputFiles?.[0]?.text ?? "";
}
