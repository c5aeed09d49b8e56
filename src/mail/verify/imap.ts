/** A login by IMAP (RFC 3501, 9051): as far as INBOX, and out again. */
import { plain } from "../sasl.ts";
import { LoginFailure } from "./causes.ts";
import { BOUNDS } from "./connection.ts";
import { bearerMechanism, decodeChallenge, type Dialog, refusedLogin, refusedStep } from "./dialog.ts";
import { greetingRefusal } from "./refusals.ts";

/** Longest command in one line: servers need not take more than 8,192 bytes (RFC 7162 section 4). */
const INLINE_BYTES = 8000;

/** An answer to a command: how it ended, and what was said before. */
interface Answer {
  readonly status: string;
  readonly text: string;
  readonly untagged: readonly string[];
}

type Tag = () => string;

/** Logs in, selects INBOX and logs out. Throws a {@link LoginFailure}. */
export async function loginByImap(dialog: Dialog): Promise<void> {
  const { connection, server } = dialog;
  let count = 0;
  const tag = () => `A${(count += 1)}`;
  connection.step("greeting");
  await readGreeting(dialog);
  let capabilities = await readCapabilities(dialog, tag());
  if (server.security === "starttls") {
    await startTls(dialog, tag(), capabilities);
    // What was offered before TLS counts for nothing.
    capabilities = await readCapabilities(dialog, tag());
  }
  await authenticate(dialog, tag, capabilities);
  connection.step("select INBOX");
  const selected = await command(dialog, { tag: tag(), text: "SELECT INBOX" });
  if (selected.status !== "OK") throw refusedSelect(dialog, selected);
  connection.step("logout");
  // The login has been proved: how the server says goodbye changes nothing.
  await command(dialog, { tag: tag(), text: "LOGOUT" }).catch(() => undefined);
}

async function readGreeting({ connection }: Dialog): Promise<void> {
  const line = await connection.readLine();
  if (/^\* OK\b/i.test(line)) return;
  // Logged in already, so that nothing could be proved; before STARTTLS it is an attack (CVE-2020-12398).
  if (/^\* PREAUTH\b/i.test(line)) throw new LoginFailure("protocol_error", { said: line });
  const row = /^\* BYE\b/i.test(line) ? greetingRefusal(line) : undefined;
  throw new LoginFailure(row?.cause ?? "not_a_mail_server", { said: line });
}

async function readCapabilities(dialog: Dialog, tag: string): Promise<ReadonlySet<string>> {
  dialog.connection.step("capability");
  const { status, text, untagged } = await command(dialog, { tag, text: "CAPABILITY" });
  const line = untagged.find((one) => /^CAPABILITY /i.test(one));
  if (status !== "OK" || line === undefined) throw refusedStep(text, "protocol_error");
  return new Set(line.toUpperCase().split(" ").slice(1));
}

async function startTls(dialog: Dialog, tag: string, capabilities: ReadonlySet<string>): Promise<void> {
  if (!capabilities.has("STARTTLS")) throw new LoginFailure("starttls_missing");
  dialog.connection.step("starttls");
  const { status, text } = await command(dialog, { tag, text: "STARTTLS" });
  if (status !== "OK") throw refusedStep(text, "starttls_missing");
  await dialog.connection.startTls();
}

async function authenticate(dialog: Dialog, tag: Tag, capabilities: ReadonlySet<string>): Promise<void> {
  const { username, secret } = dialog.login;
  const offers = (name: string) => capabilities.has(`AUTH=${name}`);
  if (secret.kind === "oauth") {
    const { name, ...says } = bearerMechanism(dialog, secret.accessToken, offers);
    await sasl(dialog, tag(), { name, ...says, inline: capabilities.has("SASL-IR") });
  } else if (offers("PLAIN")) {
    const response = plain(username, secret.password);
    await sasl(dialog, tag(), { name: "PLAIN", response, afterChallenge: "*", inline: capabilities.has("SASL-IR") });
  } else if (capabilities.has("LOGINDISABLED")) throw new LoginFailure("mechanism_missing");
  else await login(dialog, tag(), secret.password);
}

