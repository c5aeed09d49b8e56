import { guidFrom } from "../ids.ts";
import type { World } from "../world.ts";
import type { Workspace } from "./defaults.ts";
import type { Member } from "./people.ts";

/** What one sign-in gave an integration: a bot in a workspace, and the pages it may see. Times in milliseconds. */
export interface Connection {
  id: string;
  botId: string;
  clientId: string;
  /** The name of the person who signed in. */
  person: string;
  workspace: Workspace;
  /** The ids of the pages that were picked. */
  pages: string[];
  createdAt: number;
  /** removed: by the person, at Notion. revoked: by the integration, or for a replayed token. */
  ended?: "removed" | "revoked";
}

interface Opening {
  clientId: string;
  member: Member;
  workspace: Workspace;
  pages: string[];
}

/** Opens a connection. */
export function openConnection(world: World, { clientId, member, workspace, pages }: Opening): Connection {
  const id = crypto.randomUUID();
  const perPerson = world.settings().notion_bot_per === "person";
  const botId = perPerson ? guidFrom(`notion-bot:${clientId}:${workspace.id}:${member.id}`) : crypto.randomUUID();
  return saveConnection(world, {
    id,
    botId,
    clientId,
    person: member.name,
    workspace,
    pages,
    createdAt: world.now(),
  });
}

/** Keeps a connection. */
export function saveConnection(world: World, connection: Connection): Connection {
  world.store.put(connectionKey(connection.id), connection);
  return connection;
}

/** The connection of this id. */
export function findConnection(world: World, id: string): Connection | undefined {
  return world.store.get<Connection>(connectionKey(id));
}

/** The connections of a bot or a person, oldest first; all without. */
export function listConnections(world: World, botOrPerson?: string): Connection[] {
  return world.store
    .list<Connection>(connectionKey(""))
    .map(([, connection]) => connection)
    .filter(({ botId, person }) => botOrPerson === undefined || botId === botOrPerson || person === botOrPerson)
    .toSorted((a, b) => a.createdAt - b.createdAt);
}

/** Ends a connection: none of its tokens works from now on. */
export function endConnection(world: World, connection: Connection, how: "removed" | "revoked"): Connection {
  return saveConnection(world, { ...connection, ended: connection.ended ?? how });
}

function connectionKey(id: string): string {
  return `notion-connection:${id}`;
}
