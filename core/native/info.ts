/**
 * The state listing behind `lvmlockctl --info`: one record a line, keys in the order that the stock
 * lvmlockctl of the chosen release scans for.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { inSlices } from "../os/slices.ts";
import type { ClientInfo } from "../service.ts";
import {
  type ActionRow,
  type InfoLayout,
  type InspectRow,
  type LockspaceRow,
  Op,
  ResourceType,
} from "../types.ts";
import { lockTypeWord, modeWord } from "./reply.ts";

/** The 2.03.16 lvmlockctl has room for 100 clients and does not check. */
export const MAX_CLIENT_LINES = 100;

const opWords = new Map<Op, string>([
  [Op.init, "init"],
  [Op.free, "free"],
  [Op.start, "start"],
  [Op.stop, "stop"],
  [Op.lock, "lock"],
  [Op.update, "update"],
  [Op.close, "close"],
  [Op.enable, "enable"],
  [Op.disable, "disable"],
  [Op.startWait, "start_wait"],
  [Op.stopAll, "stop_all"],
  [Op.renameBefore, "rename_before"],
  [Op.renameFinal, "rename_final"],
  [Op.runningLm, "running_lm"],
  [Op.findFreeLock, "find_free_lock"],
  [Op.killVg, "kill_vg"],
  [Op.dropVg, "drop_vg"],
  [Op.busy, "busy"],
  [Op.queryLock, "query_lock"],
  [Op.refreshLv, "refresh_lv"],
  [Op.vgStatus, "vg_status"],
  [Op.setLockArgsBefore, "setlockargs_before"],
  [Op.setLockArgsFinal, "setlockargs_final"],
  [Op.setRemoteLvLock, "set_remote_lv_lock"],
  [Op.dumpInfo, "dump_info"],
  [Op.dumpLog, "dump_log"],
]);

export function opWord(op: Op): string {
  return opWords.get(op) ?? "op_unknown";
}

export function resourceWord(type: ResourceType): string {
  switch (type) {
    case ResourceType.gl:
      return "gl";
    case ResourceType.vg:
      return "vg";
    case ResourceType.lv:
      return "lv";
    default:
      return ".";
  }
}

/** Lines hold names as single words: blanks and control characters become `?`. */
function word(text: string): string {
  return text.replace(/[^\x21-\x7e\x80-\xff]/g, "?");
}

const bit = (on: boolean) => on ? 1 : 0;

const structures =
  "info=structs unused_action_count=0 unused_client_count=0 unused_resource_count=0 " +
  "unused_lock_count=0";

const LINE_BREAK = 10;

/** Rows printed before the clock is looked at. */
const ROWS_A_LOOK = 32;

/**
 * Clients first, then each lockspace with its resources, locks and waiting requests, in pieces of whole
 * lines. `clients` and `rows` are of one moment. The event loop runs in between.
 */
export async function printInfo(
  clients: readonly ClientInfo[],
  rows: Iterable<InspectRow>,
  layout: InfoLayout,
): Promise<Buffer<ArrayBuffer>[]> {
  const busy = new Set<number>();
  const body = new Pieces();
  await inSlices(rows, ROWS_A_LOOK, (row) => {
    if (row.kind === "lock" || row.kind === "action") busy.add(row.clientId);
    body.add(printRow(row, layout));
  });
  const head = new Pieces();
  head.add(structures);
  for (const line of clientLines(clients, busy)) head.add(line);
  return [...head.done(), ...body.done()];
}

/** Bytes of a piece, and the most that one line has. */
const PIECE = 65536;
const LINE = 1024;

/** Collects lines as bytes: strings the garbage collector would have to carry along. */
class Pieces {
  readonly #pieces: Buffer<ArrayBuffer>[] = [];
  #piece = Buffer.alloc(0);
  #filled = 0;

