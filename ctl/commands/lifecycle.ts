/**
 * `start`, `stop` and `drop`: the life of a VG's lockspace.
 *
 * @module
 */
import { CtlExit, Exit } from "../exit.ts";
import { readVg } from "../lvm.ts";
import { withProgress } from "../progress.ts";
import { longCall, quickCall } from "./call.ts";
import { type Command, type CommandRun, print, usageError } from "./command.ts";
import { joiningText } from "./outlook.ts";
import { clientText, count, type LockspaceJson } from "./text.ts";

type StartBody = {
  lockType: "dlm" | "sanlock" | "idm";
  lockArgs: string;
  vgUuid?: string;
  hostId?: number;
  wait: boolean;
};

async function startVg(run: CommandRun): Promise<number> {
  const vg = run.words[0]!;
  const json = await startBody(run, vg);
  const result = await withProgress(
    run.io,
    () => describeStart(run, vg, json.lockType),
    () =>
      longCall(
        run,
        (query, options) =>
          run.daemon.api.v1.lockspaces[":vg"].start.$post({ param: { vg }, query, json }, options),
      ),
  );
  print(run, result, ({ state, changed }) => {
    return `VG ${vg}: its locking ${changed ? "is" : "was already"} ${
      state === "running" ? "started" : "starting"
    }.\n`;
  });
  return Exit.ok;
}

async function describeStart(run: CommandRun, vg: string, lockType: string): Promise<string> {
  const waiting = `Waiting for the ${lockType} lockspace of VG ${vg} to start`;
  const joining = (await askLockspace(run, vg))?.joining;
  return joining ? `${waiting}: ${joiningText(joining)}` : waiting;
}

/** Undefined if it is not there, or the daemon does not tell. */
async function askLockspace(run: CommandRun, vg: string): Promise<LockspaceJson | undefined> {
  return await quickCall(
    run,
    (options) => run.daemon.api.v1.lockspaces[":vg"].$get({ param: { vg }, query: {} }, options),
  ).catch(() => undefined);
}

/** Lock type and args come from the options or from the VG; they are never guessed. */
async function startBody(run: CommandRun, vg: string): Promise<StartBody> {
  const { flags } = run;
  const hostId = hostIdOf(run);
  let [lockType, lockArgs] = [flags.get("lock-type"), flags.get("lock-args")];
  let vgUuid = flags.get("vg-uuid");
  if (lockType === undefined || lockArgs === undefined) {
    const found = await readVg(vg);
    lockType ??= found.lockType;
    lockArgs ??= found.lockArgs;
    vgUuid ??= found.uuid;
  }
  if (!lockArgs || (lockType !== "dlm" && lockType !== "sanlock" && lockType !== "idm")) {
    const text = `VG ${vg} has lock type ${lockType || "none"} and ${
      lockArgs ? `lock args ${lockArgs}` : "no lock args"
    }: it is no shared VG`;
    throw new CtlExit(Exit.refused, `${run.io.programName}: ${text}\n`);
  }
  return {
    lockType,
    lockArgs,
    wait: !flags.has("no-wait"),
    ...(vgUuid ? { vgUuid } : {}),
    ...(hostId === undefined ? {} : { hostId }),
  };
}

function hostIdOf(run: CommandRun): number | undefined {
  const text = run.flags.get("host-id");
  if (text === undefined) return undefined;
  const hostId = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (hostId >= 1 && hostId <= 2000) return hostId;
  throw usageError(run, "--host-id is a number from 1 to 2000");
}

async function stopVg(run: CommandRun): Promise<number> {
  const vg = run.words[0]!;
  const json = { force: run.flags.has("force") };
  const result = await withProgress(
    run.io,
    () => describeStop(run, vg),
    () =>
      longCall(
        run,
        (query, options) =>
          run.daemon.api.v1.lockspaces[":vg"].stop.$post({ param: { vg }, query, json }, options),
      ),
  );
  print(run, result, ({ changed }) => {
    return `VG ${vg}: its locking ${changed ? "is stopped" : "was not started"}.\n`;
  });
  return Exit.ok;
}

async function describeStop(run: CommandRun, vg: string): Promise<string> {
  const waiting = `Waiting for the lockspace of VG ${vg} to stop`;
  const lockspace = await askLockspace(run, vg);
  if (!lockspace) return waiting;
  const askers = lockspace.pending.map(({ op, client }) => `${op} by ${clientText(client)}`);
  const pending = askers.length > 0 ? `; pending: ${askers.join(", ")}` : "";
  return `${waiting}: ${lockspace.state}, ${count(lockspace.locks, "lock")}${pending}`;
}

async function dropVg(run: CommandRun): Promise<number> {
  const vg = run.words[0]!;
  const result = await longCall(
    run,
    (query, options) =>
      run.daemon.api.v1.lockspaces[":vg"].drop.$post({ param: { vg }, query, json: {} }, options),
  );
  print(run, result, () => `VG ${vg}: its locks and lockspace are dropped.\n`);
  return Exit.ok;
}

export const start: Command = {
  arguments: "VG",
  about: "Starts a VG's locking and waits until it is started. Lock type and lock args are read\n" +
    "from the VG with `lvm vgs`, unless they are given.",
  options: [
    { long: "lock-type", argument: true, value: "dlm|sanlock|idm", help: "The VG's lock type" },
    { long: "lock-args", argument: true, value: "ARGS", help: "The VG's lock args" },
    { long: "vg-uuid", argument: true, value: "UUID", help: "The VG's UUID" },
    { long: "host-id", argument: true, value: "N", help: "sanlock: this host's id, 1 to 2000" },
    { long: "no-wait", help: "Come back when the start is under way" },
  ],
  words: [1, 1],
  run: startVg,
};

export const stop: Command = {
  arguments: "VG",
  about:
    "Stops a VG's locking and waits until it has stopped. With --force LVs may still be active:\n" +
    "they are not protected from other hosts any more.",
  options: [
    { long: "force", help: "Stop although LV locks are held" },
  ],
  words: [1, 1],
  run: stopVg,
};

export const drop: Command = {
  arguments: "VG",
  about: "Forgets the lockspace of a VG with all its locks, after the VG lost its lock storage.\n" +
    "Only safe when nothing on this host uses the VG any more.",
  options: [],
  words: [1, 1],
  run: dropVg,
};
