import { Hono, type Context } from "hono";
import { guidFrom } from "../../ids.ts";
import type { World } from "../../world.ts";
import { authenticateApi, requireScope, type ApiCaller, type ApiEnv } from "../api-caller.ts";
import { badParameter, GoogleApiError, googleApiErrorResponse } from "../api-errors.ts";
import { pageSize } from "../pages.ts";
import { allChannels, channelOf, PARTS, type Channel } from "./channels.ts";
import { chargeQuota } from "./quota.ts";

const SCOPES = ["youtube", "youtube.readonly", "youtube.force-ssl", "youtubepartner"];
const FILTERS = ["categoryId", "forHandle", "forUsername", "id", "managedByMe", "mine"];
const LIST_COST = 1;

/** YouTube Data v3, below `/youtube/v3` of www.googleapis.com and youtube.googleapis.com. */
export function youtubeRoutes(world: World): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  app.onError((error) => {
    if (error instanceof GoogleApiError) return googleApiErrorResponse(error);
    throw error;
  });
  app.use(async (c, next) => {
    c.set("caller", authenticateApi(world, c.req.raw, "youtube"));
    await next();
  });
  app.get("/channels", (c) => listChannels(world, c));
  app.all("*", () => googleApiErrorResponse(new GoogleApiError(404, "notFound", "Not Found")));
  return app;
}

// What is wrong costs as much as what is right, and so does what did not change.
function listChannels(world: World, c: Context<ApiEnv>): Response {
  const { caller } = c.var;
  requireScope(caller, "youtube.api.v3.V3DataChannelService.List", SCOPES);
  chargeQuota(world, caller.clientId, LIST_COST);
  const query = new URL(c.req.url).searchParams;
  const parts = readParts(query);
  const resultsPerPage = pageSize(query, 5, 50);
  const found = select(world, caller, query).slice(0, resultsPerPage);
  const items = found.map((channel) => channelResource(channel, parts));
  const body = {
    kind: "youtube#channelListResponse",
    pageInfo: { totalResults: found.length, resultsPerPage },
    // Where there is none, the member is absent.
    ...(items.length > 0 && { items }),
  };
  const etag = etagOf(body);
  if (c.req.header("If-None-Match") === etag) return c.body(null, 304, { ETag: etag });
  return c.json({ ...body, etag }, 200, { ETag: etag });
}

function readParts(query: URLSearchParams): string[] {
  const text = query.getAll("part").join(",");
  if (text === "") {
    const location = { type: "parameter", name: "part" } as const;
    throw new GoogleApiError(400, "required", "Required parameter: part", { location });
  }
  const parts = text.split(",").map((part) => part.trim());
  const unknown = parts.find((part) => !Object.hasOwn(PARTS, part));
  if (unknown === undefined) return [...new Set(parts)];
  throw new GoogleApiError(400, "unknownPart", `'${unknown}'`, {
    domain: "youtube.part",
    location: { type: "parameter", name: "part" },
  });
}

function select(world: World, { account }: ApiCaller, query: URLSearchParams): Channel[] {
  const [filter, ...others] = FILTERS.filter((name) => query.has(name));
  if (filter === undefined || others.length > 0) {
    const text =
      filter === undefined
        ? `No filter selected. Expected one of: ${FILTERS.join(", ")}`
        : `Incompatible parameters specified in the request: ${[filter, ...others].join(", ")}`;
    const reason = filter === undefined ? "missingRequiredParameter" : "incompatibleParameters";
    throw new GoogleApiError(400, reason, text, { domain: "youtube.parameter" });
  }
  const value = query.get(filter) ?? "";
  if (filter === "mine" && value === "true") return [channelOf(world, account) ?? []].flat();
  const ids = new Set(value.split(","));
  if (filter === "id") return allChannels(world).filter(({ id }) => ids.has(id));
  const handle = value.startsWith("@") ? value : `@${value}`;
  if (filter === "forHandle") return allChannels(world).filter((channel) => channel.handle === handle);
  throw badParameter(filter, "The sandbox does not know this filter, or not with this value.");
}

function channelResource(channel: Channel, parts: readonly string[]) {
  const shown = parts.filter((part) => part !== "id").map((part) => [part, PARTS[part]?.(channel)]);
  const resource = { kind: "youtube#channel", id: channel.id, ...(Object.fromEntries(shown) as object) };
  return { ...resource, etag: etagOf(resource) };
}

function etagOf(value: unknown): string {
  return guidFrom(JSON.stringify(value)).replaceAll("-", "").slice(0, 27);
}
