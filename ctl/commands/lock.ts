/**
 * `lock` and `unlock`: takes a lock for the time of a command, or until it is released.
 *
 * @module
 */
import type { OpenSession } from "../../core/api/client.ts";
import { Deadline } from "../deadline.ts";
import { Exit } from "../exit.ts";
import { withProgress } from "../progress.ts";
import { isProblem, longCall, problemExit, quickCall } from "./call.ts";
import { type Command, type CommandRun, print, usageError } from "./command.ts";
import { HeldLock, runUnderLock } from "./held_lock.ts";
import { type LockTarget, readTarget, targetOptions, targetText } from "./lock_target.ts";
import { holdersText, hostText, type RemoteHostJson } from "./text.ts";

type Mode = "sh" | "ex";

/** Between two attempts for a lock that another host has: it does not tell when it lets go. */
const otherHostPauseMs = 1000;

async function lock(run: CommandRun): Promise<number> {
  const { target, rest: [mode, ...extra] } = await readTarget(run);
  if ((mode !== "sh" && mode !== "ex") || extra.length > 0) {
    throw usageError(
      run,
      "expected the mode, sh or ex, behind the lock, then `-- PROGRAM …` if any",
    );
  }
  const persistent = run.flags.has("persistent");
  if (persistent && run.program.length > 0) {
    throw usageError(run, "a persistent lock outlives every program: leave one of them out");
  }
  return persistent ? await takePersistent(run, target, mode) : await hold(run, target, mode);
}

async function takePersistent(run: CommandRun, target: LockTarget, mode: Mode): Promise<number> {
  // Taken in a session, it is listed with our name and process.
  const session = await openSession(run, "lvmlockctl");
  const result = await acquire(run, target, mode, { session: session.id, persistent: true })
    .finally(() => session.close());
  const words = target.type === "gl"
    ? "gl"
    : target.type === "vg"
    ? `vg ${target.vg}`
    : `lv ${target.vg}/${target.lvName ?? target.lvUuid}`;
  print(run, result, ({ alreadyHeld }) => {
    const state = alreadyHeld ? "was already locked" : "is locked";
    return `${targetText(target)} ${state} ${mode}, until lvmlockctl unlock ${words}\n`;
  });
  return Exit.ok;
}

function openSession(run: CommandRun, command: string): Promise<OpenSession> {
  const printable = command.replace(/\p{Cc}/gu, "?").slice(0, 63);
  return run.daemon.openSession({ command: printable, pid: Deno.pid });
}

async function hold(run: CommandRun, target: LockTarget, mode: Mode): Promise<number> {
  const command = run.program[0]?.replace(/^.*\//, "") || "lvmlockctl";
  const session = await openSession(run, command);
  try {
    // The stream is read from now on, so that a lock that is lost at once is noticed as well.
    const held = new HeldLock(session, target);
    const result = await acquire(run, target, mode, { session: session.id, persistent: false });
    const code = run.program.length > 0
      ? await runUnderLock(run, held)
      : await holdUntilInterrupted(run, held, target, mode, result);
    if (!held.lost && !result.covered) await releaseTransient(run, target, session);
    return code;
  } finally {
    session.close();
  }
}

async function holdUntilInterrupted(
  run: CommandRun,
  held: HeldLock,
  target: LockTarget,
  mode: Mode,
  result: unknown,
): Promise<number> {
  print(run, result, () => `${targetText(target)} is locked ${mode}, until this is interrupted\n`);
  const interrupted = Promise.withResolvers<void>();
  const stop = () => interrupted.resolve();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, stop);
  }
  await Promise.race([interrupted.promise, held.whenLost]);
  return held.lost ? held.reportLoss(run) : Exit.ok;
}

/** The session's end would do, but then the lock may still be there when this process is gone. */
async function releaseTransient(
  run: CommandRun,
  target: LockTarget,
  session: OpenSession,
): Promise<void> {
  const json = { ...target, session: session.id, persistent: false };
  // The limit of the run was for getting the lock; it may have passed long ago.
  using deadline = new Deadline(undefined);
  try {
    await longCall(
      { ...run, deadline },
      (query, options) => run.daemon.api.v1.locks.release.$post({ query, json }, options),
    );
  } catch (error) {
    // It is not held any more, which is what is wanted.
    if (!isProblem(error, "ENOENT") && !isProblem(error, "ENOLS")) throw error;
  }
}

type Owner = { persistent: boolean; session: string };

async function acquire(run: CommandRun, target: LockTarget, mode: Mode, owner: Owner) {
  const json = { ...target, mode, ...owner };
  let blockedBy: RemoteHostJson | undefined;
  return await withProgress(
    run.io,
    () => describeWait(run, target, mode, blockedBy),
    async () => {
      for (;;) {
        try {
          return await longCall(
            run,
            (query, options) => run.daemon.api.v1.locks.$post({ query, json }, options),
          );
        } catch (error) {
          if (!isProblem(error, "EAGAIN")) throw error;
          blockedBy = error.problem.blockedBy;
          const left = run.deadline.leftMs ?? Infinity;
          if (left < otherHostPauseMs) throw problemExit(run, error.problem, Exit.timedOut);
        }
        await new Promise((resolve) => setTimeout(resolve, otherHostPauseMs));
      }
    },
  );
}

/** `blockedBy` is the host that the last attempt met. */
async function describeWait(
  run: CommandRun,
  target: LockTarget,
  mode: Mode,
  blockedBy: RemoteHostJson | undefined,
): Promise<string> {
  const waiting = `Waiting to lock ${targetText(target)} ${mode}`;
  const query = { type: target.type, ...(target.type === "gl" ? {} : { vg: target.vg }) };
  const result = await quickCall(
    run,
    (options) => run.daemon.api.v1.locks.$get({ query }, options),
  ).catch(() => undefined);
  const resource = result?.resources.find(({ lvUuid }) =>
    target.type !== "lv" || lvUuid === target.lvUuid
  );
  const nowMs = Date.now();
  const remote = blockedBy && `held by ${hostText(blockedBy, nowMs)}`;
  const holders = holdersText(resource, nowMs) || remote;
  return holders ? `${waiting}: ${holders}` : waiting;
}

async function unlock(run: CommandRun): Promise<number> {
  const { target, rest } = await readTarget(run);
  if (rest.length > 0) throw usageError(run, `unexpected word ${rest[0]}`);
  const json = { ...target, persistent: true };
  const result = await longCall(
    run,
    (query, options) => run.daemon.api.v1.locks.release.$post({ query, json }, options),
  );
  print(run, result, () => `${targetText(target)} is unlocked\n`);
  return Exit.ok;
}

export const lockCommand: Command = {
  arguments: "gl|vg VG|lv VG/LV sh|ex [-- PROGRAM ARGUMENT…]",
  about:
    "Locks the global lock, a VG or an LV (by UUID or name) shared or exclusively, waiting for\n" +
    "it if need be. Without --persistent the lock is held while PROGRAM runs, whose exit code is\n" +
    "passed on, or until this command is interrupted. Should the lock be lost, PROGRAM is ended.\n" +
    "--deadline limits the waiting, not the holding.",
  options: [
    { long: "persistent", help: "Lock until it is unlocked, and come back at once" },
    ...targetOptions,
  ],
  words: [2, 3],
  takesProgram: true,
  run: lock,
};

export const unlockCommand: Command = {
  arguments: "gl|vg VG|lv VG/LV",
  about: "Releases a persistent lock. The lock of an LV that is active protects it from other\n" +
    "hosts: deactivate the LV instead.",
  options: [...targetOptions],
  words: [1, 2],
  run: unlock,
};
