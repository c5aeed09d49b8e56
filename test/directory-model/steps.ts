/** What can happen to a tenant and its copy, made up from a seed. */
import { SYNC_TYPES, type SyncType } from "../../src/directory/resources.ts";
import { pick, randomFrom } from "../sandbox/directory/fraction.ts";
import { ALL_ROLES } from "../sandbox/directory/permissions.ts";
import { fixedSettings, settingsOf } from "./knobs.ts";
import type { Script, Step } from "./step.ts";
import type { TenantSize } from "./tenant.ts";
import { MISHAPS, type Target } from "./weather.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

type Random = () => number;

const READ: readonly Target[] = [
  "users",
  "users",
  "groups",
  "groups",
  "devices",
  "managed_devices",
  "sign_in_activity",
  "licences",
  "sign_ins",
  "directory_audits",
  "alerts",
];
const TYPES = Object.keys(SYNC_TYPES) as SyncType[];
const ITEM_POISONS = ["500", "html", "null", "no-id", "number", "flag", "time"] as const;

/** The script of a seed. */
export function scriptOf(seed: number): Script {
  const random = randomFrom(seed);
  const large = random() < 0.25;
  // Logs take most of a run's requests, because they are read at a slow pace: half of the tenants do not let them be read.
  const withLogs = random() < 0.4;
  const size: TenantSize = {
    seed,
    users: large ? whole(random, 80, 150) : whole(random, 20, 50),
    groups: large ? whole(random, 10, 25) : whole(random, 4, 12),
    devices: large ? whole(random, 60, 80) : whole(random, 10, 30),
    memberships: large ? whole(random, 150, 500) : whole(random, 20, 100),
    licences: { entra: pick(["p1", "p2", "p2", "free"], random()), intune: random() < 0.9, defender: random() < 0.7 },
    roles: withLogs ? ALL_ROLES : ALL_ROLES.filter((role) => role !== "Directory.Read.All"),
  };
  const settings = { ...settingsOf(random), ...fixedSettings(random) };
  const first: Step[] =
    random() < 0.8
      ? [
          { do: "sync", type: "full" },
          { do: "pass", ms: HOUR_MS },
        ]
      : [];
  const count = whole(random, 4, 11);
  return {
    seed,
    size,
    settings,
    steps: [...first, ...Array.from({ length: count }, () => stepOf(random, size)).flat()],
  };
}

function stepOf(random: Random, { roles }: TenantSize): Step[] {
  return pick(MAKERS, random())(random, roles);
}

type Maker = (random: Random, roles: readonly string[]) => Step[];

const change = (random: Random) => ({ seed: whole(random, 0, 2 ** 30), steps: whole(random, 1, 25) });
const sync = (random: Random): Step => ({ do: "sync", type: random() < 0.5 ? "incremental" : pick(TYPES, random()) });
const pass = (random: Random): Step => ({
  do: "pass",
  ms: pick([50, 2_000, 30_000, 5 * MINUTE_MS, HOUR_MS, 5 * HOUR_MS, 26 * HOUR_MS], random()),
});
const fuse = (random: Random, most: number): Step => ({
  do: "fuse",
  statements: whole(random, 1, most),
  ends: random() < 0.7 ? "life" : "statement",
});
const page = (random: Random) => Math.ceil(random() ** 2 * 4);

const changed: Maker = (random) => [
  { do: "change", ...change(random) },
  ...(random() < 0.3 ? [fuse(random, 40)] : []),
  sync(random),
  pass(random),
];
const changedDuring: Maker = (random) => [
  { do: "change-during", target: pick(READ, random()), page: page(random), ...change(random) },
  sync(random),
  pass(random),
];
const mishaps: Maker = (random) => {
  const target = pick([...READ, "token"] as const, random());
  const list = Array.from({ length: whole(random, 1, 6) }, () => pick(MISHAPS, random()));
  return [{ do: "mishaps", target, mishaps: list }, sync(random), pass(random)];
};

