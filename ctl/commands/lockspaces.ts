/**
 * `lockspaces`: the VGs whose locking is started.
 *
 * @module
 */
import { quickCall } from "./call.ts";
import { type Command, type CommandRun, print } from "./command.ts";
import { ageText, type LockspaceJson, table } from "./text.ts";

async function run(run: CommandRun): Promise<number> {
  const result = await quickCall(
    run,
    (options) => run.daemon.api.v1.lockspaces.$get({ query: {} }, options),
  );
  print(run, result, ({ lockspaces }) => lockspacesText(lockspaces));
  return 0;
}

/** A table; one sentence if there is nothing to show. */
export function lockspacesText(lockspaces: LockspaceJson[]): string {
  if (lockspaces.length === 0) return "No lockspace is started.\n";
  const titles = ["VG", "TYPE", "STATE", "FOR", "HOST", "LOCKS", "WAITING", "GLOBAL LOCK", "ARGS"];
  return table([titles, ...lockspaces.map(row)]);
}

function row(lockspace: LockspaceJson): string[] {
  const { state, killed, dropped } = lockspace;
  const marks = [state, ...(killed ? ["killed"] : []), ...(dropped ? ["dropped"] : [])];
  return [
    lockspace.vg ?? "(global)",
    lockspace.lockType ?? "unknown",
    marks.join(", "),
    ageText(lockspace.ageSeconds),
    hostText(lockspace),
    `${lockspace.locks}`,
    `${lockspace.waiting}`,
    lockspace.globalLock || lockspace.vg === null ? "yes" : "",
    lockspace.lockArgs ?? "",
  ];
}

function hostText({ hostId, generation }: LockspaceJson): string {
  if (hostId === null) return "";
  return generation === null ? `${hostId}` : `${hostId} generation ${generation}`;
}

export const command: Command = {
  arguments: "",
  about: "Lists the VGs whose locking is started, and in which state it is.",
  options: [],
  words: [0, 0],
  run,
};
