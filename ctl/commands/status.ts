/**
 * `status`: what the daemon is, what it serves, and what is wrong.
 *
 * @module
 */
import { Exit } from "../exit.ts";
import { formatElapsed } from "../progress.ts";
import { quickCall } from "./call.ts";
import { type Command, type CommandRun, print } from "./command.ts";
import { alarms, notices } from "./outlook.ts";
import { count, type StatusJson, table } from "./text.ts";

async function run(run: CommandRun): Promise<number> {
  const { v1 } = run.daemon.api;
  const status = await quickCall(run, (options) => v1.status.$get({ query: {} }, options));
  const { lockspaces } = await quickCall(
    run,
    (options) => v1.lockspaces.$get({ query: {} }, options),
  );
  const wrong = alarms(lockspaces);
  const text = () => `${wrong}${statusText(status)}${notices(lockspaces)}`;
  print(run, { ...status, lockspaces }, text);
  return wrong === "" ? Exit.ok : Exit.trouble;
}

/** The status without what is wrong. */
export function statusText(status: StatusJson): string {
  const { counts } = status;
  const mode = status.testMode ? ", test mode" : "";
  const up = formatElapsed(status.uptimeSeconds * 1000);
  const managers = status.lockManagers.map((manager) => [
    "Lock manager",
    `${manager.type ?? "unknown"} (${manager.provider})` +
    `${manager.clusterName === null ? "" : `, cluster ${manager.clusterName}`}: ` +
    manager.protects,
  ]);
  return `lvmlockd ${status.version}, pid ${status.pid}, up ${up}${mode}\n` + table([
    ...managers,
    ["Global lock", status.globalLockType ?? "not chosen yet"],
    ["Native socket", status.nativeSocket],
    ["API socket", status.apiSocket],
    [
      "Serving",
      [
        count(counts.lockspaces, "lockspace"),
        count(counts.locks, "lock"),
        `${counts.waiting} waiting`,
        count(counts.clients, "client"),
        count(counts.sessions, "session"),
      ].join(", "),
    ],
  ]);
}

export const command: Command = {
  arguments: "",
  about:
    "Shows what the daemon is, what it serves, and what is wrong: the leases of this host are\n" +
    "late or lost, or a VG lost its lock storage. Exits with 3 then.",
  options: [],
  words: [0, 0],
  run,
};
