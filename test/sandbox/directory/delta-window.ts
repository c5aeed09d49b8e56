import type { LinkContext, Asked, LinkPlace, Segment } from "./delta-token.ts";
import type { Directory, Properties } from "./directory.ts";
import { edgeSlice, type Relation } from "./edges.ts";
import { fraction, permutation } from "./fraction.ts";
import { memberKey, type Member } from "./generated-edges.ts";
import { changesAfter, type JournalEntry } from "./journal.ts";
import { SHAPES } from "./properties.ts";

/** A link of a group; `holds` when it was just read and need not be looked up. */
export interface Link {
  relation: Relation;
  member: Member;
  holds: boolean;
}

/** One object that a page tells of, and what of it. */
export interface Touched {
  index: number;
  /** Everything that was asked for, whether or not it changed. */
  whole: boolean;
  names: Set<string>;
  links: Map<string, Link>;
  /** Present when the manager changed: who it was, as indexes. The client may know any of them. */
  managers?: Set<number>;
  /** The properties, when they are at hand already. */
  object?: Properties;
}

/** What a page tells, and where the next begins. */
export interface Window {
  touched: Touched[];
  next?: { at: number; place?: LinkPlace };
}

/** What a window is read from. */
export interface WindowContext extends LinkContext {
  d: Directory;
  asked: Asked;
  /** The properties that were asked for, links not among them. */
  names: readonly string[];
  shuffled: boolean;
  /** Whether the caller may see who is in a group whose membership is hidden. */
  hidden: boolean;
}

/** Where to read, and how much: every so many-th place, `links` of groups at most. */
export interface WindowRange {
  at: number;
  to: number;
  place?: LinkPlace | null;
  every: number;
  size: number;
  links: number;
}

/** The part of a segment that begins at a place. The state is read later: it is the one of when the page is made. */
export function readWindow(context: WindowContext, segment: Segment, range: WindowRange): Window {
  return segment.over === "all" ? windowOfAll(context, segment, range) : windowOfJournal(context, range);
}

/** Which relations of groups were asked for. Without a select the members are. */
export function askedRelations({ kind, asked }: WindowContext): Relation[] {
  if (kind !== "group") return [];
  return (["members", "owners"] as const).filter((name) => asked.select?.includes(name) ?? name === "members");
}

function windowOfAll(context: WindowContext, segment: Segment, range: WindowRange): Window {
  const { d, kind, world } = context;
  const { every, to, size } = range;
  const indexAt = indexes(context, segment);
  const ready = new Map(
    indexAt === undefined && every === 1 ? d.range(kind, range.at, Math.min(to, range.at + size)) : [],
  );
  const removed = world.settings().directory_initial_removed;
  const touched: Touched[] = [];
  let { at, links: left, place } = range;
  for (; at < to && touched.length < size && left > 0; at += every, place = null) {
    const index = indexAt === undefined ? at : indexAt(at);
    const live = index !== undefined && d.isLive(kind, index);
    if (index === undefined || (!live && !removed)) continue;
    const object = ready.get(index);
    const one: Touched = { ...untouched(index), whole: true, ...(object !== undefined && { object }) };
    touched.push(one);
    if (!live) continue;
    const next = takeLinks(context, one, { place: place ?? null, most: left });
    left -= one.links.size;
    if (next !== undefined) return { touched, next: { at, place: next } };
  }
  return { touched, ...(at < to && { next: { at } }) };
}

// Undefined where the place is the index.
function indexes({ d, t, kind, asked, shuffled }: WindowContext, { to }: Segment) {
  const { ids } = asked;
  if (ids !== null) return (at: number) => d.indexOf(kind, ids[at] ?? "");
  if (!shuffled || to === 0) return undefined;
  return permutation(to, fraction(t.seed, "shuffle", to), fraction(t.seed, "shuffle-step", to)).at;
}

