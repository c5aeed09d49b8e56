/** What any Worker of this kind must pay, step by step: a JSON route, a checked token, one call to a Durable Object. */
import { DurableObject } from "cloudflare:workers";
import { Hono } from "hono";
import { jwtVerify } from "jose";

interface Env {
  readonly JWT_SECRET_KEY: string;
  readonly FLOOR: { getByName(name: string): Floor };
}

/** An object that answers at once, with about as much as a caller is told of a token. */
export class Floor extends DurableObject {
  /** A small object. */
  async read(): Promise<{ ok: boolean; at: number; scopes: readonly string[] }> {
    return { ok: true, at: Date.now(), scopes: ["User.Read", "Calendars.ReadWrite"] };
  }
}

let key: ReturnType<typeof crypto.subtle.importKey> | undefined;

/** As src/lib/caller.ts does it: the key imported once, the algorithm pinned, `exp` required. */
async function subjectOf(authorization: string | undefined, secret: string): Promise<string> {
  const bytes = new TextEncoder().encode(secret);
  key ??= crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
  const token = authorization?.slice("Bearer ".length) ?? "";
  const options = { requiredClaims: ["exp"], clockTolerance: 60, algorithms: ["HS256"] };
  const { payload } = await jwtVerify(token, await key, options);
  return payload.sub ?? "";
}

const app = new Hono<{ Bindings: Env }>()
  .get("/bare", (c) => c.json({ ok: true }))
  .get("/jwt", async (c) => c.json({ sub: await subjectOf(c.req.header("Authorization"), c.env.JWT_SECRET_KEY) }))
  .get("/floor", async (c) => {
    const sub = await subjectOf(c.req.header("Authorization"), c.env.JWT_SECRET_KEY);
    return c.json({ sub, ...(await c.env.FLOOR.getByName(`main:${sub}`).read()) });
  });

export default app;
