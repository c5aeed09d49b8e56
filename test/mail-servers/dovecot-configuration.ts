/** Dovecot's configuration (2.3, as Debian 12 has it): everything in one folder, nothing of the machine's own. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Certificates } from "./certificates.ts";

/** What it is made for. `gateway`: where tokens are asked for, in a form that its reader understands. */
interface Wanted {
  readonly folder: string;
  readonly certificates: Certificates;
  readonly passwords: Readonly<Record<string, string>>;
  readonly gateway: string;
  readonly tls: number;
  readonly starttls: number;
}

/** Writes it with all that it names; answers its path. */
export function writeConfiguration(wanted: Wanted): string {
  const { folder, passwords, gateway } = wanted;
  const file = (name: string) => path.join(folder, name);
  for (const name of ["run", "mail"]) mkdirSync(file(name));
  // Mail belongs to somebody else than whoever runs the tests, where that is root.
  chmodSync(folder, 0o755);
  chmodSync(file("mail"), 0o777);
  const users = Object.entries(passwords).map(([name, password]) => `${name}:{PLAIN}${password}\n`);
  writeFileSync(file("users"), users.join(""));
  for (const lookup of LOOKUPS) writeFileSync(file(`${lookup.name}.ext`), lookupText(lookup, gateway));
  const parts = [generalText(wanted), SERVICES, ...LOOKUPS.map(({ name }) => passdbText(file(`${name}.ext`)))];
  writeFileSync(file("dovecot.conf"), [...parts, peopleText(folder)].join("\n"));
  return file("dovecot.conf");
}

function generalText({ folder, certificates, tls, starttls }: Wanted): string {
  const { internal, group, login } = whoRuns();
  return `base_dir = ${folder}/run
state_dir = ${folder}/run
log_path = ${folder}/log
instance_name = latchkey-test
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_cert = <${certificates.certificate}
ssl_key = <${certificates.key}
disable_plaintext_auth = yes
auth_mechanisms = xoauth2 oauthbearer plain login
auth_failure_delay = 0
default_internal_user = ${internal}
default_internal_group = ${group}
default_login_user = ${login}
mail_location = maildir:${folder}/mail/%u
first_valid_uid = 1
first_valid_gid = 1
service imap-login {
 chroot =
 inet_listener imap {
  port = ${starttls}
 }
 inet_listener imaps {
  port = ${tls}
  ssl = yes
 }
}`;
}

/** Only root can change a root. Whoever fails is made to wait longer each time, and here all come from one address. */
const SERVICES = `service anvil {
 chroot =
 unix_listener anvil-auth-penalty {
  mode = 0
 }
}
service stats {
 chroot =
}`;

/** Asked in this order: is the login refused though the token is good; is it the token's own mailbox; is it a shared one. */
const LOOKUPS = [
  { name: "refused", user: "username", active: "refused", more: "pass_attrs = nologin=y reason=%{oauth2:reason}" },
  { name: "own", user: "username", active: "active", more: "" },
  { name: "shared", user: "shared", active: "active", more: "" },
] as const;

function lookupText({ name, user, active, more }: (typeof LOOKUPS)[number], gateway: string): string {
  return `introspection_mode = post
introspection_url = ${gateway}/${name}
client_id = dovecot
client_secret = dovecot
username_attribute = ${user}
active_attribute = ${active}
active_value = yes
use_grant_password = no
${more}
`;
}

function passdbText(file: string): string {
  return `passdb {
 driver = oauth2
 mechanisms = xoauth2 oauthbearer
 args = ${file}
 result_failure = continue
 result_internalfail = continue-fail
}`;
}

function peopleText(folder: string): string {
  const { uid, gid } = whoRuns();
  return `passdb {
 driver = passwd-file
 mechanisms = plain login
 args = ${folder}/users
}
userdb {
 driver = static
 args = uid=${uid} gid=${gid} home=${folder}/mail/%u
}
`;
}

const NOBODY = 65_534;

/** Root gives its work to nobody; anybody else does it all. */
function whoRuns() {
  const { username, uid, gid } = os.userInfo();
  if (uid === 0) return { internal: "root", group: "root", login: "nobody", uid: NOBODY, gid: NOBODY };
  const group = execFileSync("id", ["-gn"], { encoding: "utf8" }).trim();
  return { internal: username, group, login: username, uid, gid };
}
