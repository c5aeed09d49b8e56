import type { World } from "../world.ts";
import { answerBrowser } from "./authorize-answer.ts";
import { readDestination } from "./authorize-request.ts";
import { EntraError, errorPage, errorParameters } from "./errors.ts";
import { findAudience } from "./tenants.ts";

/** Answers an authorize request with a planned error: at the redirect URI when it is registered. */
export function authorizeFault(world: World, url: URL, failure: EntraError): Response {
  try {
    const audience = findAudience(world, url.pathname.split("/")[1] ?? "");
    const destination = readDestination(world, url.searchParams, audience);
    return answerBrowser(destination, errorParameters(world, url.origin, failure));
  } catch (error) {
    if (error instanceof EntraError) return errorPage(world, url.origin, error);
    throw error;
  }
}
