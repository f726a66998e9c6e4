/**
 * Reads a host's delta lease straight from the disk: whose host id it is, under which name, since
 * when. sanlock's library tells other hosts' numbers but not their names.
 *
 * The layout is that of sanlock's lease version 3 (delta) for little endian, as `sanlock direct dump`
 * shows it; anything else is "not known".
 *
 * @module
 */
import type { Geometry } from "./geometry.ts";

/** What a host wrote last into its sector. */
export interface DeltaLease {
  hostId: number;
  /** Name of the sanlock daemon there: stable, or a random UUID for each start. */
  hostName: string;
  generation: number;
  /** Seconds of that host's monotonic clock; 0 when it has left. */
  timestamp: number;
  /** Seconds that this host gives its I/O; all waits for it are multiples. */
  ioTimeout: number;
}

const MAGIC = 0x12212010;
const MAJOR = 0x0003;
const at = {
  magic: 0,
  version: 4,
  ownerId: 32,
  ownerGeneration: 40,
  hostName: 104,
  timestamp: 152,
  ioTimeout: 174,
} as const;
const NAME_LENGTH = 48;

/** @returns undefined for a sector that was never a delta lease. */
export function decodeDeltaLease(sector: Uint8Array): DeltaLease | undefined {
  const view = new DataView(sector.buffer, sector.byteOffset, sector.byteLength);
  if (view.getUint32(at.magic, true) !== MAGIC) return undefined;
  if (view.getUint32(at.version, true) >>> 16 !== MAJOR) return undefined;
  const name = sector.subarray(at.hostName, at.hostName + NAME_LENGTH);
  const end = name.indexOf(0);
  return {
    hostId: Number(view.getBigUint64(at.ownerId, true)),
    hostName: String.fromCharCode(...name.subarray(0, end < 0 ? NAME_LENGTH : end))
      .replace(/[^\x21-\x7e]/g, "?"),
    generation: Number(view.getBigUint64(at.ownerGeneration, true)),
    timestamp: Number(view.getBigUint64(at.timestamp, true)),
    ioTimeout: view.getUint16(at.ioTimeout, true),
  };
}

/** Storage that takes longer does not answer, for our purposes. */
const LIMIT_MS = 5000;

/** One read at a time for a device. */
const reading = new Map<string, Promise<unknown>>();
/** Devices on which a read hangs: no other is begun before that one has ended. */
const hanging = new Set<string>();

/**
 * The delta lease of `hostId` (1 to 2000) on `path`; undefined if it cannot be read, was never
 * written, or the device does not answer within seconds.
 */
export function readDeltaLease(
  path: string,
  geometry: Geometry,
  hostId: number,
): Promise<DeltaLease | undefined> {
  const result = (reading.get(path) ?? Promise.resolve())
    .then(() => readSector(path, hostId - 1, geometry.sectorSize))
    .then((sector) => sector && decodeDeltaLease(sector));
  const settled = result.catch(() => {});
  reading.set(path, settled);
  settled.then(() => {
    if (reading.get(path) === settled) reading.delete(path);
  });
  return result;
}

/**
 * Past the page cache, which knows nothing of other hosts' writes. By another process: one that reads
 * a device that hangs cannot be ended, and this one must be able to end, so that another can take its
 * locks over.
 */
async function readSector(
  path: string,
  sector: number,
  size: number,
): Promise<Uint8Array | undefined> {
  const direct = await dd(path, sector, size, ["iflag=direct"]);
  // Some file systems know no direct reads; sanlock would refuse them, but here a name is shown.
  return direct ?? (hanging.has(path) ? undefined : await dd(path, sector, size, []));
}

async function dd(
  path: string,
  sector: number,
  size: number,
  flags: string[],
): Promise<Uint8Array | undefined> {
  if (hanging.has(path)) return undefined;
  let child;
  try {
    child = new Deno.Command("dd", {
      args: [`if=${path}`, `bs=${size}`, "count=1", `skip=${sector}`, "status=none", ...flags],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
  } catch {
    return undefined; // no dd
  }
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), LIMIT_MS);
  });
  const output = child.output().catch(() => undefined);
  const done = await Promise.race([output, late]);
  clearTimeout(timer);
  if (done === undefined) {
    hanging.add(path);
    output.then(() => hanging.delete(path));
    end(child);
  }
  return done?.success && done.stdout.length === size ? done.stdout : undefined;
}

function end(child: Deno.ChildProcess): void {
  child.unref();
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}
