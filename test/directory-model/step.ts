/** What can happen to a tenant and its copy. */
import type { SyncType } from "../../src/directory/resources.ts";
import type { Json, TenantSize } from "./tenant.ts";
import type { Mishap, Poison, Target } from "./weather.ts";

/** One step. Times in ms. */
export type Step =
  | { readonly do: "change"; readonly seed: number; readonly steps: number }
  | {
      readonly do: "change-during";
      readonly target: Target;
      readonly page: number;
      readonly seed: number;
      readonly steps: number;
    }
  | { readonly do: "purge"; readonly kind: Kind; readonly share: number; readonly luck: number }
  | { readonly do: "restore-all" }
  | { readonly do: "sync"; readonly type: SyncType }
  | { readonly do: "due" }
  | { readonly do: "pass"; readonly ms: number }
  | { readonly do: "approve" | "cancel" }
  | { readonly do: "settings"; readonly change: Json }
  | { readonly do: "grant"; readonly licences: Json; readonly roles: readonly string[] }
  | { readonly do: "mishaps"; readonly target: Target; readonly mishaps: readonly Mishap[] }
  | { readonly do: "outage"; readonly targets: readonly Target[]; readonly mishap: Mishap; readonly ms: number }
  | { readonly do: "poison"; readonly target: Target; readonly how: Poison["how"]; readonly luck: number }
  | { readonly do: "cure" }
  | { readonly do: "expire"; readonly kind: "user" | "group" | "device"; readonly link: "delta" | "next" }
  | {
      readonly do: "expire-during";
      readonly target: "users" | "groups" | "devices";
      readonly page: number;
      readonly link: "delta" | "next";
    }
  | { readonly do: "evict" }
  | { readonly do: "evict-during"; readonly target: Target; readonly page: number; readonly when: "asked" | "answered" }
  | { readonly do: "fuse"; readonly statements: number; readonly ends: "life" | "statement" }
  | { readonly do: "entra"; readonly is: "well" | "refuses" | "down" }
  | { readonly do: "disconnect" };

/** What a script deletes many of. */
export type Kind = "user" | "group" | "device" | "managed" | "member";

/** A script. */
export interface Script {
  readonly seed: number;
  readonly size: TenantSize;
  readonly settings: Json;
  readonly steps: readonly Step[];
}
