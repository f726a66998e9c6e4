/**
 * What the actions of the stock kind share: the connection to the daemon, and requests whose reply
 * carries an `op_result`.
 *
 * @module
 */
import { errnoName, explain, type Explanation } from "../../core/errno.ts";
import { encodeText } from "../bytes.ts";
import type { Deadline } from "../deadline.ts";
import { CtlExit, Exit } from "../exit.ts";
import type { CtlIo } from "../io.ts";
import { ConnectError, GaveUp, NativeClient, TransportError } from "../native_client.ts";
import { fieldRequest, type Reply, simpleRequest } from "../native_text.ts";
import type { StockOptions } from "../options.ts";
import { withProgress } from "../progress.ts";

/** One run of the stock face. */
export interface StockRun {
  io: CtlIo;
  options: StockOptions;
  deadline: Deadline;
  socketPath: string;
}

/** The first line, on standard output, of every run that found no daemon. */
export const cannotConnect = "Cannot connect to lvmlockd.\n";

/** What to do when there is no daemon. */
export const startHint =
  "Start lvmlockd with `systemctl start lvmlockd`, or name its socket with --socket-path.";

/** What to do when the daemon's sockets must not be opened. */
export const rootHint = "Only root may talk to lvmlockd: run this as root.";

/**
 * Connects to the daemon.
 *
 * @throws {CtlExit}
 */
export async function connect(run: StockRun): Promise<NativeClient> {
  const { io, deadline, socketPath } = run;
  const waiting = `Waiting for lvmlockd at ${socketPath} to take the connection`;
  try {
    return await withProgress(
      io,
      () => waiting,
      () => NativeClient.connect(socketPath, deadline.signal),
    );
  } catch (error) {
    if (error instanceof GaveUp) {
      throw deadline.exit(io.programName, `lvmlockd at ${socketPath} did not take the connection`);
    }
    if (!(error instanceof ConnectError)) throw error;
    const hint = connectHint(error.message);
    throw new CtlExit(Exit.failed, `${error.message}\n${hint}`, cannotConnect);
  }
}

/** What helps against a failed connection; `""` if something answered that is no lvmlockd. */
function connectHint(message: string): string {
  if (message.endsWith("Permission denied")) return `${rootHint}\n`;
  return message.includes("connect failed") ? `${startHint}\n` : "";
}

/**
 * Sends one of the requests without fields. The reply has a whole number as `result`.
 *
 * @throws {CtlExit} with the errno when the connection broke.
 */
export async function ask(
  run: StockRun,
  client: NativeClient,
  name: string,
  more = "",
): Promise<{ result: number; reply: Reply }> {
  try {
    const reply = await client.request(simpleRequest(name) + more);
    const result = reply.get("result");
    if (reply.get("response") === "OK" && typeof result === "number") return { result, reply };
    const text = `${run.io.programName}: lvmlockd gave no result for ${name}\n`;
    throw new CtlExit(Exit.noResult, text);
  } catch (error) {
    if (error instanceof GaveUp) throw deadlineExit(run, name);
    if (!(error instanceof TransportError)) throw error;
    throw new CtlExit(error.errno, lines(error.detail), lines(`reply error ${error.errno}`));
  }
}

/**
 * Sends one of the requests with fields and returns its `op_result`.
 *
 * @throws {CtlExit} when there was none.
 */
export async function operate(
  run: StockRun,
  client: NativeClient,
  name: string,
  fields: Record<string, string>,
): Promise<number> {
  try {
    const body = fieldRequest(name, { cmd: "lvmlockctl", pid: Deno.pid, ...encodeAll(fields) });
    const reply = await client.request(body);
    const result = reply.get("op_result");
    if (reply.get("response") !== "OK") throw noResult("bad response");
    if (typeof result !== "number") throw noResult("no op_result");
    return result;
  } catch (error) {
    if (error instanceof GaveUp) throw deadlineExit(run, name);
    if (!(error instanceof TransportError)) throw error;
    throw noResult(`reply error ${error.errno}`, lines(error.detail));
  }
}

function encodeAll(fields: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([key, text]) => [key, encodeText(text)]));
}

function noResult(reason: string, stderr = ""): CtlExit {
  const text = `lvmlockd_result ${reason}\nlvmlockd result -1000\n`;
  return new CtlExit(Exit.noResult, stderr, text);
}

function deadlineExit({ io, deadline }: StockRun, request: string): CtlExit {
  return deadline.exit(io.programName, `lvmlockd has not answered the request ${request}`);
}

const lines = (text: string) => text && `${text}\n`;

/** Why an action of this tool was refused, where the general explanation would not do. */
export type Reasons = Record<number, Pick<Explanation, "meaning" | "hint">>;

/** Returns the exit code for `result`; a refusal is explained on standard error. */
export function conclude(
  run: StockRun,
  what: string,
  result: number,
  reasons: Reasons = {},
): number {
  if (result >= 0) return Exit.ok;
  const { meaning, hint } = reasons[result] ?? explain(result);
  run.io.err(`${run.io.programName}: ${what}: ${meaning} (${errnoName(result)}, ${result})\n`);
  run.io.err(`  ${hint.replace(/\bVG$/, run.options.vgName || "VG")}\n`);
  return Exit.refused;
}
