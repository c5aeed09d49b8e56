/**
 * Runs a command for as long as somebody holds the other end of standard input: when that end closes, even because its
 * holder was killed, the command and all that it started end too. To be started as the leader of a process group.
 */
import { spawn } from "node:child_process";

const GRACE_MS = 3_000;
const [command = "", ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"] });
let abandoned = false;

process.on("SIGTERM", () => child.kill("SIGTERM"));
// The group is told as a whole, so this process hears it too; it outlives the signal to see the others end.
process.on("SIGINT", () => undefined);
process.stdin.on("end", abandon).resume();
child.on("error", (error) => {
  console.error(`${command}: ${error.message}`);
  process.exitCode = 1;
  process.stdin.destroy();
});
child.on("exit", (code) => {
  if (abandoned) endGroup("SIGKILL");
  process.exit(code ?? 1);
});

function abandon() {
  abandoned = true;
  endGroup("SIGTERM");
  setTimeout(() => endGroup("SIGKILL"), GRACE_MS);
}

/** @param {NodeJS.Signals} signal */
function endGroup(signal) {
  process.kill(-process.pid, signal);
}
