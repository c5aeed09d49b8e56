import { CONSUMERS_TENANT, CONTOSO_TENANT, PEOPLE } from "../defaults.ts";
import { findOrAddUser, findUser, type User } from "../entra/users.ts";
import { guidFrom } from "../ids.ts";
import type { World } from "../world.ts";
import { WORKSPACES, type Workspace } from "./defaults.ts";

/** Somebody with an account at Notion: the people of the other providers, under an id of their own. */
export interface Member {
  name: string;
  id: string;
  displayName: string;
  email: string;
  avatarUrl: string | null;
  workspaces: Workspace[];
  refusesConsent: boolean;
}

/** The member of this name; a new name becomes a member of Contoso's workspace. */
export function findOrAddMember(world: World, name: string): Member {
  return memberOf(findOrAddUser(world, name, { kind: "common" }));
}

/** The member of this name. */
export function findMember(world: World, name: string): Member | undefined {
  const user = findUser(world, name);
  return user && memberOf(user);
}

/** Everybody whose home is a workspace. */
export function membersOf(world: World, workspace: Workspace): Member[] {
  const added = world.store.list<User>("user:").map(([, user]) => user.name);
  const names = new Set([...PEOPLE.map(({ name }) => name), ...added]);
  return [...names]
    .flatMap((name) => findMember(world, name) ?? [])
    .filter(({ workspaces }) => workspaces[0]?.id === workspace.id);
}

// Where the members of a tenant keep their pages: personal accounts have one each.
function workspaceOf(tid: string, person: string): Workspace {
  const known = WORKSPACES[tid];
  if (known !== undefined) return known;
  const owner = tid === CONSUMERS_TENANT ? person : tid;
  const name = tid === CONSUMERS_TENANT ? `${person}’s Notion` : `Workspace ${tid.slice(0, 4)}`;
  return { id: guidFrom(`notion-workspace:${owner}`), name, icon: null };
}

/** The user object of a person, as answers carry it. */
export function personObject({ id, displayName, email, avatarUrl }: Member) {
  return { object: "user", id, name: displayName, avatar_url: avatarUrl, type: "person", person: { email } };
}

// A guest of a tenant is a member of its workspace too; the first workspace is home.
function memberOf(user: User): Member {
  const home = workspaceOf(user.tid, user.name);
  const others = Object.keys(user.guestIn ?? {}).map((tid) => workspaceOf(tid, user.name));
  return {
    name: user.name,
    id: guidFrom(`notion-user:${user.name}`),
    displayName: user.displayName,
    email: user.mail ?? user.upn,
    avatarUrl: user.tid === CONTOSO_TENANT ? `https://avatars.notion.example/${user.name}.png` : null,
    workspaces: [home, ...others],
    refusesConsent: user.refusesConsent === true,
  };
}
