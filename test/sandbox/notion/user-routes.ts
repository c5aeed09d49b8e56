import { Hono } from "hono";
import type { World } from "../world.ts";
import { requireCapability, type NotionCaller } from "./caller.ts";
import { findIntegration } from "./clients.ts";
import type { Connection } from "./connections.ts";
import { NotionError } from "./errors.ts";
import { readId } from "./input.ts";
import { listAnswer, pagingOf } from "./lists.ts";
import { membersOf, personObject, type Member } from "./people.ts";
import { ownerOf } from "./token.ts";

/** The variables of a request to Notion's API. */
export interface NotionEnv {
  Variables: { caller: NotionCaller };
}

/** `/v1/users`: the bot behind the token, and the people of its workspace; guests are not listed. */
export function userRoutes(world: World): Hono<NotionEnv> {
  const app = new Hono<NotionEnv>();
  app.get("/me", (c) => c.json(botObject(world, c.var.caller.connection)));
  app.get("/", (c) => {
    requireCapability(world, "read_user", "read_user_with_email");
    return c.json(listAnswer("user", everybody(world, c.var.caller.connection), pagingOf(c.req.query())));
  });
  app.get("/:id", (c) => {
    requireCapability(world, "read_user", "read_user_with_email");
    const id = readId("user_id", c.req.param("id"));
    const found = everybody(world, c.var.caller.connection).find((user) => user.id === id);
    if (found === undefined) throw new NotionError("object_not_found", `Could not find user with ID: ${id}.`);
    return c.json(found);
  });
  return app;
}

function everybody(world: World, connection: Connection) {
  const people = membersOf(world, connection.workspace).map((member) => visible(world, member));
  return [...people, botObject(world, connection)];
}

function visible(world: World, member: Member) {
  const told = world.settings().notion_capabilities.includes("read_user_with_email");
  return { ...personObject(member), ...(!told && { person: {} }) };
}

function botObject(world: World, connection: Connection) {
  const { botId, clientId, workspace } = connection;
  return {
    object: "user",
    id: botId,
    name: findIntegration(world, clientId)?.name ?? null,
    avatar_url: null,
    type: "bot",
    bot: {
      owner: ownerOf(world, connection),
      workspace_id: workspace.id,
      workspace_limits: { max_file_upload_size_in_bytes: 5_368_709_120 },
      workspace_name: workspace.name,
    },
  };
}