const MAKERS: readonly Maker[] = [
  changed,
  changed,
  changed,
  changedDuring,
  changedDuring,
  changedDuring,
  mishaps,
  mishaps,
  mishaps,
  (random) => [sync(random), pass(random)],
  (random) => [
    { do: "sync", type: pick(TYPES, random()) },
    { do: "pass", ms: whole(random, 1, 200) },
    sync(random),
    pass(random),
  ],
  (random) => [{ do: "due" }, pass(random)],
  (random) => [{ do: "pass", ms: whole(random, 1, 9) * DAY_MS }, { do: "due" }],
  (random) => [{ do: "change", ...change(random) }],
  (random) => [pass(random)],
  (random) => [
    {
      do: "purge",
      kind: pick(["user", "user", "group", "device", "managed", "managed", "member"], random()),
      share: 0.3 + random() * 0.6,
      luck: random(),
    },
    sync(random),
    pass(random),
    ...(random() < 0.3 ? [{ do: "restore-all" } as const] : []),
    random() < 0.5 ? { do: "approve" } : sync(random),
    pass(random),
  ],
  () => [{ do: "restore-all" }],
  () => [{ do: "approve" }],
  (random) => [sync(random), { do: "pass", ms: whole(random, 1, 200) }, { do: "cancel" }],
  (random) => [{ do: "settings", change: settingsOf(random) }],
  (random, roles) => [
    {
      do: "grant",
      licences: { entra: pick(["free", "p2"], random()), intune: random() < 0.6, defender: random() < 0.6 },
      roles: random() < 0.5 ? roles : roles.filter((role) => role === "Member.Read.Hidden" || random() < 0.7),
    },
    pass(random),
    sync(random),
    pass(random),
  ],
  (random) => [
    {
      do: "outage",
      targets: random() < 0.3 ? [...READ, "token"] : [pick(READ, random())],
      mishap: pick(["503", "503-after", "504", "429", "429-after", "500", "drop-before", "deaf"], random()),
      ms: pick([MINUTE_MS, HOUR_MS, 20 * HOUR_MS, 50 * HOUR_MS], random()),
    },
    sync(random),
    pass(random),
  ],
  (random) => [
    { do: "poison", target: pick(READ, random()), how: pick(ITEM_POISONS, random()), luck: random() },
    sync(random),
    pass(random),
    ...(random() < 0.5 ? [sync(random), pass(random)] : []),
    ...(random() < 0.5 ? [{ do: "cure" } as const] : []),
  ],
  () => [{ do: "cure" }],
  (random) => [
    { do: "expire", kind: pick(["user", "group", "device"], random()), link: pick(["delta", "next"], random()) },
    sync(random),
    pass(random),
  ],
  (random) => [
    {
      do: "expire-during",
      target: pick(["users", "groups", "devices"], random()),
      page: page(random),
      link: pick(["delta", "next", "next"], random()),
    },
    { do: "sync", type: pick(["full", "incremental"], random()) },
    pass(random),
  ],
  // What was seen before the links were gone may be gone itself by then.
  (random) => {
    const target = pick(["users", "groups", "devices"] as const, random());
    const at = 1 + page(random);
    return [
      { do: "change-during", target, page: at, seed: whole(random, 0, 2 ** 30), steps: 40 },
      { do: "expire-during", target, page: at, link: "next" },
      { do: "sync", type: "full" },
      pass(random),
    ];
  },
  // Refused twice, an option is done without.
  (random) => [
    { do: "mishaps", target: pick(READ, random()), mishaps: ["400", "400", ...(random() < 0.5 ? ["400", "400"] : [])] },
    { do: "sync", type: pick(["full", "incremental"], random()) },
    pass(random),
    { do: "change", ...change(random) },
    sync(random),
    pass(random),
  ],
  () => [{ do: "evict" }],
  (random) => [
    {
      do: "evict-during",
      target: pick(READ, random()),
      page: page(random),
      when: pick(["asked", "answered"], random()),
    },
    sync(random),
    pass(random),
  ],
  (random) => [fuse(random, 40), sync(random), pass(random)],
  (random) => [fuse(random, 150), sync(random), pass(random)],
  (random) => [
    { do: "entra", is: pick(["refuses", "down", "well"], random()) },
    sync(random),
    pass(random),
    { do: "entra", is: "well" },
  ],
  (random) => (random() < 0.4 ? [sync(random), pass(random), { do: "disconnect" }, { do: "sync", type: "full" }] : []),
];

function whole(random: Random, from: number, to: number): number {
  return from + Math.floor(random() * (to - from + 1));
}
