/** A login at a submission server (RFC 5321, 4954, 6409), and out again: nothing is sent. */
import { base64, plain } from "../sasl.ts";
import { LoginFailure } from "./causes.ts";
import { BOUNDS } from "./connection.ts";
import { bearerMechanism, decodeChallenge, type Dialog, refusedLogin, refusedStep } from "./dialog.ts";
import { greetingRefusal } from "./refusals.ts";

/** A reply: its code, and its lines without the code. */
interface Reply {
  readonly code: number;
  readonly lines: readonly string[];
  /** All in one line, the code before: what patterns and people read. */
  readonly text: string;
}

/** A Worker has no name of its own in the DNS: RFC 5321 section 4.1.4 has an address literal for that. */
const EHLO = "EHLO [127.0.0.1]";

/** Logs in and quits. Throws a {@link LoginFailure}. */
export async function loginBySmtp(dialog: Dialog): Promise<void> {
  const { connection, server } = dialog;
  connection.step("greeting");
  await readGreeting(dialog);
  let keywords = await hello(dialog);
  if (server.security === "starttls") {
    await startTls(dialog, keywords);
    // RFC 3207 section 4.2: what was offered before TLS counts for nothing.
    keywords = await hello(dialog);
  }
  await authenticate(dialog, mechanisms(keywords));
  connection.step("quit");
  // The login has been proved: how the server says goodbye changes nothing.
  await ask(dialog, "QUIT").catch(() => undefined);
}

async function readGreeting(dialog: Dialog): Promise<void> {
  const { code, text } = await readReply(dialog, "not_a_mail_server");
  if (code === 220) return;
  throw new LoginFailure(greetingRefusal(text)?.cause ?? "not_a_mail_server", { said: text });
}

async function hello(dialog: Dialog): Promise<string[]> {
  dialog.connection.step("ehlo");
  const { code, lines, text } = await ask(dialog, EHLO);
  if (code !== 250) throw refusedStep(text, "protocol_error");
  return lines.slice(1).map((line) => line.toUpperCase());
}

async function startTls(dialog: Dialog, keywords: readonly string[]): Promise<void> {
  if (!keywords.includes("STARTTLS")) throw new LoginFailure("starttls_missing");
  dialog.connection.step("starttls");
  const { code, text } = await ask(dialog, "STARTTLS");
  if (code !== 220) throw refusedStep(text, "starttls_missing");
  await dialog.connection.startTls();
}

/** The mechanisms offered; some old servers write `AUTH=` as well. */
function mechanisms(keywords: readonly string[]): ReadonlySet<string> {
  return new Set(keywords.filter((line) => /^AUTH[ =]/.test(line)).flatMap((line) => line.slice(5).split(" ")));
}

async function authenticate(dialog: Dialog, offered: ReadonlySet<string>): Promise<void> {
  const { username, secret } = dialog.login;
  const has = (name: string) => offered.has(name);
  if (secret.kind === "oauth") {
    const { name, response, afterChallenge } = bearerMechanism(dialog, secret.accessToken, has);
    await sasl(dialog, name, [response], afterChallenge);
  } else if (has("PLAIN")) await sasl(dialog, "PLAIN", [plain(username, secret.password)], "*");
  else if (has("LOGIN")) await sasl(dialog, "LOGIN", [base64(username), base64(secret.password)], "*");
  else throw new LoginFailure("mechanism_missing");
}

/** AUTH in steps: the command alone, each response after its 334, since tokens are longer than a command may be. */
async function sasl(
  dialog: Dialog,
  name: string,
  ...[responses, afterChallenge]: [responses: readonly string[], afterChallenge: string]
): Promise<void> {
  dialog.connection.step(`auth ${name}`, BOUNDS.authenticateMs);
  let reply = await ask(dialog, `AUTH ${name}`);
  let challenge: string | undefined;
  for (const response of responses) if (reply.code === 334) reply = await ask(dialog, response);
  if (reply.code === 334) {
    // Google's, and RFC 7628's, error challenge: answered, the refusal follows.
    challenge = decodeChallenge(reply.lines.join(""));
    reply = await ask(dialog, afterChallenge);
  }
  if (reply.code === 235) return;
  if (reply.code < 400) throw new LoginFailure("protocol_error", { said: reply.text });
  throw refusedLogin(dialog, { text: reply.text, challenge });
}

async function ask(dialog: Dialog, line: string): Promise<Reply> {
  await dialog.connection.send(line);
  return readReply(dialog, "protocol_error");
}

/** Reads a reply of one line or many (RFC 5321 section 4.2.1). `otherwise`: what a line that is none means. */
async function readReply({ connection }: Dialog, otherwise: "protocol_error" | "not_a_mail_server"): Promise<Reply> {
  const lines: string[] = [];
  for (let first: string | undefined; ;) {
    const line = await connection.readLine();
    const [, code, mark, text = ""] = /^([2-5]\d\d)(?:([ -])(.*))?$/.exec(line) ?? [];
    if (code === undefined || code !== (first ?? code)) throw new LoginFailure(otherwise, { said: line });
    first = code;
    lines.push(text);
    if (mark !== "-") return { code: Number(code), lines, text: joined(code, lines) };
  }
}

/** The lines of a reply as one: the enhanced status code (RFC 2034) that each repeats stands once. */
function joined(code: string, lines: readonly string[]): string {
  const status = /^[245]\.\d{1,3}\.\d{1,3} /.exec(lines[0] ?? "")?.[0] ?? "";
  const words = lines.map((line) => (status !== "" && line.startsWith(status) ? line.slice(status.length) : line));
  return `${code} ${status}${words.join(" ")}`;
}
