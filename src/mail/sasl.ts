/** SASL strings by which a mail client shows an access token: XOAUTH2 (Google's, Exchange's) and OAUTHBEARER (RFC 7628). No I/O. */
import { type FieldError, notValid } from "../lib/errors.ts";

/** Ends a key-value pair in both mechanisms. */
const SEPARATOR = "\u0001";
/** Whoever could place one of these in a value could add pairs of their own, or end the line. */
export const CONTROL = /\p{Cc}/u;

/**
 * The initial response of XOAUTH2, base64. `user` is the mailbox: a shared one takes the token of whoever may open it.
 * Throws `validation_failed` on `user` or `access_token` for one that is empty or holds a control character.
 */
export function xoauth2(user: string, accessToken: string): string {
  refuseControls({ user, access_token: accessToken });
  return base64(`user=${user}${SEPARATOR}auth=Bearer ${accessToken}${SEPARATOR}${SEPARATOR}`);
}

/**
 * The initial response of OAUTHBEARER, base64: RFC 7628 section 3.1, with the server that is talked to.
 * Throws `validation_failed` on `user`, `host` or `access_token` for one that is empty or holds a control character.
 */
export function oauthbearer(of: { user: string; host: string; port: number; accessToken: string }): string {
  const { user, host, port, accessToken } = of;
  refuseControls({ user, host, access_token: accessToken });
  const pairs = [`host=${host}`, `port=${port}`, `auth=Bearer ${accessToken}`].join(SEPARATOR);
  return base64(`n,a=${saslName(user)},${SEPARATOR}${pairs}${SEPARATOR}${SEPARATOR}`);
}

/** The response of PLAIN (RFC 4616), base64. Throws `validation_failed` on `username` or `password`, as above. */
export function plain(username: string, password: string): string {
  refuseControls({ username, password });
  return base64(`\u0000${username}\u0000${password}`);
}

/** UTF-8, then base64 in one line: neither protocol lets it be wrapped. */
export function base64(text: string): string {
  const bytes = new TextEncoder().encode(text);
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

/** RFC 5801 section 4: the two characters that mean something in the GS2 header. */
function saslName(user: string): string {
  return user.replaceAll("=", "=3D").replaceAll(",", "=2C");
}

function refuseControls(fields: Readonly<Record<string, string>>): void {
  const errors = Object.entries(fields).flatMap(([path, value]): FieldError[] => {
    if (value === "") return [{ path, message: "must not be empty" }];
    return CONTROL.test(value) ? [{ path, message: "must not hold a control character" }] : [];
  });
  if (errors.length > 0) throw notValid(errors);
}
