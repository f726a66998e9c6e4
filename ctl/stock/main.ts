/**
 * The stock face: picks the one action a command line asks for and runs it.
 *
 * @module
 */
import { Deadline } from "../deadline.ts";
import { Exit } from "../exit.ts";
import type { CtlIo } from "../io.ts";
import { pickAction, type StockAction, type StockOptions } from "../options.ts";
import {
  type Action,
  glDisable,
  glEnable,
  quit,
  setRemoteLvLock,
  stopLockspaces,
} from "./actions.ts";
import { info, raw } from "./info.ts";
import { drop, kill } from "./kill.ts";
import { connect, type StockRun } from "./run.ts";

const connected: Record<Exclude<StockAction, "kill" | "drop">, Action> = {
  none: () => Promise.resolve(Exit.ok),
  quit,
  info: (run, client) => run.options.dump ? raw(run, client, "info") : info(run, client),
  dump: (run, client) => raw(run, client, "dump"),
  glEnable,
  glDisable,
  stopLockspaces,
  setRemoteLvLock,
};

/** Runs the action and returns the exit code. */
export async function runStock(
  options: StockOptions,
  socketPath: string,
  io: CtlIo,
): Promise<number> {
  using deadline = new Deadline(options.deadlineMs);
  const run: StockRun = { io, options, deadline, socketPath };
  const action = pickAction(options);
  if (action === "kill") return await kill(run);
  if (action === "drop") return await drop(run);
  using client = await connect(run);
  return await connected[action](run, client);
}
