/**
 * A worker thread that owns one daemon and runs scripts against it: the driver waits synchronously,
 * which only its own thread may. Replaces the daemon when it fails.
 *
 * @module
 */
import { type Daemon, type DaemonKind, startDaemon, stopDaemon } from "./daemon.ts";
import { runBurst } from "./burst.ts";
import { Session } from "./session.ts";
import { runScript } from "./steps.ts";
import type { Job, JobResult } from "./runner.ts";

const scope = self as unknown as {
  onmessage: (event: MessageEvent<Job>) => void;
  postMessage(result: JobResult): void;
};

let daemon: Daemon | undefined;
let session: Session | undefined;

async function stop(): Promise<void> {
  session?.close();
  session = undefined;
  if (daemon !== undefined) await stopDaemon(daemon);
  daemon = undefined;
}

async function ready(kind: DaemonKind): Promise<Session> {
  if (session !== undefined) return session;
  daemon = await startDaemon(kind);
  session = new Session(daemon);
  return session;
}

async function perform(job: Job): Promise<JobResult> {
  if (job.task === "stop") {
    await stop();
    return { task: "stop" };
  }
  try {
    const current = await ready(job.kind);
    if (job.task === "burst") {
      const outcome = runBurst(current, job.script);
      if (outcome.failure !== undefined) await stop();
      return { task: "burst", outcome };
    }
    const transcript = runScript(current, job.script);
    if (transcript.failure !== undefined) await stop();
    return { task: "run", transcript };
  } catch (error) {
    await stop();
    return { task: "failed", message: error instanceof Error ? error.message : String(error) };
  }
}

let last = Promise.resolve();
scope.onmessage = ({ data }) => {
  last = last.then(async () => scope.postMessage(await perform(data)));
};
