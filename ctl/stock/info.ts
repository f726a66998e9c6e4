/**
 * `--info` and `--dump`: the daemon's state listing, formatted or raw, and its log.
 *
 * @module
 */
import { Errno } from "../../core/errno.ts";
import { OsError } from "../../core/os/datagram.ts";
import { fromByteString, toByteString } from "../bytes.ts";
import { DumpIncomplete, DumpReceiver } from "../dump_receiver.ts";
import { CtlExit, Exit } from "../exit.ts";
import { formatInfo } from "../format_info.ts";
import type { NativeClient } from "../native_client.ts";
import { ask, conclude, type StockRun } from "./run.ts";

/** How long another process may have the name of the dump socket. */
const takenPatienceMs = 5000;
/** How long the daemon may be silent amid a transfer. */
const silencePatienceMs = 5000;
/** Far above what any daemon sends (stock: 4 MiB). */
const maxLength = 256 * 1024 * 1024;
const EADDRINUSE = 98;

/** What came, and the daemon's own verdict on it: below 0 it is not complete. */
interface Transfer {
  result: number;
  bytes: Uint8Array<ArrayBuffer>;
}

/** `--info`, formatted. */
export async function info(run: StockRun, client: NativeClient): Promise<number> {
  const { result, bytes } = await transfer(run, client, "info");
  run.io.out(fromByteString(formatInfo(toByteString(bytes))));
  return verdict(run, result);
}

/** `--info --dump`: the listing as it is. `--dump` alone: the log. One more newline ends both. */
export async function raw(
  run: StockRun,
  client: NativeClient,
  request: "info" | "dump",
): Promise<number> {
  const { result, bytes } = await transfer(run, client, request);
  run.io.out(bytes);
  if (bytes.length > 0) run.io.out("\n");
  return verdict(run, result);
}

function verdict(run: StockRun, result: number): number {
  return conclude(run, "the listing is not complete", result, {
    [-Errno.ENOSPC]: {
      meaning: "it does not fit the daemon's buffer",
      hint: "See the beginning above",
    },
  });
}

async function transfer(
  run: StockRun,
  client: NativeClient,
  request: "info" | "dump",
): Promise<Transfer> {
  using receiver = await bind(run);
  receiver.discard();
  const { result, reply } = await ask(run, client, request, `dump_room = ${maxLength}\n`);
  if (result < 0) run.io.out(`result ${result}\n`);
  const length = reply.get("dump_len");
  if (typeof length !== "number" || length <= 0 || length > maxLength) {
    return { result, bytes: new Uint8Array() };
  }
  try {
    const { signal } = run.deadline;
    return { result, bytes: await receiver.receive(length, silencePatienceMs, signal) };
  } catch (error) {
    if (error instanceof DumpIncomplete) throw incomplete(run, error);
    throw error;
  }
}

async function bind(run: StockRun): Promise<DumpReceiver> {
  try {
    return await DumpReceiver.bind(takenPatienceMs, run.deadline.signal);
  } catch (error) {
    if (!(error instanceof OsError)) throw error;
    const taken = error.errno === EADDRINUSE;
    const why = taken
      ? "Another process has the abstract socket lvmlockd-dump.sock that lvmlockd sends to;" +
        " `ss -xlp | grep lvmlockd-dump` finds it.\n"
      : "";
    const code = taken ? Exit.dumpSocketTaken : error.errno;
    throw new CtlExit(code, why, `socket error ${-error.errno}\n`);
  }
}

function incomplete({ io }: StockRun, { received, announced }: DumpIncomplete): CtlExit {
  return new CtlExit(
    Exit.timedOut,
    `${io.programName}: lvmlockd announced ${announced} bytes, ${received} arrived.\n` +
      "  It sends them within one network namespace only: run this tool in that of lvmlockd.\n",
  );
}
