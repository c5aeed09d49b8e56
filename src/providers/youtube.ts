/** YouTube Data API v3, with Google's client. The grant is one with Google's: revoking either revokes both. */
import type { Config } from "../lib/config.ts";
import { googleProduct } from "./google-base.ts";
import { googleScope, YOUTUBE_PRODUCT } from "./google-scopes.ts";
import type { Claims, Identity, Provider } from "./provider.ts";
import { first, object, text } from "./read.ts";

const DAY_S = 86_400;
const RESET = "begins anew at midnight in Los Angeles";

/** YouTube as configured; undefined where no Google client is. */
export function youtube(config: Config): Provider | undefined {
  return googleProduct(config, ({ api, hosts }) => ({
    ...YOUTUBE_PRODUCT,
    name: "YouTube",
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
      limits: ["quotaExceeded", "rateLimitExceeded", "userRateLimitExceeded"],
      // Whoever has several channels picks one while consenting: the id_token does not say which.
      atConnect: true,
      read: readChannel,
    },
    // 10,000 units per project and day, whoever uses them: one user must not spend them all in a minute.
    proxyLimit: { quota: 60, windowMs: 60_000 },
    quotas: [
      { of: "units", amount: 10_000, windowS: DAY_S, per: "project", note: `a list costs 1, a write 50; ${RESET}` },
      { of: "searches", amount: 100, windowS: DAY_S, per: "project", note: RESET },
      { of: "uploads of videos", amount: 100, windowS: DAY_S, per: "project", note: RESET },
    ],
  }));
}

/** The channel's name and picture. An account without a channel has no `items` at all: it stays as the id_token has it. */
function readChannel({ items }: Claims): Partial<Identity> | undefined {
  const snippet = object(object(first(items))["snippet"]);
  const name = text(snippet["title"]);
  const picture = text(object(object(snippet["thumbnails"])["default"])["url"]);
  return name === null ? undefined : { name, picture };
}
