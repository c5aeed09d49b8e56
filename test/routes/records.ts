/** What the tests of the records share: things that happened, and readers of them. */
import type { AuditEvent } from "../../src/connections/audit.ts";
import { keeperOf } from "../connections/keeper.ts";
import { call, type TokenClaims } from "../support.ts";

/** What a route that must succeed answers. */
export async function json<T>(path: string, claims: TokenClaims): Promise<T> {
  const answer = await call(path, claims);
  if (answer.status !== 200) throw new Error(await answer.text());
  return answer.json();
}

/** Records `count` events of an owner of main. */
export async function happened(owner: string, count: number, event: Partial<AuditEvent> = {}): Promise<void> {
  const usual = { action: "refresh", outcome: "ok", provider: "microsoft", actor: owner } as const;
  for (let index = 0; index < count; index += 1)
    await keeperOf(owner).note({ ...usual, requestId: `${owner}-${index}`, ...event });
}

/** Claims of an operator. */
export const operator = (sub: string) => ({ sub, roles: ["operator"] });
