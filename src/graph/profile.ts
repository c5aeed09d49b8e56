/** The signed-in user's profile (Microsoft Graph, "Get a user"). */
import * as z from "zod";
import { failure } from "../lib/errors.ts";
import type { Graph } from "./client.ts";

/** Who the connected account is. */
export interface Profile {
  readonly id: string;
  readonly display_name: string | null;
  readonly given_name: string | null;
  readonly surname: string | null;
  /** The mail address; where there is none (no licence, some personal accounts) the user principal name. */
  readonly mail: string;
  readonly user_principal_name: string;
  readonly job_title: string | null;
  readonly office_location: string | null;
  readonly preferred_language: string | null;
  readonly mobile_phone: string | null;
  readonly business_phones: readonly string[];
}

const text = z.string().nullish().default(null);

const Me = z.object({
  id: z.string(),
  displayName: text,
  givenName: text,
  surname: text,
  mail: text,
  userPrincipalName: z.string(),
  jobTitle: text,
  officeLocation: text,
  preferredLanguage: text,
  mobilePhone: text,
  businessPhones: z.array(z.string()).nullish(),
});

/** Reads `/me`. Failures: those of {@link Graph.request}, and `provider_error` for an answer that is not a profile. */
export async function readProfile(graph: Graph): Promise<Profile> {
  const { body } = await graph.request({ path: "/me", label: "profile", needs: ["User.Read"] });
  const me = Me.safeParse(body);
  if (!me.success) throw failure("provider_error", "Microsoft Graph's answer is not a profile.", { cause: me.error });
  const { data } = me;
  return {
    id: data.id,
    display_name: data.displayName,
    given_name: data.givenName,
    surname: data.surname,
    mail: data.mail ?? data.userPrincipalName,
    user_principal_name: data.userPrincipalName,
    job_title: data.jobTitle,
    office_location: data.officeLocation,
    preferred_language: data.preferredLanguage,
    mobile_phone: data.mobilePhone,
    business_phones: data.businessPhones ?? [],
  };
}
