/** The vault of a keeper, with what its object lends it, and what stands upon it. */
import { createJournal } from "../connections/journal.ts";
import { createTrail, type TrailStorage } from "../connections/trail.ts";
import { createVault, type Vault, type VaultPorts } from "../connections/vault.ts";
import type { KeeperStorage } from "../connections/journal.ts";
import { systemClock } from "../lib/clock.ts";
import type { Owner } from "../lib/ids.ts";
import { deskMemory, type MailDesk } from "../mail/desk.ts";
import type { System } from "../system.ts";

/** What an object lends: its own storage, its life and its alarm. */
type Lent = Pick<VaultPorts, "background" | "wakeBy"> & { readonly storage: KeeperStorage & TrailStorage };

/** Opens the vault of one owner. */
export function openVault(system: System, owner: Owner, { storage, ...lent }: Lent): Vault {
  const { name, basePath, mainBasePath, config, ring, rows, events, sender, erasure } = system;
  const log = system.log.with({ system: name, owner });
  const ports = { clock: systemClock, log, random: Math.random, ...lent };
  const vault: Vault = createVault({
    ...ports,
    system: name,
    owner,
    basePath,
    mainBasePath,
    publicUrl: config.publicUrl,
    scopePolicy: config.scopePolicy,
    ring,
    rows,
    events,
    webhooks: config.webhooks,
    audit: createTrail({
      ...ports,
      system: name,
      owner,
      storage,
      rows: system.audit,
      busy: () => vault.memory.refreshes.size > 0,
    }),
    journal: createJournal(storage),
    sender,
    erasure,
    provider: (id) => system.provider(id),
    isShared: (row, providers) => system.isShared(row, providers),
  });
  return vault;
}

/** Opens the desk of the same owner's mail accounts. */
export function openDesk({ mailAccounts: rows, config }: System, vault: Vault): MailDesk {
  const { cloud, environment } = config;
  return { vault, rows, cloud, anywhere: environment === "development", memory: deskMemory() };
}
