/**
 * Reads and changes the file of a drive, in the format of double/drive.h and under its lock.
 *
 * @module
 */

const PAGE = 4096;
const at = { used: 0, mode: 4, count: 8, value: 16, id: 24, members: 88 } as const;
const member = { size: 88, host: 0, token: 32, leaseMs: 64, renewedMs: 72, pending: 80 } as const;

/** What a host has of a mutex. */
export interface Lease {
  /** The process that has it. */
  pid: number;
  /** Host id in hexadecimal. */
  host: string;
  leaseMs: number;
  /** Time since the machine was started, milliseconds. */
  renewedMs: number;
}

export interface MutexState {
  /** The characters of its name, without the zeros between and after. */
  id: string;
  mode: number;
  value: bigint;
  members: Lease[];
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).replaceAll("\0", "");

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function readLease(page: DataView, offset: number): Lease {
  return {
    pid: page.getInt32(offset + member.host, true),
    host: hex(new Uint8Array(page.buffer, page.byteOffset + offset, 32)),
    leaseMs: Number(page.getBigInt64(offset + member.leaseMs, true)),
    renewedMs: Number(page.getBigInt64(offset + member.renewedMs, true)),
  };
}

function readMutex(page: DataView): MutexState {
  const members = Array.from(
    { length: page.getUint32(at.count, true) },
    (_, i) => readLease(page, at.members + i * member.size),
  );
  return {
    id: text(new Uint8Array(page.buffer, page.byteOffset + at.id, 64)),
    mode: page.getUint32(at.mode, true),
    value: page.getBigUint64(at.value, true),
    members,
  };
}

/** Calls `body` with the used pages of a drive while nobody else changes it. */
function withPages<T>(path: string, body: (pages: DataView[], file: Deno.FsFile) => T): T {
  using file = Deno.openSync(path, { read: true, write: true });
  file.lockSync(true);
  const bytes = new Uint8Array(file.statSync().size);
  for (let done = 0; done < bytes.length;) done += file.readSync(bytes.subarray(done))!;
  const pages = Array.from(
    { length: bytes.length / PAGE },
    (_, i) => new DataView(bytes.buffer, i * PAGE, PAGE),
  );
  return body(pages.filter((page) => page.getUint32(at.used, true) !== 0), file);
}

export function readMutexes(path: string): MutexState[] {
  return withPages(path, (pages) => pages.map(readMutex));
}

/** Changes the leases of a mutex. */
export function writeMutexes(path: string, id: string, change: (lease: Lease) => Lease): void {
  withPages(path, (pages, file) => {
    for (const page of pages) {
      const { members, ...mutex } = readMutex(page);
      if (mutex.id !== id) continue;
      members.map(change).forEach(({ leaseMs, renewedMs }, i) => {
        const offset = at.members + i * member.size;
        page.setBigInt64(offset + member.leaseMs, BigInt(leaseMs), true);
        page.setBigInt64(offset + member.renewedMs, BigInt(renewedMs), true);
      });
      file.seekSync(page.byteOffset, Deno.SeekMode.Start);
      file.writeSync(new Uint8Array(page.buffer, page.byteOffset, PAGE));
    }
  });
}
