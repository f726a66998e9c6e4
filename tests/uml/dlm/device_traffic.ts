/**
 * What a daemon asks of the kernel's DLM, read from the system calls it makes: the requests that are
 * written to the devices of lockspaces, in the kernel's published format (linux/dlm_device.h).
 *
 * @module
 */

/** One request: `EX 8d`, `NL c 0101000001000000` or `unlock`, for a resource. */
export interface DeviceRequest {
  /** GLLK, VGLK, or LV1, LV2, … in the order in which they came. */
  resource: string;
  /** Mode and flags in hexadecimal; with the value block's 8 bytes where it is written. */
  text: string;
}

/** Offsets in a request, bytes. */
const at = { command: 12, mode: 16, nameLength: 17, flags: 20, lkid: 24, value: 88, name: 120 };
const SIZE = 120;
const COMMAND_LOCK = 1;
const COMMAND_UNLOCK = 2;
const MODES = ["NL", "CR", "CW", "PR", "PW", "EX"];
const CONVERT = 0x4;
const VALBLK = 0x8;
/** Only the library's business. */
const WAIT = 0x80000000;

/** The follower of a running program whose output {@link readTraffic} understands. */
export const follow = (pidFile: string, output: string) =>
  `strace -f -p $(< ${pidFile}) -e trace=write -xx -s 256 -o ${output}`;

interface Write {
  fd: number;
  bytes: Uint8Array;
  result: number;
}

/** All lock and unlock requests, in the order of their ends. */
export function readTraffic(strace: string): DeviceRequest[] {
  const names = new Map<string, string>();
  const lvs = new Map<string, string>();
  const requests: DeviceRequest[] = [];
  for (const { fd, bytes, result } of writes(strace)) {
    const view = new DataView(bytes.buffer);
    if (bytes.length < SIZE || view.getUint32(0, true) !== 6 || result < 0) continue;
    const command = view.getUint8(at.command);
    if (command !== COMMAND_LOCK && command !== COMMAND_UNLOCK) continue;
    const flags = view.getUint32(at.flags, true);
    const isNew = command === COMMAND_LOCK && (flags & CONVERT) === 0;
    const key = `${fd} ${isNew ? result : view.getUint32(at.lkid, true)}`;
    if (isNew) {
      const length = view.getUint8(at.nameLength);
      names.set(key, alias(lvs, textAt(bytes, at.name, length)));
    }
    const text = command === COMMAND_UNLOCK ? "unlock" : lockText(view, flags);
    requests.push({ resource: names.get(key) ?? "unknown", text });
  }
  return requests;
}

/** UUIDs differ from run to run. */
function alias(lvs: Map<string, string>, name: string): string {
  if (name === "GLLK" || name === "VGLK") return name;
  if (!lvs.has(name)) lvs.set(name, `LV${lvs.size + 1}`);
  return lvs.get(name)!;
}

function lockText(view: DataView, flags: number): string {
  const mode = view.getUint8(at.mode);
  const text = `${MODES[mode]} ${((flags & ~WAIT) >>> 0).toString(16)}`;
  const isWritten = mode === 0 && (flags & CONVERT) !== 0 && (flags & VALBLK) !== 0;
  if (!isWritten) return text;
  const value = new Uint8Array(view.buffer, at.value, 8);
  return `${text} ${[...value].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

const textAt = (bytes: Uint8Array, start: number, length: number) =>
  String.fromCharCode(...bytes.subarray(start, start + length));

/** Calls of one thread may begin and end in different lines. */
function* writes(strace: string): Generator<Write> {
  const begun = new Map<string, Omit<Write, "result">>();
  for (const line of strace.split("\n")) {
    const start = /^(\d+) +write\((\d+), "((?:\\x[0-9a-f]{2})*)"\.*, \d+/.exec(line);
    const end = /^(\d+) .*\) += (-?\d+)/.exec(line);
    if (start !== null) {
      const [, thread, fd, hex] = start;
      begun.set(thread!, { fd: Number(fd), bytes: bytesOf(hex!) });
    }
    const call = end && begun.get(end[1]!);
    if (!call) continue;
    begun.delete(end[1]!);
    yield { ...call, result: Number(end[2]) };
  }
}

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  const pairs = hex.match(/[0-9a-f]{2}/g) ?? [];
  return Uint8Array.from(pairs, (pair) => parseInt(pair, 16));
}

/**
 * The history of each resource. Where a daemon gives up an LV's lock that nobody holds is its own
 * affair: mode NL protects nothing.
 */
export function histories(requests: readonly DeviceRequest[]): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const { resource, text } of requests) {
    const idle = text === "unlock" || text === "NL 400";
    if (resource.startsWith("LV") && idle) continue;
    (found[resource] ??= []).push(text);
  }
  return found;
}
