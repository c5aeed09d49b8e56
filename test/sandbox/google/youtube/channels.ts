import * as z from "zod";
import { guidFrom } from "../../ids.ts";
import type { World } from "../../world.ts";
import { findAccount, knownAccounts, type GoogleAccount } from "../accounts.ts";

const changeSchema = z.strictObject({
  title: z.string().optional(),
  description: z.string().optional(),
  handle: z.string().startsWith("@").optional(),
  views: z.number().int().nonnegative().optional(),
  subscribers: z.number().int().nonnegative().optional(),
  videos: z.number().int().nonnegative().optional(),
  hidden_subscribers: z.boolean().optional(),
});

/** A channel on YouTube. */
export interface Channel {
  id: string;
  title: string;
  description: string;
  handle: string;
  picture: string;
  views: number;
  subscribers: number;
  videos: number;
  hiddenSubscribers: boolean;
}

/** The channel of an account, if it has one: of the known people only ana has. */
export function channelOf(world: World, account: GoogleAccount): Channel | undefined {
  const kept = world.store.get<Channel | "none">(channelKey(account.name));
  if (kept !== undefined) return kept === "none" ? undefined : kept;
  return account.name === "ana" ? freshChannel(account) : undefined;
}

/** Gives an account a channel, changes the one it has, or with null takes it away. Throws a ZodError when malformed. */
export function changeChannel(world: World, account: GoogleAccount, input: unknown): Channel | null {
  const change = changeSchema.nullable().parse(input);
  if (change === null) {
    world.store.put(channelKey(account.name), "none");
    return null;
  }
  const { hidden_subscribers: hidden, ...given } = change;
  const before = channelOf(world, account) ?? freshChannel(account);
  const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const channel = { ...before, ...known, hiddenSubscribers: hidden ?? before.hiddenSubscribers };
  world.store.put(channelKey(account.name), channel);
  return channel;
}

/** Every channel there is. */
export function allChannels(world: World): Channel[] {
  const changed = world.store.list<unknown>(channelKey("")).map(([key]) => key.slice(channelKey("").length));
  const names = new Set([...knownAccounts(world).map(({ name }) => name), ...changed]);
  return [...names].flatMap((name) => {
    const account = findAccount(world, name);
    return (account && channelOf(world, account)) ?? [];
  });
}

/** Which part of a channel's resource is made how. Counters are texts. */
export const PARTS: Readonly<Record<string, (channel: Channel) => Record<string, unknown>>> = {
  id: () => ({}),
  snippet: ({ title, description, handle, picture }) => {
    const sizes = Object.entries({ default: 88, medium: 240, high: 800 });
    const thumbnails = sizes.map(([name, size]) => [name, { url: `${picture}=s${size}`, width: size, height: size }]);
    const localized = { title, description };
    return {
      title,
      description,
      customUrl: handle,
      publishedAt: "2020-01-01T00:00:00Z",
      thumbnails: Object.fromEntries(thumbnails) as Record<string, unknown>,
      localized,
      country: "IT",
    };
  },
  contentDetails: ({ id }) => ({ relatedPlaylists: { likes: "", uploads: `UU${id.slice(2)}` } }),
  statistics: ({ views, subscribers, videos, hiddenSubscribers }) => ({
    viewCount: String(views),
    subscriberCount: hiddenSubscribers ? "0" : String(subscribers),
    hiddenSubscriberCount: hiddenSubscribers,
    videoCount: String(videos),
  }),
  status: () => ({ privacyStatus: "public", isLinked: true, longUploadsStatus: "longUploadsUnspecified" }),
};

function freshChannel({ name, displayName, givenName }: GoogleAccount): Channel {
  return {
    id: `UC${guidFrom(`youtube:${name}`).replaceAll("-", "").slice(0, 22)}`,
    title: givenName === "" ? displayName : givenName,
    description: "",
    handle: `@${name}`,
    picture: `https://yt3.ggpht.com/ytc/${encodeURIComponent(name)}`,
    views: 120,
    subscribers: 7,
    videos: 3,
    hiddenSubscribers: false,
  };
}

function channelKey(name: string): string {
  return `google-channel:${name}`;
}
