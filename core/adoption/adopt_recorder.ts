/**
 * Keeps the adopt file up to date: the lockspaces that run, with the persistent LV locks in them.
 * One recorder serves all cluster lock managers of the daemon.
 *
 * A new lock is one line at the end of the file. A lock that is gone leaves its line behind, which
 * harms nobody: whoever adopts looks whether the lock is there. So does an outdated mode: it is tried
 * first, then the other one. What a line at the end cannot say (another lease, a lockspace that is
 * gone) makes the whole file anew, as do too many lines that are not right any more.
 * A change is durable when it is in the kernel's page cache: it must survive the process, not the
 * host, whose end releases all locks.
 *
 * The recorder also carries locks of an earlier daemon that this one does not hold (yet): they stay
 * in the file until they are taken over or {@link AdoptRecorder.settle} says otherwise. A file with
 * nothing to say is removed.
 *
 * @module
 */
import type { LockRecord, LockRecorder, LockspaceSpec } from "../../backends/lock_manager.ts";
import { logger } from "../log.ts";
import { Mode, ResourceType } from "../types.ts";
import {
  type AdoptFile,
  type AdoptLock,
  type AdoptVg,
  headerLine,
  isWritableLock,
  isWritableVg,
  lvLine,
  readAdoptFile,
  vgLine,
} from "./adopt_file.ts";
import { DurableFile } from "./durable_file.ts";

const log = logger("adopt");

/** Stale lines may outnumber the others by this many before the file is made anew. */
const SLACK = 64;

/** `carried`: an earlier daemon's. `stale`: nobody's, but the line is in the file. */
type State = "held" | "carried" | "stale";

interface Line extends AdoptLock {
  state: State;
  /** It is in the file as it is here. */
  written: boolean;
}

interface Vg extends Omit<AdoptVg, "locks"> {
  /** This daemon has joined the lockspace. */
  joined: boolean;
  written: boolean;
  lines: Map<string, Line>;
}

/** Where the file's outside world can be replaced by a test. */
export interface RecorderOptions {
  pid?: number;
  now?: () => Date;
}

export class AdoptRecorder implements LockRecorder {
  /** By name of the lockspace. */
  readonly #vgs = new Map<string, Vg>();
  /** Lockspaces with names that the format cannot express. */
  readonly #unwritable = new Set<string>();
  /** Whose lines are next in the file: VGs, and LVs of VGs. */
  #added: (Vg | { vg: Vg; line: Line })[] = [];
  /** Left in this transaction, unless they are joined again in it. */
  readonly #leaving = new Set<string>();
  /** The VG that an LV line with this VG UUID would belong to now. */
  readonly #owner = new Map<string, Vg>();
  readonly #file: DurableFile;
  #inTransaction = false;
  #anew = false;
  #updates = 0;
  /** Lines of LVs: stale, and all others. */
  #stale = 0;
  /** Changes of mode that the file does not have: whoever adopts tries the other mode too. */
  #outdated = 0;
  #live = 0;

  /** @param carried what an earlier daemon held, as its file says. */
  constructor(
    path: string,
    carried: readonly AdoptVg[] = [],
    private readonly options: RecorderOptions = {},
  ) {
    this.#file = new DurableFile(path);
    for (const vg of carried) this.#carry(vg);
  }

  /**
   * Reads the file of an earlier daemon and goes on with it. A file that cannot be read is not lost:
   * it is set aside as `<path>.unreadable`.
   * @returns `trouble`: why the file could not be read, for people; `""` if it could.
   * @throws {Error} if no file can be written there.
   */
  static open(path: string): { recorder: AdoptRecorder; file: AdoptFile; trouble: string } {
    probe(path);
    try {
      const file = readAdoptFile(path);
      return { recorder: new AdoptRecorder(path, file.vgs), file, trouble: "" };
    } catch (error) {
      const aside = `${path}.unreadable`;
      const why = error instanceof Error ? error.message : String(error);
      Deno.renameSync(path, aside);
      const trouble = `The adopt file ${path} cannot be read: ${why}. It is kept as ${aside}`;
      const file = { pid: 0, vgs: [], cut: false };
      return { recorder: new AdoptRecorder(path), file, trouble };
    }
  }

  begin(): void {
    this.#inTransaction = true;
  }

