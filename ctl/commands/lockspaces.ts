/**
 * `lockspaces`: the VGs whose locking is started.
 *
 * @module
 */
import { quickCall } from "./call.ts";
import { type Command, type CommandRun, print } from "./command.ts";
import { alarms, hostsTable, hostsText, leaseText, notices } from "./outlook.ts";
import { ageText, type LockspaceJson, table } from "./text.ts";

async function run(run: CommandRun): Promise<number> {
  const [vg] = run.words;
  if (vg !== undefined) return await one(run, vg);
  const result = await quickCall(
    run,
    (options) => run.daemon.api.v1.lockspaces.$get({ query: {} }, options),
  );
  print(run, result, ({ lockspaces }) => lockspacesText(lockspaces));
  return 0;
}

async function one(run: CommandRun, vg: string): Promise<number> {
  const result = await quickCall(
    run,
    (options) => run.daemon.api.v1.lockspaces[":vg"].$get({ param: { vg }, query: {} }, options),
  );
  print(run, result, lockspaceText);
  return 0;
}

/** One lockspace with the hosts in it. */
export function lockspaceText(lockspace: LockspaceJson): string {
  return `${lockspacesText([lockspace])}\n${hostsTable(lockspace.hosts)}`;
}

/** A table; one sentence if there is nothing to show. What is wrong comes before it. */
export function lockspacesText(lockspaces: LockspaceJson[]): string {
  if (lockspaces.length === 0) return "No lockspace is started.\n";
  const shown = columns.filter(({ cell, optional }) => !optional || lockspaces.some(cell));
  const titles = shown.map(({ title }) => title);
  const rows = lockspaces.map((lockspace) => shown.map(({ cell }) => cell(lockspace)));
  return alarms(lockspaces) + table([titles, ...rows]) + notices(lockspaces);
}

interface Column {
  title: string;
  cell: (lockspace: LockspaceJson) => string;
  /** Left out where it would be empty. */
  optional?: boolean;
}

const columns: readonly Column[] = [
  { title: "VG", cell: ({ vg }) => vg ?? "(global)" },
  { title: "TYPE", cell: ({ lockType }) => lockType ?? "unknown" },
  { title: "STATE", cell: stateText },
  { title: "FOR", cell: ({ ageSeconds }) => ageText(ageSeconds) },
  { title: "HOST", cell: ownHostText },
  { title: "LOCKS", cell: ({ locks }) => `${locks}` },
  { title: "WAITING", cell: ({ waiting }) => `${waiting}` },
  { title: "LEASE", cell: ({ lease }) => leaseText(lease), optional: true },
  { title: "HOSTS", cell: ({ hosts }) => hostsText(hosts), optional: true },
  { title: "GLOBAL LOCK", cell: ({ globalLock, vg }) => globalLock || vg === null ? "yes" : "" },
  { title: "ARGS", cell: ({ lockArgs }) => lockArgs ?? "" },
];

function stateText({ state, killed, dropped }: LockspaceJson): string {
  return [state, ...(killed ? ["killed"] : []), ...(dropped ? ["dropped"] : [])].join(", ");
}

function ownHostText({ hostId, generation }: LockspaceJson): string {
  if (hostId === null) return "";
  return generation === null ? `${hostId}` : `${hostId} generation ${generation}`;
}

export const command: Command = {
  arguments: "[VG]",
  about: "Lists the VGs whose locking is started, and in which state it is; of one VG also the\n" +
    "hosts that share it, as far as the lock manager tells.",
  options: [],
  words: [0, 1],
  run,
};