/** AUTHENTICATE (RFC 9051 section 6.2.2), with the initial response in the command where the server takes it (RFC 4959). */
async function sasl(
  dialog: Dialog,
  tag: string,
  of: { name: string; response: string; afterChallenge: string; inline: boolean },
): Promise<void> {
  dialog.connection.step(`authenticate ${of.name}`, BOUNDS.authenticateMs);
  const inline = of.inline && of.response.length <= INLINE_BYTES;
  const waiting = inline ? [] : [of.response];
  let challenge: string | undefined;
  const more = (text: string): string => {
    const response = waiting.shift();
    if (response !== undefined) return response;
    // A second challenge would ask for more than any of these mechanisms has to say.
    if (challenge !== undefined) return unasked(text);
    challenge = decodeChallenge(text);
    return of.afterChallenge;
  };
  const answer = await command(dialog, {
    tag,
    text: `AUTHENTICATE ${of.name}${inline ? ` ${of.response}` : ""}`,
    more,
  });
  if (answer.status !== "OK") throw refusedLogin(dialog, { text: answer.text, challenge });
}

/** LOGIN: quoted strings take ASCII alone, so that anything else goes as a literal, which waits for leave. */
async function login(dialog: Dialog, tag: string, password: string): Promise<void> {
  dialog.connection.step("login", BOUNDS.authenticateMs);
  const words = [dialog.login.username, password].map((text) => (/^[ -~]*$/.test(text) ? quoted(text) : literal(text)));
  const [user = [], pass = []] = words;
  const parts = [...user.slice(0, -1), `${user.at(-1)} ${pass[0]}`, ...pass.slice(1)];
  const [first = "", ...later] = parts;
  const more = (text: string) => later.shift() ?? unasked(text);
  const answer = await command(dialog, { tag, text: `LOGIN ${first}`, more });
  if (answer.status !== "OK") throw refusedLogin(dialog, { text: answer.text });
}

const quoted = (text: string): string[] => [`"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`];
const literal = (text: string): string[] => [`{${new TextEncoder().encode(text).length}}`, text];

/** A command; `more` answers each request to go on. */
interface Command {
  readonly tag: string;
  readonly text: string;
  readonly more?: (challenge: string) => string;
}

/** Sends a command and reads as far as its own answer. */
async function command({ connection }: Dialog, { tag, text, more = unasked }: Command): Promise<Answer> {
  await connection.send(`${tag} ${text}`);
  const untagged: string[] = [];
  for (;;) {
    const line = await connection.readLine();
    if (line.startsWith("+")) await connection.send(more(line.slice(1).trimStart()));
    else if (/^\* BYE\b/i.test(line) && text !== "LOGOUT") throw ended(line);
    // A literal's bytes are somebody's text: a line of it must not be taken for an answer. Nothing asked here has one.
    else if (/\{\d+\+?\}$/.test(line)) throw new LoginFailure("protocol_error", { said: line });
    else if (line.startsWith("* ")) untagged.push(line.slice(2));
    else return tagged(line, tag, untagged);
  }
}

function unasked(said: string): never {
  throw new LoginFailure("protocol_error", { said });
}

function tagged(line: string, tag: string, untagged: readonly string[]): Answer {
  const [own, status = "", ...rest] = line.split(" ");
  if (own !== tag || !/^(?:OK|NO|BAD)$/i.test(status)) throw new LoginFailure("protocol_error", { said: line });
  // Google puts the words that say why into an untagged answer, too.
  const alerts = untagged.filter((one) => /^(?:NO|BAD)\b/i.test(one));
  return { status: status.toUpperCase(), text: [rest.join(" "), ...alerts].join(" "), untagged };
}

/** The server ends the connection and may say why. */
function ended(line: string): LoginFailure {
  const row = greetingRefusal(line);
  return new LoginFailure(row && row.cause !== "client_blocked" ? row.cause : "connection_lost", { said: line });
}

/** The login was good: what is refused now is the mailbox. */
function refusedSelect(dialog: Dialog, { text }: Answer): LoginFailure {
  const failure = refusedLogin(dialog, { text });
  const isVague = ["wrong_password", "token_refused", "token_wrong_resource"].includes(failure.verdict);
  return isVague ? new LoginFailure("mailbox_not_permitted", { said: text }) : failure;
}
