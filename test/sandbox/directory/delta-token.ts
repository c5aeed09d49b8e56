import * as z from "zod";
import { GraphError } from "../graph/errors.ts";
import { pack, unpack } from "../ids.ts";
import type { World } from "../world.ts";
import type { ObjectKind } from "./directory.ts";
import { count, countUp, type DirectoryTenant } from "./tenant.ts";

/** What a round reads: every object, by place, or the journal after a revision. */
const segmentSchema = z.object({ over: z.enum(["all", "journal"]), from: z.number(), to: z.number() });

/** Inside the links of one group: which of them, and from where. */
const placeSchema = z.object({ relation: z.enum(["members", "owners"]), from: z.union([z.number(), z.string()]) });

/** What was asked for at first; every link of the round and of later ones carries it. */
const askedSchema = z.object({
  select: z.array(z.string()).nullable(),
  ids: z.array(z.string()).nullable(),
});

const stepSchema = z.object({
  main: segmentSchema,
  /** The round before, of which something is told again. */
  echo: segmentSchema.nullable(),
  /** The revision from which the next round reads. */
  began: z.number(),
  shuffled: z.boolean(),
  at: z.number(),
  place: placeSchema.nullable(),
  /** Where the page before began. */
  before: z.number().nullable(),
  page: z.number(),
});

const stampSchema = z.object({ tid: z.string(), kind: z.string(), issued: z.number(), generation: z.number() });
const skipSchema = z.object({ ...askedSchema.shape, ...stampSchema.shape, step: stepSchema });
const deltaSchema = z.object({ ...askedSchema.shape, ...stampSchema.shape, after: z.number(), last: segmentSchema });

/** A stretch of a round. */
export type Segment = z.infer<typeof segmentSchema>;
/** A place among the links of a group. */
export type LinkPlace = z.infer<typeof placeSchema>;
/** What a round was asked for. */
export type Asked = z.infer<typeof askedSchema>;
/** Where a round stands. */
export type Step = z.infer<typeof stepSchema>;
/** What a delta link leads on from. */
export type Resume = Pick<z.infer<typeof deltaSchema>, "after" | "last">;

/** Which links expire: those to the next page, or those to the next round. */
export type LinkKind = "next" | "delta";

/** Whose links are read and written. */
export interface LinkContext {
  world: World;
  t: DirectoryTenant;
  kind: ObjectKind;
}

/** A `$skiptoken` of a round. */
export function skipToken(context: LinkContext, asked: Asked, step: Step): string {
  return pack({ ...asked, ...stamp(context, "next"), step });
}

/** A `$deltatoken`. */
export function deltaToken(context: LinkContext, asked: Asked, resume: Resume): string {
  return pack({ ...asked, ...stamp(context, "delta"), ...resume });
}

/** Reads a `$skiptoken`. Throws what stale and malformed tokens are answered with. */
export function readSkipToken(context: LinkContext, url: URL, token: string): { asked: Asked; step: Step } {
  const read = checked(context, url, skipSchema.safeParse(unpack(token)).data, "next");
  return { asked: { select: read.select, ids: read.ids }, step: read.step };
}

/** Reads a `$deltatoken`. Throws what stale and malformed tokens are answered with. */
export function readDeltaToken(context: LinkContext, url: URL, token: string): { asked: Asked; resume: Resume } {
  const read = checked(context, url, deltaSchema.safeParse(unpack(token)).data, "delta");
  return { asked: { select: read.select, ids: read.ids }, resume: { after: read.after, last: read.last } };
}

/** Lets the links of a kind of object that were given out so far be too old. */
export function expireLinks({ world, t, kind }: LinkContext, link: LinkKind): void {
  countUp(world, t, `expired-${kind}-${link}`);
}

/** How often links were let expire. */
export function generationOf({ world, t, kind }: LinkContext, link: LinkKind): number {
  return count(world, t, `expired-${kind}-${link}`);
}

/** How long a link lives, in milliseconds. */
export const LINK_LIFE_MS = 7 * 86_400_000;

function stamp(context: LinkContext, link: LinkKind) {
  const { world, t, kind } = context;
  return { tid: t.id, kind, issued: world.now(), generation: generationOf(context, link) };
}

type Stamped = z.infer<typeof stampSchema> & Asked;

function checked<T extends Stamped>(context: LinkContext, url: URL, token: T | undefined, link: LinkKind): T {
  if (token === undefined || token.tid !== context.t.id || token.kind !== context.kind) throw badToken();
  const old = context.world.now() - token.issued > LINK_LIFE_MS;
  if (old || token.generation !== generationOf(context, link)) throw gone(context.world, url, token);
  return token;
}

function badToken(): GraphError {
  return new GraphError(400, "BadRequest", "Badly formed token.");
}

// The ways in which a link that is too old was seen refused. The first is the documented one.
function gone(world: World, url: URL, { select }: Asked): GraphError {
  const again = `${url.origin}${url.pathname}?${select === null ? "" : `$select=${select.join(",")}&`}$deltatoken=`;
  const restart = "The sync state generation is not found; continue with a full synchronization.";
  switch (world.settings().directory_gone_form) {
    case "location":
      return new GraphError(410, "syncStateNotFound", restart, { headers: { Location: again } });
    case "sync_state_not_found":
      return new GraphError(410, "SyncStateNotFound", restart, { more: { innererror: { code: "SyncStateInvalid" } } });
    case "resync_required":
      return new GraphError(
        410,
        "resyncRequired",
        "Resync required. Replace any local items with the server's version.",
      );
    case "bad_token":
      return badToken();
    case "40x":
      return new GraphError(400, "syncStateNotFound", restart);
  }
}
