/** Knobs of the stand-in, as a script turns them. */
import { pick } from "../sandbox/directory/fraction.ts";
import type { Json } from "./tenant.ts";

/** What may be turned at any time. */
export function settingsOf(random: () => number): Json {
  return {
    directory_page_size: pick([5, 12, 12, 40, 100], random()),
    directory_member_slice: pick([3, 10, 50, 200], random()),
    directory_initial_removed: random() < 0.3,
    directory_replays: pick([0, 0, 3, 7], random()),
    directory_shuffle: random() < 0.3,
    directory_empty_pages: pick([0, 0, 2, 5], random()),
    directory_gone_form: pick(["location", "sync_state_not_found", "resync_required", "bad_token", "40x"], random()),
    intune_refusal: pick(["forbidden", "bad_request", "not_found"], random()),
    alerts_refusal: pick(["forbidden", "access_denied", "empty_code"], random()),
    intune_date_filter: pick(["exact", "misses"], random()),
  };
}

/** What stays as it is: a tenant that tells of members that go tells of them when they return, too. */
export function fixedSettings(random: () => number): Json {
  const told = random() < 0.4;
  return {
    directory_tombstone_members: told,
    directory_restore_members: told || random() < 0.5 ? "links" : "silent",
    ...(random() < 0.3 ? { directory_throttle: true, directory_throttle_scale: 0.02 + random() / 5 } : {}),
  };
}
