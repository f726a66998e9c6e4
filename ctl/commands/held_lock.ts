/**
 * A transient lock while it is held: notices when it is lost, and runs a program under it.
 *
 * @module
 */
import type { Event, OpenSession } from "../../core/api/client.ts";
import { callersVariables } from "../../core/os/environment.ts";
import { osErrno, osReason } from "../native_client.ts";
import { Exit } from "../exit.ts";
import type { CommandRun } from "./command.ts";
import { type LockTarget, targetText } from "./lock_target.ts";

/** Exit codes of shells for programs that can not be run. */
const notFound = 127;
const notRun = 126;
const ENOENT = 2;

/** Reads the session's events from its construction on. */
export class HeldLock {
  readonly #lost = Promise.withResolvers<void>();
  readonly #session: OpenSession;
  readonly #target: LockTarget;
  #reason = "";

  constructor(session: OpenSession, target: LockTarget) {
    this.#session = session;
    this.#target = target;
    this.#follow();
  }

  /** Resolves when the lock is not held any more. */
  get whenLost(): Promise<void> {
    return this.#lost.promise;
  }

  get lost(): boolean {
    return this.#reason !== "";
  }

  /** Says on standard error that the lock is gone, and returns the exit code for that. */
  reportLoss(run: CommandRun): number {
    const what = targetText(this.#target);
    run.io.err(`${run.io.programName}: ${what} is not locked any more: ${this.#reason}\n`);
    return Exit.refused;
  }

  async #follow(): Promise<void> {
    try {
      for await (const event of this.#session.events) {
        if (event.event === "end") return this.#lose(event.reason);
        if (this.#isLoss(event)) return this.#lose("lvmlockd released it");
      }
      this.#lose("lvmlockd ended the session");
    } catch {
      this.#lose("the connection to lvmlockd is lost");
    }
  }

  /** Only events on the session's own locks arrive here. */
  #isLoss(event: Event): boolean {
    if (event.event !== "released") return false;
    const { resource } = event;
    const target = this.#target;
    if (resource.type !== target.type) return false;
    if (target.type !== "gl" && resource.vg !== target.vg) return false;
    return target.type !== "lv" || resource.lvUuid === target.lvUuid;
  }

  #lose(reason: string): void {
    this.#reason = reason;
    this.#lost.resolve();
  }
}

/** Runs the program of `run` and returns its exit code; ends it when the lock is lost. */
export async function runUnderLock(run: CommandRun, held: HeldLock): Promise<number> {
  const [program = "", ...args] = run.program;
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program, { args, env: callersVariables() }).spawn();
  } catch (error) {
    run.io.err(`${run.io.programName}: ${program}: ${osReason(error)}\n`);
    return osErrno(error) === ENOENT ? notFound : notRun;
  }
  const stopForwarding = forwardSignals(child);
  const ended = Promise.withResolvers<"ended">();
  child.status.then(() => ended.resolve("ended"));
  const first = await Promise.race([ended.promise, held.whenLost.then(() => "lost" as const)]);
  if (first === "lost") signalChild(child, "SIGTERM");
  const { code } = await child.status;
  stopForwarding();
  return held.lost ? held.reportLoss(run) : code;
}

/** A signal from a terminal reaches the program by itself; others are sent to us alone. */
function forwardSignals(child: Deno.ChildProcess): () => void {
  const ignore = () => {};
  const forwarded = (["SIGTERM", "SIGHUP"] as const).map((signal) => ({
    signal,
    listener: () => signalChild(child, signal),
  }));
  for (const { signal, listener } of forwarded) Deno.addSignalListener(signal, listener);
  Deno.addSignalListener("SIGINT", ignore);
  return () => {
    for (const { signal, listener } of forwarded) Deno.removeSignalListener(signal, listener);
    Deno.removeSignalListener("SIGINT", ignore);
  };
}

function signalChild(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // It has ended meanwhile.
  }
}
