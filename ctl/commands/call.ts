/**
 * Calls of the HTTP interface within the time limit of a run, and how a run ends when one fails.
 *
 * @module
 */
import { type Problem, ProblemError, resultOf } from "../../core/api/client.ts";
import { Deadline } from "../deadline.ts";
import { CtlExit, Exit } from "../exit.ts";
import { NativeClient } from "../native_client.ts";
import { cannotConnect, rootHint, startHint } from "../stock/run.ts";
import type { CommandRun } from "./command.ts";

/** Longest time that one call may ask for. */
const callMaxMs = 600_000;
/** How long after its limit an answer may come: it says who was in the way. */
const answerGraceMs = 2000;
/** Whether the native socket is served is found out in this time. */
const probeMs = 1000;
const ECONNRESET = 104;

interface Answer {
  ok: boolean;
  json(): Promise<unknown>;
}
/** What `resultOf` makes of an answer. */
type Result<A extends Answer> = Awaited<ReturnType<Extract<A, { ok: true }>["json"]>>;
/** Passed on to the client of the interface with a call. */
export interface CallInit {
  headers: Record<string, string>;
  init: { signal: AbortSignal };
}

/** The daemon shows the first word of user-agent as the name of a caller without a session. */
const callInit = (signal: AbortSignal): CallInit => ({
  headers: { "user-agent": "lvmlockctl" },
  init: { signal },
});

/** A call that is answered at once. */
export function quickCall<A extends Answer>(
  run: CommandRun,
  call: (options: CallInit) => Promise<A>,
): Promise<Result<A>> {
  return resultOf(call(callInit(run.deadline.signal)));
}

/**
 * A call that may take as long as the run may: one call after the other, for each has a limit.
 *
 * @throws {ProblemError} with ETIMEDOUT when the limit of the run has passed.
 */
export async function longCall<A extends Answer>(
  run: CommandRun,
  call: (query: { deadlineMs: string }, options: CallInit) => Promise<A>,
): Promise<Result<A>> {
  for (;;) {
    const ms = Math.max(1, Math.ceil(Math.min(run.deadline.leftMs ?? Infinity, callMaxMs)));
    using limit = new Deadline(run.deadline.ms === undefined ? undefined : ms + answerGraceMs);
    try {
      return await resultOf(call({ deadlineMs: `${ms}` }, callInit(limit.signal)));
    } catch (error) {
      const again = isProblem(error, "ETIMEDOUT") && run.deadline.leftMs !== 0;
      if (!again) throw limit.passed ? noAnswer(run) : error;
    }
  }
}

/** Whether `error` is the daemon's refusal with this code. */
export function isProblem(error: unknown, code: string): error is ProblemError {
  return error instanceof ProblemError && error.problem.code === code;
}

/** How a run ends after `error`; errors that nobody expects are thrown on. */
export async function failureExit(
  run: CommandRun,
  error: unknown,
  sockets: { api: string; native: string },
): Promise<CtlExit> {
  if (error instanceof CtlExit) return error;
  if (error instanceof ProblemError) {
    const code = error.problem.code === "ETIMEDOUT" ? Exit.timedOut : Exit.refused;
    return problemExit(run, error.problem, code);
  }
  if (run.deadline.passed) return noAnswer(run);
  if (!(error instanceof TypeError)) throw error;
  // Deno tells what happened in words only, for some failures in the cause.
  const text = `${error.message} ${error.cause instanceof Error ? error.cause.message : ""}`;
  if (text.includes("(Connect)")) return await unreachable(run, sockets, text);
  if (!/error sending request|connection|body/i.test(text)) throw error;
  return problemExit(run, {
    code: "connection-lost",
    detail: "lvmlockd closed the connection before it had answered",
    hint: "See whether it still runs",
  }, ECONNRESET);
}

function noAnswer(run: CommandRun): CtlExit {
  return run.deadline.exit(run.io.programName, "lvmlockd has not answered");
}

async function unreachable(
  run: CommandRun,
  { api, native }: { api: string; native: string },
  text: string,
): Promise<CtlExit> {
  if (text.includes("Permission denied")) {
    const problem = { code: "not-permitted", detail: `No permission to open ${api}` };
    return problemExit(run, { ...problem, hint: rootHint }, Exit.failed);
  }
  const runs = await NativeClient.connect(native, AbortSignal.timeout(probeMs)).then(
    (client) => (client[Symbol.dispose](), true),
    () => false,
  );
  const detail = runs
    ? `lvmlockd runs, but offers no HTTP interface at ${api}`
    : `Nobody answers at ${api}, nor at ${native}`;
  const hint = runs
    ? "Name its socket with --api-socket; the stock lvmlockd has none: use --info"
    : startHint;
  if (run.json) return problemExit(run, { code: "not-running", detail, hint }, Exit.failed);
  return new CtlExit(Exit.failed, `${detail}\n${hint}\n`, runs ? "" : cannotConnect);
}

/** A run that a problem ends with `code`. With `--json` the problem itself is the output. */
export function problemExit(
  run: CommandRun,
  problem: Pick<Problem, "code" | "detail" | "hint">,
  code: number,
): CtlExit {
  if (run.json) return new CtlExit(code, "", `${JSON.stringify(problem)}\n`);
  const text = `${run.io.programName}: ${problem.detail} (${problem.code})\n  ${problem.hint}\n`;
  return new CtlExit(code, text);
}
