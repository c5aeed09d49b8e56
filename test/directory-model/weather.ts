/** What happens to requests on their way to the stand-in and back: by resource, once each, for a while, or for good. */
import { fraction } from "../sandbox/directory/fraction.ts";
import type { Json } from "./tenant.ts";

/** What a request is for. */
export type Target =
  | "users"
  | "groups"
  | "devices"
  | "managed_devices"
  | "sign_in_activity"
  | "licences"
  | "sign_ins"
  | "directory_audits"
  | "alerts"
  | "count"
  | "token";

/** What may befall one request. `deaf`: never answered. `twice`: some items of the page stand on it twice. */
export const MISHAPS =
  "429 429-after 429-date 500 502 503 503-after 504 408 509 drop-before drop-after html empty cut breaks-off deaf slow 401 twice strained 400 410 nowhere circle".split(
    " ",
  );
/** Those that no run may fail for: they pass, or everything is read instead. */
const CURABLE = new Set(
  "429 429-after 429-date 502 503 503-after 504 408 509 drop-before drop-after deaf slow twice strained 410".split(" "),
);
/** Readings that were begun over so often are given up, and so is what is silent for a day and a half. */
const MOST_CURABLE = 3;

/** One of {@link MISHAPS}. */
export type Mishap = string;

/** A page that cannot be had, or an item that cannot be read, for as long as it lasts: whoever meets that object. */
export interface Poison {
  readonly target: Target;
  readonly how: "500" | "html" | "null" | "no-id" | "number" | "flag" | "time";
  /** In [0, 1): which of the objects that come by. */
  readonly luck: number;
  /** The object, once one was met. */
  id?: string;
  /** The latest request that met it, counted per target. */
  met: number;
}

/** See the head of this file. */
export class Weather {
  readonly mishaps = new Map<Target, Mishap[]>();
  /** Until when everything of some targets is answered with that, ms. */
  outages: { readonly targets: readonly Target[]; readonly mishap: Mishap; readonly until: number }[] = [];
  poisons: Poison[] = [];
  /** Whether Entra refuses the application's secret, or is down. */
  entra: "well" | "refuses" | "down" = "well";
  /** How often a run may have been kept from its end: a run during which it does not grow had no excuse. */
  harm = 0;
  /** Links that were let expire, by what they are to. */
  readonly gone = new Map<Target, number>();
  #count = 0;

  constructor(readonly seed: number) {}

  /** A number in [0, 1) of its own for each asking. */
  luck(): number {
    this.#count += 1;
    return fraction(this.seed, "weather", this.#count);
  }

  /** What befalls this request. */
  take(target: Target, now: number): Mishap | undefined {
    const outage = this.outages.find(({ targets, until }) => until > now && targets.includes(target));
    if (target === "token" && this.entra !== "well")
      return this.note(this.entra === "down" ? "500" : "refused", target);
    if (outage) this.harm += 1;
    const taken = outage?.mishap ?? this.mishaps.get(target)?.shift();
    return taken && this.note(taken, target);
  }

  /** The page that this request of its target brings, after poison: a status, or the items as they arrive. */
  spoil(target: Target, arrived: unknown[], count: number): { mishap?: Mishap; items: unknown[] } {
    let items = arrived;
    for (const poison of this.poisons.filter((one) => one.target === target)) {
      const at = placeOf(poison, items);
      if (at === undefined) continue;
      poison.met = Math.max(poison.met, count);
      this.harm += 1;
      if (poison.how === "500" || poison.how === "html") return { mishap: poison.how, items };
      items = items.with(at, malformed(items[at] as Json, poison.how));
    }
    return { items };
  }

  /** Everything is well again. */
  clear(): void {
    this.mishaps.clear();
    this.outages = [];
    this.poisons = [];
    this.entra = "well";
  }

  /** A link that is gone. More often than a few times in a run is harm. */
  noteGone(target: Target): void {
    const count = (this.gone.get(target) ?? 0) + 1;
    this.gone.set(target, count);
    if (count > MOST_CURABLE) this.harm += 1;
  }

  note(mishap: Mishap, target: Target): Mishap {
    if (!CURABLE.has(mishap)) this.harm += 1;
    if (mishap === "410") this.noteGone(target);
    return mishap;
  }
}

/** Where on the page the poisoned object stands. The first page that has items decides who it is. */
function placeOf(poison: Poison, items: readonly unknown[]): number | undefined {
  const alive = items.filter((item) => !("@removed" in (item as Json)));
  if (poison.id === undefined) {
    const chosen = alive[Math.floor(poison.luck * alive.length)] as Json | undefined;
    if (typeof chosen?.["id"] !== "string") return undefined;
    poison.id = chosen["id"];
  }
  const at = items.findIndex((item) => (item as Json)["id"] === poison.id && !("@removed" in (item as Json)));
  return at < 0 ? undefined : at;
}

function malformed(item: Json, how: Poison["how"]): unknown {
  switch (how) {
    case "null":
      return null;
    case "no-id":
      return { ...item, id: 17, skuId: 17 };
    case "number":
      return {
        ...item,
        displayName: 12,
        deviceName: 12,
        skuPartNumber: 12,
        appDisplayName: 12,
        title: 12,
        category: 12,
        signInActivity: 12,
      };
    case "flag":
      return {
        ...item,
        accountEnabled: "yes",
        isEncrypted: "yes",
        mailEnabled: "yes",
        signInActivity: [],
        isInteractive: "yes",
        status: "x",
        severity: {},
        result: {},
        consumedUnits: "x",
      };
    case "time":
      return {
        ...item,
        createdDateTime: "soon",
        registrationDateTime: "soon",
        enrolledDateTime: "soon",
        activityDateTime: "soon",
        signInActivity: { lastSignInDateTime: "soon" },
        lastUpdateDateTime: 5,
        prepaidUnits: "x",
      };
    case "500":
    case "html":
      return item;
  }
}

/** What a request is for, by its address. */
export function targetOf(url: URL): Target {
  const path = url.pathname.replace(/^\/v1\.0/, "");
  if (path.endsWith("/$count") || path.endsWith("/%24count")) return "count";
  return TARGETS.find(([start]) => path.startsWith(start))?.[1] ?? "token";
}

const TARGETS: readonly (readonly [string, Target])[] = [
  ["/users/delta", "users"],
  ["/users", "sign_in_activity"],
  ["/groups/delta", "groups"],
  ["/devices/delta", "devices"],
  ["/deviceManagement/managedDevices", "managed_devices"],
  ["/subscribedSkus", "licences"],
  ["/auditLogs/signIns", "sign_ins"],
  ["/auditLogs/directoryAudits", "directory_audits"],
  ["/security/alerts_v2", "alerts"],
];
