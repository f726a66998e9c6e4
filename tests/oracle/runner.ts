/**
 * The main thread's handle on a worker that runs scripts against one daemon.
 *
 * @module
 */
import type { BurstOutcome } from "./burst.ts";
import type { BurstScript } from "./burst_script.ts";
import type { DaemonKind } from "./daemon.ts";
import type { Script } from "./script.ts";
import type { Transcript } from "./transcript.ts";

export type Job =
  | { task: "run"; kind: DaemonKind; script: Script }
  | { task: "burst"; kind: DaemonKind; script: BurstScript }
  | { task: "stop" };

export type JobResult =
  | { task: "run"; transcript: Transcript }
  | { task: "burst"; outcome: BurstOutcome }
  | { task: "stop" }
  | { task: "failed"; message: string };

const running = new Set<Runner>();

/** Ends every daemon that was started through a runner. */
export async function stopRunners(): Promise<void> {
  await Promise.all([...running].map((runner) => runner.stop()));
}

/** Runs jobs in the order in which they were given. */
export class Runner {
  readonly #kind: DaemonKind;
  readonly #worker: Worker;
  #stopped: Promise<void> | undefined;
  readonly #pending: ((result: JobResult) => void)[] = [];

  constructor(kind: DaemonKind) {
    running.add(this);
    this.#kind = kind;
    this.#worker = new Worker(import.meta.resolve("./worker.ts"), { type: "module" });
    this.#worker.onmessage = (event: MessageEvent<JobResult>) =>
      this.#pending.shift()?.(event.data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#pending.shift()?.({ task: "failed", message: event.message });
    };
  }

  /** After {@link stop} nothing is done any more, and nobody hears of it. */
  #post(job: Job): Promise<JobResult> {
    if (job.task !== "stop" && this.#stopped !== undefined) return new Promise(() => {});
    return new Promise((resolve) => {
      this.#pending.push(resolve);
      this.#worker.postMessage(job);
    });
  }

  /** Runs a script step by step; rejects when the daemon cannot be started. */
  async run(script: Script): Promise<Transcript> {
    const result = await this.#post({ task: "run", kind: this.#kind, script });
    if (result.task === "run") return result.transcript;
    throw new Error(result.task === "failed" ? result.message : `unexpected ${result.task}`);
  }

  /** Lets all clients of a script send at once. */
  async burst(script: BurstScript): Promise<BurstOutcome> {
    const result = await this.#post({ task: "burst", kind: this.#kind, script });
    if (result.task === "burst") return result.outcome;
    throw new Error(result.task === "failed" ? result.message : `unexpected ${result.task}`);
  }

  /** Ends the daemon and the thread. */
  stop(): Promise<void> {
    this.#stopped ??= this.#post({ task: "stop" }).then(() => {
      this.#worker.terminate();
      running.delete(this);
    });
    return this.#stopped;
  }
}
