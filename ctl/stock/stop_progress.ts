/**
 * What a stop of all lockspaces waits for, as far as the daemon tells.
 *
 * @module
 */
import type { Deadline } from "../deadline.ts";
import { apiSocketPath } from "../sockets.ts";
import type { StockRun } from "./run.ts";

const general = "Waiting for all lockspaces to stop; active LVs keep theirs running";

/** Asks the HTTP interface of the same daemon; the stock daemon has none. */
export async function describeStop(run: StockRun): Promise<string> {
  try {
    return await ask(run, run.deadline) ?? general;
  } catch {
    return general;
  }
}

async function ask(run: StockRun, { signal }: Deadline): Promise<string | undefined> {
  const { connectApi, resultOf } = await import("../../core/api/client.ts");
  using daemon = connectApi(apiSocketPath("", run.io));
  const { v1 } = daemon.api;
  const options = { init: { signal } };
  const status = await resultOf(v1.status.$get({ query: {} }, options));
  if (status.nativeSocket !== run.socketPath) return undefined;
  const { lockspaces } = await resultOf(v1.lockspaces.$get({ query: {} }, options));
  const names = lockspaces.map(({ vg, state, locks }) => {
    const held = locks === 1 ? "1 lock" : `${locks} locks`;
    return `${vg === null ? "global lockspace" : `VG ${vg}`} (${locks > 0 ? held : state})`;
  });
  return names.length > 0 ? `Waiting for lockspaces to stop: ${names.join(", ")}` : undefined;
}
