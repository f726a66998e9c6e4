/**
 * `status`: what the daemon is, what it serves, and what is wrong.
 *
 * @module
 */
import { formatElapsed } from "../progress.ts";
import { quickCall } from "./call.ts";
import { type Command, type CommandRun, print } from "./command.ts";
import { count, type LockspaceJson, type StatusJson, table } from "./text.ts";

async function run(run: CommandRun): Promise<number> {
  const { v1 } = run.daemon.api;
  const status = await quickCall(run, (options) => v1.status.$get({ query: {} }, options));
  const { lockspaces } = await quickCall(
    run,
    (options) => v1.lockspaces.$get({ query: {} }, options),
  );
  print(run, { ...status, lockspaces }, () => statusText(status) + warnings(lockspaces));
  return 0;
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

function warnings(lockspaces: LockspaceJson[]): string {
  return lockspaces.filter(({ killed }) => killed).map(({ vg }) =>
    `VG ${vg} lost its lock storage: deactivate its LVs, then run lvmlockctl drop ${vg}\n`
  ).join("");
}

export const command: Command = {
  arguments: "",
  about: "Shows what the daemon is, what it serves, and what is wrong.",
  options: [],
  words: [0, 0],
  run,
};