function windowOfJournal(context: WindowContext, range: WindowRange): Window {
  const { world, t } = context;
  const touched = new Map<number, Touched>();
  const budget = { links: range.links };
  let { at, place } = range;
  for (let reads = 0; reads < MOST_READS; reads++) {
    const entries = changesAfter(world, t, { after: at, until: range.to, limit: READ_SIZE });
    for (const [revision, entry] of entries) {
      const stop = isAsked(context, entry) && take(context, touched, { entry, place: place ?? null, budget, range });
      if (stop !== undefined && stop !== false)
        return { touched: sampled(context, touched, range), next: { at: revision - 1, ...stop } };
      [at, place] = [revision, null];
    }
    if (entries.length < READ_SIZE) return { touched: sampled(context, touched, range) };
  }
  return { touched: sampled(context, touched, range), next: { at } };
}

/** What stands in the way of an entry: undefined when it was taken whole, a place when only some of its links were. */
interface Stop {
  place?: LinkPlace;
}

function take(
  context: WindowContext,
  touched: Map<number, Touched>,
  { range, ...taken }: Taken & { range: WindowRange },
): Stop | undefined {
  const { index } = taken.entry;
  if ((touched.size >= range.size && !touched.has(index)) || taken.budget.links <= 0) return {};
  const one = touched.get(index) ?? untouched(index);
  touched.set(index, one);
  const place = apply(context, one, taken);
  return place && { place };
}

function sampled({ shuffled }: WindowContext, touched: Map<number, Touched>, { every }: WindowRange): Touched[] {
  const some = [...touched.values()].filter((_, at) => at % every === 0);
  return shuffled ? some.toReversed() : some;
}

/** What a round says nothing about yet. */
function untouched(index: number): Touched {
  return { index, whole: false, names: new Set(), links: new Map() };
}

interface Taken {
  entry: JournalEntry;
  place: LinkPlace | null;
  /** How many links the page may still have. */
  budget: { links: number };
}

function apply(context: WindowContext, one: Touched, { entry, place, budget }: Taken): LinkPlace | undefined {
  const size = one.links.size;
  let next: LinkPlace | undefined;
  if (entry.what === "properties") for (const name of entry.names) one.names.add(name);
  else if (entry.what === "manager")
    one.managers = new Set([...(one.managers ?? []), ...(entry.before === null ? [] : [entry.before])]);
  else if (entry.what === "members" || entry.what === "owners")
    addLink(one, { relation: entry.what, member: entry.member, holds: false });
  else {
    one.whole = true;
    const links = entry.what === "restored" && entry.links && context.d.isLive(entry.kind, entry.index);
    if (links) next = takeLinks(context, one, { place, most: budget.links });
  }
  budget.links -= one.links.size - size;
  return next;
}

function takeLinks(
  context: WindowContext,
  one: Touched,
  { place, most }: { place: LinkPlace | null; most: number },
): LinkPlace | undefined {
  let left = most;
  for (const relation of askedRelations(context)) {
    if ((place?.relation === "owners" && relation === "members") || !maySee(context, one.index, relation)) continue;
    const from = place?.relation === relation ? place.from : 0;
    const { members, next } = edgeSlice(context.d, one.index, relation, { from, most: left });
    for (const member of members) addLink(one, { relation, member, holds: true });
    if (next !== undefined) return { relation, from: next };
    left -= members.length;
  }
  return undefined;
}

function addLink(one: Touched, link: Link): void {
  one.links.set(`${link.relation}:${memberKey(link.member)}`, link);
}

function isAsked(context: WindowContext, entry: JournalEntry): boolean {
  const { kind, asked, d } = context;
  if (entry.kind !== kind) return false;
  if (asked.ids?.every((id) => d.indexOf(kind, id) !== entry.index) === true) return false;
  const select = asked.select ?? SHAPES[kind].defaults;
  if (entry.what === "properties") return entry.names.some((name) => select.includes(name));
  if (entry.what === "manager") return select.includes("manager");
  if (entry.what === "members" || entry.what === "owners")
    return askedRelations(context).includes(entry.what) && maySee(context, entry.index, entry.what);
  return true;
}

function maySee({ d, hidden }: WindowContext, group: number, relation: Relation): boolean {
  return relation === "owners" || hidden || d.object("group", group)["visibility"] !== "HiddenMembership";
}

const READ_SIZE = 500;
const MOST_READS = 20;
