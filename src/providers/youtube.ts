/** YouTube Data API v3, with Google's client. The grant is one with Google's: revoking either revokes both. */
import type { Config } from "../lib/config.ts";
import { googleProduct, googleScope } from "./google-base.ts";
import type { Claims, Identity, Provider } from "./provider.ts";
import { first, object, text } from "./read.ts";

/** YouTube as configured; undefined where no Google client is. */
export function youtube(config: Config): Provider | undefined {
  return googleProduct(config, ({ api, hosts }) => ({
    id: "youtube",
    name: "YouTube",
    catalogue: [
      { scope: googleScope("youtube.readonly"), name: "See the YouTube account", sensitivity: "sensitive" },
      { scope: googleScope("yt-analytics.readonly"), name: "See YouTube Analytics reports", sensitivity: "sensitive" },
      { scope: googleScope("youtube.upload"), name: "Upload videos", sensitivity: "sensitive" },
      {
        scope: googleScope("youtube.force-ssl"),
        name: "Manage videos, comments and captions",
        sensitivity: "sensitive",
      },
      { scope: googleScope("youtube"), name: "Manage the YouTube account", sensitivity: "sensitive" },
      {
        scope: googleScope("youtubepartner"),
        name: "Manage assets and content as a partner",
        sensitivity: "restricted",
      },
    ],
    features: {
      profile: [],
      "channel.read": ["youtube.readonly", "youtube", "youtube.force-ssl"].map(googleScope),
      "channel.write": ["youtube.force-ssl", "youtube"].map(googleScope),
      "video.upload": ["youtube.upload", "youtube", "youtube.force-ssl"].map(googleScope),
    },
    scopes: [googleScope("youtube.readonly")],
    resources: {
      youtube: {
        scopePrefix: "",
        baseUrl: api,
        hosts: hosts("youtube.googleapis.com", "youtubeanalytics.googleapis.com"),
      },
    },
    account: {
      url: `${api}/youtube/v3/channels?part=snippet&mine=true`,
      resource: "youtube",
      headers: {},
      // Whoever has several channels picks one while consenting: the id_token does not say which.
      atConnect: true,
      read: readChannel,
    },
    // 10,000 units per project and day, whoever uses them: one user must not spend them all in a minute.
    proxyLimit: { quota: 60, windowMs: 60_000 },
  }));
}

/** The channel's name and picture. An account without a channel has no `items` at all: it stays as the id_token has it. */
function readChannel({ items }: Claims): Partial<Identity> | undefined {
  const snippet = object(object(first(items))["snippet"]);
  const name = text(snippet["title"]);
  const picture = text(object(object(snippet["thumbnails"])["default"])["url"]);
  return name === null ? undefined : { name, picture };
}
