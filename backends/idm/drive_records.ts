/**
 * Which locks of LVs this host has, with the drives that they are on: without these nobody can take
 * the locks again after the daemon has died, and the adopt file has no place for them.
 *
 * The file grows at its end, one line of JSON for each change, and is made anew now and then. A
 * change is durable when it is in the kernel's page cache: it must survive the process, not the host.
 * Lines of an earlier boot count for nothing: no LV is active any more.
 *
 * @module
 */
import { logger } from "../../core/log.ts";
import type { LeftBehind } from "../lock_manager.ts";
import { LockType, Mode } from "../../core/types.ts";

const log = logger("idm");

export interface RecordedLock {
  lvUuid: string;
  lvArgs: string;
  mode: Mode;
  pvPaths: string[];
}

export interface RecordedVg {
  vgName: string;
  vgUuid: string;
  pvPaths: string[];
  locks: Map<string, RecordedLock>;
}

/** Lines of the file. `mode` 0 is a lock that was released. */
type Line =
  | { boot: string }
  | { vg: string; uuid: string; paths: string[] }
  | { left: string }
  | { in: string; lv: string; args: string; mode: Mode; paths: string[] };

/** Lines that say nothing any more may outnumber the others by this many. */
const SLACK = 64;

export class DriveRecords {
  readonly #vgs = new Map<string, RecordedVg>();
  #file: Deno.FsFile | undefined;
  #lines = 0;

  /** @throws {Error} if there is a file that cannot be read. */
  constructor(private readonly path: string, private readonly bootId = bootIdOf()) {
    let current = false;
    for (const line of linesOf(path)) {
      if ("boot" in line) current = line.boot === bootId;
      else if (current) this.#apply(line);
    }
  }

  /** Goes on with the file of an earlier process; one that cannot be read is set aside. */
  static open(path: string): DriveRecords {
    try {
      return new DriveRecords(path);
    } catch (error) {
      const aside = `${path}.unreadable`;
      const why = error instanceof Error ? error.message : String(error);
      log.error(`${path} cannot be read: ${why}. It is kept as ${aside}; locks of IDM stay lost`);
      Deno.renameSync(path, aside);
      return new DriveRecords(path);
    }
  }

  /** What an earlier process had. @param known UUIDs of LVs that it had locked persistently. */
  leftBehind(known: ReadonlySet<string>): LeftBehind[] {
    return [...this.#vgs.values()].map(({ vgName, vgUuid, pvPaths, locks }) => ({
      lockType: LockType.idm,
      vgName,
      vgUuid,
      vgArgs: "",
      hostId: 0,
      pvPaths,
      locks: [...locks.values()].filter(({ lvUuid }) => known.has(lvUuid)),
    }));
  }

  /** The lockspace runs, on these drives. @throws {Error} if the file cannot be written, as the others do. */
  joined({ vgName, vgUuid, pvPaths }: Omit<RecordedVg, "locks">): void {
    const known = this.#vgs.get(vgName);
    if (known?.vgUuid === vgUuid && String(known.pvPaths) === String(pvPaths)) return;
    this.#note({ vg: vgName, uuid: vgUuid, paths: [...pvPaths] });
  }

  left(vgName: string): void {
    if (this.#vgs.has(vgName)) this.#note({ left: vgName });
  }

  locked(vgName: string, { lvUuid, lvArgs, mode, pvPaths }: RecordedLock): void {
    this.#note({ in: vgName, lv: lvUuid, args: lvArgs, mode, paths: [...pvPaths] });
  }

  released(vgName: string, lvUuid: string): void {
    if (this.#vgs.get(vgName)?.locks.has(lvUuid) !== true) return;
    this.#note({ in: vgName, lv: lvUuid, args: "", mode: 0, paths: [] });
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  #apply(line: Exclude<Line, { boot: string }>): void {
    if ("left" in line) {
      this.#vgs.delete(line.left);
    } else if ("vg" in line) {
      const { vg: vgName, uuid: vgUuid, paths: pvPaths } = line;
      const old = this.#vgs.get(vgName);
      const locks = old?.vgUuid === vgUuid ? old.locks : new Map<string, RecordedLock>();
      this.#vgs.set(vgName, { vgName, vgUuid, pvPaths, locks });
    } else {
      const { lv: lvUuid, args: lvArgs, mode, paths: pvPaths } = line;
      const locks = this.#vgs.get(line.in)?.locks;
      if (mode === 0) locks?.delete(lvUuid);
      else locks?.set(lvUuid, { lvUuid, lvArgs, mode, pvPaths });
    }
  }

  #note(line: Exclude<Line, { boot: string }>): void {
    this.#apply(line);
    const live = [...this.#vgs.values()].reduce((sum, { locks }) => sum + 1 + locks.size, 1);
    if (this.#vgs.size === 0) return this.#remove();
    if (this.#file === undefined || this.#lines > 2 * live + SLACK) return this.#writeAnew();
    writeAll(this.#file, textOf([line]));
    this.#lines++;
  }

  #remove(): void {
    this.close();
    removeFile(this.path);
  }

  #writeAnew(): void {
    const lines: Line[] = [{ boot: this.bootId }];
    for (const { vgName, vgUuid, pvPaths, locks } of this.#vgs.values()) {
      lines.push({ vg: vgName, uuid: vgUuid, paths: pvPaths });
      for (const { lvUuid, lvArgs, mode, pvPaths } of locks.values()) {
        lines.push({ in: vgName, lv: lvUuid, args: lvArgs, mode, paths: pvPaths });
      }
    }
    const fresh = `${this.path}.new`;
    removeFile(fresh); // of a process that died here
    const file = Deno.openSync(fresh, { append: true, createNew: true, mode: 0o600 });
    writeAll(file, textOf(lines));
    Deno.renameSync(fresh, this.path);
    this.close();
    this.#file = file;
    this.#lines = lines.length;
  }
}

const textOf = (lines: readonly Line[]) =>
  lines.map((line) => `${JSON.stringify(line)}\n`).join("");

function writeAll(file: Deno.FsFile, text: string): void {
  let rest: Uint8Array = new TextEncoder().encode(text);
  while (rest.length > 0) rest = rest.subarray(file.writeSync(rest));
}

/** What a process could not write to its end does not count. */
function* linesOf(path: string): Iterable<Line> {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  for (const line of text.split("\n").slice(0, -1)) {
    const value: unknown = JSON.parse(line);
    if (!isLine(value)) throw new Error(`a line is none of ours: ${line.slice(0, 80)}`);
    yield value;
  }
}

const isText = (value: unknown) => typeof value === "string";
const isPaths = (value: unknown) => Array.isArray(value) && value.every(isText);

function isLine(value: unknown): value is Line {
  if (typeof value !== "object" || value === null) return false;
  const { boot, vg, uuid, left, in: of, lv, args, mode, paths } = value as Record<string, unknown>;
  if (boot !== undefined) return isText(boot);
  if (left !== undefined) return isText(left);
  if (vg !== undefined) return isText(vg) && isText(uuid) && isPaths(paths);
  return isText(of) && isText(lv) && isText(args) && isPaths(paths) &&
    (mode === 0 || mode === Mode.sh || mode === Mode.ex);
}

function removeFile(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function bootIdOf(): string {
  return Deno.readTextFileSync("/proc/sys/kernel/random/boot_id").trim();
}
