/** What a login is made with. */

/** How a mailbox is opened. */
export type MailSecret =
  | { readonly kind: "password"; readonly password: string }
  | { readonly kind: "oauth"; readonly accessToken: string };

/** Who logs in. `username` may be a shared mailbox, with the token of somebody who may open it. */
export interface MailLogin {
  readonly username: string;
  readonly secret: MailSecret;
}
