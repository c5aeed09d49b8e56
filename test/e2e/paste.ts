/** Printed commands, run as somebody would who pasted them. */
import { execFileSync } from "node:child_process";

/** What a printed `curl` command answers: JSON as a value, anything else as its text. Where the machine has no curl the same request is sent without it. */
export async function paste(command: string, token: string): Promise<unknown> {
  if (hasCurl()) {
    const script = `TOKEN=${token}\n${command}`;
    return valueOf(execFileSync("sh", ["-c", script], { encoding: "utf8" }));
  }
  const answer = await fetch(requestOf(command, token));
  return valueOf(await answer.text());
}

function valueOf(text: string): unknown {
  return text.startsWith("{") ? JSON.parse(text) : text;
}

function hasCurl(): boolean {
  try {
    execFileSync("curl", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** The request that a `curl` command of ours makes. Throws on an option that is not known here. */
export function requestOf(command: string, token: string): Request {
  const [program, ...words] = wordsOf(command, token);
  if (program !== "curl") throw new Error(`not curl: ${command}`);
  const headers = new Headers();
  let body: string | undefined;
  let url: string | undefined;
  let method: string | undefined;
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === "-H") {
      const [, name = "", value = ""] = /^([^:]+): *(.*)$/.exec(words.shift() ?? "") ?? [];
      headers.set(name, value);
    } else if (word === "-d") body = words.shift();
    else if (word === "-X") method = words.shift();
    else if (word.startsWith("-") && word !== "-s" && word !== "-sN") throw new Error(`not known here: curl ${word}`);
    else if (!word.startsWith("-")) url = word;
  }
  return new Request(url ?? "", {
    headers,
    ...(body === undefined ? {} : { method: "POST", body }),
    ...(method === undefined ? {} : { method }),
  });
}

/** The words of a line of shell: bare, in single quotes, or in double quotes, where $TOKEN counts. */
function wordsOf(line: string, token: string): string[] {
  const words = line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g);
  return [...words].map(([, single, double, bare]) => single ?? (double ?? bare ?? "").replaceAll("$TOKEN", token));
}