  /** @throws {Error} if the file cannot be written. */
  commit(): void {
    this.#inTransaction = false;
    for (const name of this.#leaving) this.#drop(name);
    this.#leaving.clear();
    if (this.#stale + this.#outdated > this.#live + SLACK) this.#anew = true;
    this.#write();
  }

  recordLockspace(spec: LockspaceSpec, joined: boolean): void {
    if (spec.vgName === "") return; // the global lockspace has no LVs
    if (joined) this.#join(spec);
    else this.#leave(spec.name);
  }

  recordLock(lockspaceName: string, { resource, mode }: LockRecord): void {
    if (resource.type !== ResourceType.lv || this.#unwritable.has(lockspaceName)) return;
    const vg = this.#vgs.get(lockspaceName);
    if (vg?.joined !== true) throw new Error(`A lock is in ${lockspaceName}, which is not joined`);
    if (mode === Mode.un) this.#release(vg, resource.name);
    else this.#hold(vg, { lvUuid: resource.name, lvArgs: resource.lockArgs, mode }, "held");
  }

  /** Nothing is restored from here: locks are adopted, one by one, from their manager. */
  saved(): [] {
    return [];
  }

  /** What is left of an earlier daemon's locks in this VG is exactly this. Not durable by itself. */
  settle(left: AdoptVg): void {
    const name = lockspaceName(left);
    const keep = new Set(left.locks.map(({ lvUuid }) => lvUuid));
    for (const line of this.#vgs.get(name)?.lines.values() ?? []) {
      if (line.state === "carried" && !keep.has(line.lvUuid)) this.#set(line, "stale");
    }
    this.#carry(left);
  }

  /** Makes the file anew with what is not stale, now or at the end of the transaction. */
  tidy(): void {
    this.#anew = true;
    if (!this.#inTransaction) this.#write();
  }

  /** At the orderly end of the daemon: the file goes, unless it still has locks. */
  remove(): void {
    for (const vg of this.#vgs.values()) vg.joined = false;
    this.#anew = true;
    this.#write();
    this.#file.close();
  }

  #carry(left: AdoptVg): void {
    if (left.locks.length === 0 || !isWritableVg(left)) return;
    const name = lockspaceName(left);
    let vg = this.#vgs.get(name);
    if (vg === undefined || !isSameVg(vg, left)) {
      if (vg?.joined) return; // a new VG has taken the name
      if (vg !== undefined) this.#drop(name);
      const { locks: _locks, ...about } = left;
      vg = this.#add(name, about, false);
    }
    for (const lock of left.locks) {
      const state = vg.lines.get(lock.lvUuid)?.state ?? "stale";
      if (state !== "held") this.#hold(vg, lock, "carried");
    }
  }

  #add(name: string, about: Omit<AdoptVg, "locks">, joined: boolean): Vg {
    const vg: Vg = { ...about, joined, written: false, lines: new Map() };
    this.#vgs.set(name, vg);
    this.#added.push(vg);
    return vg;
  }

  #join(spec: LockspaceSpec): void {
    const { vgName, vgUuid, lockType, vgArgs } = spec;
    const about = { vgName, vgUuid, lockType, vgArgs };
    this.#unwritable.delete(spec.name);
    this.#leaving.delete(spec.name);
    const known = this.#vgs.get(spec.name);
    if (!isWritableVg(about)) {
      log.warn("A VG has a name or lock args that LVM does not make: its locks cannot be adopted");
      this.#unwritable.add(spec.name);
      if (known !== undefined) this.#drop(spec.name);
    } else if (known === undefined) {
      this.#add(spec.name, about, true);
    } else if (isSameVg(known, about)) {
      if (known.written && vgLine(known) !== vgLine(about)) this.#anew = true;
      Object.assign(known, about, { joined: true });
    } else {
      this.#drop(spec.name);
      this.#add(spec.name, about, true);
    }
  }

  /** Its locks are gone. What is carried stays if the lockspace is joined again at once. */
  #leave(name: string): void {
    const vg = this.#vgs.get(name);
    this.#unwritable.delete(name);
    if (vg === undefined) return;
    vg.joined = false;
    this.#leaving.add(name);
    for (const line of vg.lines.values()) if (line.state === "held") this.#set(line, "stale");
  }

  #drop(name: string): void {
    const vg = this.#vgs.get(name)!;
    for (const line of vg.lines.values()) {
      if (line.state === "stale") this.#stale--;
      else this.#live--;
    }
    this.#vgs.delete(name);
    this.#added = this.#added.filter((added) =>
      added !== vg && !("vg" in added && added.vg === vg)
    );
    if (vg.written) this.#anew = true;
  }

  #hold(vg: Vg, lock: AdoptLock, state: State): void {
    const known = vg.lines.get(lock.lvUuid);
    if (known === undefined) {
      if (!isWritableLock(lock)) {
        log.warn("An LV has a UUID or lock args that LVM does not make: it cannot be adopted");
        return;
      }
      const line: Line = { ...lock, state, written: false };
      vg.lines.set(lock.lvUuid, line);
      this.#live++;
      this.#added.push({ vg, line });
      return;
    }
    this.#set(known, state);
    if (known.mode === lock.mode && known.lvArgs === lock.lvArgs) return;
    const moved = known.lvArgs !== lock.lvArgs;
    Object.assign(known, lock);
    if (known.written && moved) this.#anew = true;
    else if (known.written) this.#outdated++;
  }

  #release(vg: Vg, lvUuid: string): void {
    const line = vg.lines.get(lvUuid);
    if (line !== undefined) this.#set(line, "stale");
  }

  #set(line: Line, state: State): void {
    const [before, after] = [line.state === "stale", state === "stale"];
    line.state = state;
    if (before === after) return;
    this.#stale += after ? 1 : -1;
    this.#live += after ? -1 : 1;
  }

  #write(): void {
    if (!this.#anew && this.#added.length === 0) return;
    const append = !this.#anew && this.#canAppend();
    try {
      if (append) this.#append();
      else this.#rewrite();
    } catch (error) {
      throw notWritable(this.#file.path, error);
    }
    this.#added = [];
    this.#anew = false;
  }

  /** Not to a file that was removed, and not where an LV line would go to another VG. */
  #canAppend(): boolean {
    if (!this.#file.isOpen) return false;
    const owners = new Map<string, Vg>();
    for (const added of this.#added) {
      if (!("vg" in added)) owners.set(added.vgUuid, added);
      else if ((owners.get(added.vg.vgUuid) ?? this.#owner.get(added.vg.vgUuid)) !== added.vg) {
        return false;
      }
    }
    return true;
  }

  #append(): void {
    let text = "";
    for (const added of this.#added) {
      if (!("vg" in added)) text += this.#vgText(added);
      else if (added.line.state === "stale") this.#forget(added.vg, added.line);
      else text += this.#lineText(added.vg, added.line);
    }
    if (text !== "") this.#file.append(text);
  }

  #rewrite(): void {
    this.#outdated = 0;
    const parts: string[] = [];
    this.#owner.clear();
    for (const [name, vg] of this.#vgs) {
      for (const line of vg.lines.values()) if (line.state === "stale") this.#forget(vg, line);
      if (!vg.joined && vg.lines.size === 0) {
        this.#vgs.delete(name);
        continue;
      }
      parts.push(this.#vgText(vg));
      for (const line of vg.lines.values()) parts.push(this.#lineText(vg, line));
    }
    if (parts.length === 0) return this.#file.remove();
    const { pid = Deno.pid, now = () => new Date() } = this.options;
    this.#file.replace(headerLine(pid, ++this.#updates, now()) + parts.join(""));
  }

  #vgText(vg: Vg): string {
    vg.written = true;
    this.#owner.set(vg.vgUuid, vg);
    return vgLine(vg);
  }

  #lineText(vg: Vg, line: Line): string {
    line.written = true;
    return lvLine(vg.vgUuid, line);
  }

  #forget(vg: Vg, line: Line): void {
    vg.lines.delete(line.lvUuid);
    this.#stale--;
  }
}

const lockspaceName = ({ vgName }: { vgName: string }) => `lvm_${vgName}`;

/** Of the same name; an unknown UUID may be any. */
function isSameVg(one: { vgUuid: string }, other: { vgUuid: string }): boolean {
  return one.vgUuid === other.vgUuid || one.vgUuid === "" || other.vgUuid === "";
}

function probe(path: string): void {
  try {
    new DurableFile(path).probe();
  } catch (error) {
    throw notWritable(path, error);
  }
}

function notWritable(path: string, cause: unknown): Error {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new Error(`The adopt file ${path} cannot be written: ${why}`, { cause });
}