  add(line: string): void {
    if (this.#filled + LINE > this.#piece.length) this.#next();
    this.#filled += this.#piece.write(line, this.#filled, "latin1");
    this.#piece[this.#filled++] = LINE_BREAK;
  }

  done(): Buffer<ArrayBuffer>[] {
    this.#next();
    return this.#pieces;
  }

  #next(): void {
    if (this.#filled > 0) this.#pieces.push(this.#piece.subarray(0, this.#filled));
    this.#piece = Buffer.alloc(PIECE);
    this.#filled = 0;
  }
}

/**
 * Native clients, and HTTP clients that hold or want something. Those that do (`busy`) come first when
 * there are too many for lvmlockctl.
 */
function clientLines(clients: readonly ClientInfo[], busy: ReadonlySet<number>): string[] {
  let chosen = clients.filter(({ id, origin }) => origin === "native" || busy.has(id));
  if (chosen.length > MAX_CLIENT_LINES) {
    chosen.sort((a, b) => bit(busy.has(b.id)) - bit(busy.has(a.id)) || a.id - b.id);
    chosen = chosen.slice(0, MAX_CLIENT_LINES);
  }
  return chosen.map(({ id, pid, fd, command }, index) =>
    `info=client pid=${pid} fd=${fd} pi=${index + 2} id=${id} name=${word(command) || "."}`
  );
}

function printRow(row: InspectRow, layout: InfoLayout): string {
  switch (row.kind) {
    case "lockspace":
      return layout === "2.03.16" ? lockspace16(row) : lockspace40(row);
    case "resource":
      return `info=r name=${word(row.name)} type=${resourceWord(row.type)} ` +
        `mode=${modeWord(row.mode)} sh_count=${row.shCount} version=${row.version}`;
    case "lock":
      return `info=lk mode=${modeWord(row.mode)} version=${row.version} ` +
        `flags=0x${bit(row.persistent).toString(16)} client_id=${row.clientId}`;
    case "action":
      return printAction(row, layout);
  }
}

function identity(row: LockspaceRow): string {
  return `info=ls ls_name=${word(row.name)} vg_name=${word(row.vgName)} ` +
    `vg_uuid=${word(row.vgUuid)}`;
}

function progress(row: LockspaceRow): string {
  return `create_fail=${bit(row.createFail)} create_done=${bit(row.createDone)} ` +
    `thread_work=${bit(row.threadWork)} thread_stop=${bit(row.threadStop)} ` +
    `thread_done=${bit(row.threadDone)} kill_vg=${bit(row.killed)}`;
}

function lockspace16(row: LockspaceRow): string {
  return `${identity(row)} vg_sysid=. vg_args=${word(row.vgArgs)} ` +
    `lm_type=${lockTypeWord(row.lockType)} host_id=${row.hostId} ${progress(row)} ` +
    `drop_vg=${bit(row.dropped)} sanlock_gl_enabled=${bit(row.glEnabled)}`;
}

function lockspace40(row: LockspaceRow): string {
  return `${identity(row)} vg_args=${word(row.vgArgs)} ` +
    `lm_type=${lockTypeWord(row.lockType)} host_id=${row.hostId} ` +
    `generation=${row.generation} ${progress(row)} fence_pr=0 no_timeout=0 ` +
    `sanlock_gl_enabled=${bit(row.glEnabled)}`;
}

function printAction(row: ActionRow, layout: InfoLayout): string {
  const base = `info=${row.resource ? "r" : "ls"}_action client_id=${row.clientId} ` +
    `flags=0x${(row.flags >>> 0).toString(16)} version=${row.version} op=${opWord(row.op)} ` +
    `rt=${resourceWord(row.type)} mode=${modeWord(row.mode)} ` +
    `lm_type=${lockTypeWord(row.lockType)} result=${row.result} lm_rv=${row.lmResult}`;
  if (layout === "2.03.16") return base;
  return `${base} owner_host_id=${row.owner.hostId} owner_generation=${row.owner.generation}`;
}
