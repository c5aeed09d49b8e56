import * as fc from "fast-check";
import { expect, test } from "vitest";
import { clearMarks, stageUnseen } from "../../src/directory/write/removal.ts";
import { applyAll, type Counted, inDirectory, tombstone, write } from "./writing.ts";

/** What a source says of a device; a key that is missing is a property that is not told. */
type Said = { readonly registration?: string | null; readonly name?: string | null; readonly model?: string | null };
type Source = "devices" | "managed_devices";
type Step =
  | { readonly do: "tell"; readonly id: string; readonly said: Said }
  | { readonly do: "end"; readonly id: string; readonly reason: "changed" | "deleted" }
  | { readonly do: "read all"; readonly meanwhile: readonly Step[] };

const PREFIX = { devices: "e", managed_devices: "i" } as const;
const SOURCES = ["devices", "managed_devices"] as const;

/** What each source has, whatever the order in which it is heard. */
class World {
  readonly #has = { devices: new Map<string, Required<Said>>(), managed_devices: new Map<string, Required<Said>>() };

  /** The complete word where the source has not had the device, and nothing where two would have one registration. */
  tell(source: Source, id: string, said: Said): Said | undefined {
    const known = this.#has[source].get(id);
    const whole = { registration: null, name: null, model: null, ...known, ...said };
    const taken = [...this.#has[source]].some(
      ([other, { registration }]) => other !== id && registration !== null && registration === whole.registration,
    );
    if (taken) return undefined;
    this.#has[source].set(id, whole);
    return known ? said : whole;
  }

  end(source: Source, id: string): boolean {
    return this.#has[source].delete(id);
  }

  all(source: Source): [string, Required<Said>][] {
    return [...this.#has[source]];
  }

  rows() {
    const intune = new Map(this.all("managed_devices"));
    const rows = this.all("devices").map(([entra_id, entra]) => {
      const found = [...intune].find(
        ([, { registration }]) => registration !== null && registration === entra.registration,
      );
      if (found) intune.delete(found[0]);
      return rowOfBoth([entra_id, entra], found);
    });
    return [...rows, ...[...intune].map((one) => rowOfBoth(undefined, one))].toSorted(byIds);
  }
}

function rowOfBoth(entra: [string, Required<Said>] | undefined, intune: [string, Required<Said>] | undefined) {
  return {
    entra_id: entra?.[0] ?? null,
    intune_id: intune?.[0] ?? null,
    registration_id: (entra ?? intune)?.[1].registration ?? null,
    name: intune?.[1].name ?? entra?.[1].name ?? null,
    model: intune?.[1].model ?? entra?.[1].model ?? null,
    // What one side alone says; here it repeats its name.
    profile_type: entra?.[1].name ?? null,
    serial: intune?.[1].name ?? null,
  };
}

interface Ids {
  readonly entra_id: string | null;
  readonly intune_id: string | null;
}

function byIds(one: Ids, two: Ids): number {
  return `${one.entra_id} ${one.intune_id}` < `${two.entra_id} ${two.intune_id}` ? -1 : 1;
}

function itemOf(source: Source, id: string, { registration, name, model }: Said) {
  const [key, called, own] =
    source === "devices"
      ? ["deviceId", "displayName", "profileType"]
      : ["azureADDeviceId", "deviceName", "serialNumber"];
  return {
    id,
    ...(registration !== undefined && { [key]: registration }),
    ...(name !== undefined && { [called]: name, [own]: name }),
    ...(model !== undefined && { model }),
  };
}

function play(sql: Counted, world: World, source: Source, step: Step): void {
  switch (step.do) {
    case "tell": {
      const said = world.tell(source, step.id, step.said);
      if (said) write(sql, source, [itemOf(source, step.id, said)]);
      return;
    }
    case "end":
      // Intune has no tombstones: its records are missed by a reading of everything.
      if (source === "managed_devices") return world.end(source, step.id) ? readAll(sql, world, source, []) : undefined;
      world.end(source, step.id);
      write(sql, source, [tombstone(step.id, step.reason)]);
      return;
    case "read all":
      readAll(sql, world, source, step.meanwhile);
  }
}

/** Reads all of a source in two pages, while the other one goes on in between. */
function readAll(sql: Counted, world: World, source: Source, meanwhile: readonly Step[]): void {
  const items = world.all(source).map(([id, said]) => itemOf(source, id, said));
  clearMarks(sql, source);
  write(sql, source, items.slice(0, 2), { full: true });
  const other = source === "devices" ? "managed_devices" : "devices";
  for (const step of meanwhile) play(sql, world, other, step);
  write(sql, source, items.slice(1), { full: true });
  stageUnseen(sql, source);
  applyAll(sql, source);
}

const registration = fc.constantFrom("r1", "r2", "r3", null);
const label = fc.constantFrom("a", "b", null);
const said = fc.record({ registration, name: label, model: label }, { requiredKeys: [] });

function stepsOf(source: Source): fc.Arbitrary<Step> {
  const id = fc.constantFrom("1", "2", "3").map((n) => `${PREFIX[source]}${n}`);
  return fc.oneof(
    { weight: 5, arbitrary: fc.record({ do: fc.constant("tell" as const), id, said }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant("end" as const), id, reason: fc.constantFrom("changed", "deleted") }),
    },
  );
}

const steps = fc.array(
  fc.constantFrom(...SOURCES).chain((source) => {
    const other = source === "devices" ? "managed_devices" : "devices";
    // Between the pages of one reading the other source tells; it does not read everything itself, for brevity.
    const tells = stepsOf(other).filter((step) => step.do === "tell");
    const all = fc.record({ do: fc.constant("read all" as const), meanwhile: fc.array(tells, { maxLength: 3 }) });
    const step = fc.oneof<fc.Arbitrary<Step>[]>(stepsOf(source), stepsOf(source), stepsOf(source), all);
    return fc.record({ source: fc.constant<Source>(source), step, ends: fc.boolean() });
  }),
  { maxLength: 25 },
);

test(
  "whatever the order of what Entra and Intune tell, change and end, the devices are those that the two have",
  { timeout: 120_000 },
  () =>
    inDirectory((sql) => {
      fc.assert(
        fc.property(steps, (list) => {
          for (const table of ["nodes", "devices", "changes", "staged", "marks"]) sql.run(`DELETE FROM ${table}`);
          const world = new World();
          for (const { source, step, ends } of list) {
            play(sql, world, source, step);
            if (ends) for (const kind of SOURCES) applyAll(sql, kind);
          }
          for (const kind of SOURCES) applyAll(sql, kind);
          expect(storedRows(sql)).toEqual(world.rows());
          expect(
            sql.all("SELECT d.n FROM devices AS d JOIN nodes USING (n) WHERE entra_id IS NOT NULL AND entra_id <> id"),
          ).toEqual([]);
          const before = sql.rowsWritten();
          for (const source of SOURCES)
            write(
              sql,
              source,
              world.all(source).map(([id, what]) => itemOf(source, id, what)),
            );
          expect(sql.rowsWritten()).toBe(before);
        }),
        { numRuns: 300 },
      );
    }),
);

function storedRows(sql: Counted) {
  return sql
    .all<{ entra_id: string | null; intune_id: string | null }>(
      "SELECT entra_id, intune_id, registration_id, name, model, profile_type, serial FROM devices WHERE gone_at IS NULL",
    )
    .toSorted(byIds);
}
