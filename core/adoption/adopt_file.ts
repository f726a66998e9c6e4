/**
 * The adopt file: which LV locks a daemon held, so that the next one can take them over. The format
 * is the stock daemon's, version 1.0, in both directions:
 *
 *     lvmlockd adopt_version 1.0 pid 10632 updates 2 Sun Nov 22 22:46:23 2026
 *     VG: <VG UUID, right-aligned in 38> <VG name> <lock type> <lock args>
 *     LV: <VG UUID, right-aligned in 38> <LV UUID> <lock args> <mode> <version>
 *
 * An LV line belongs to the last VG line before it that has its VG UUID. Text is a byte string, as
 * everywhere in the daemon.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { LockType, Mode } from "../types.ts";

/** An LV lock as the file keeps it. Absent args are `""`. */
export interface AdoptLock {
  lvUuid: string;
  lvArgs: string;
  /** `sh` or `ex`. */
  mode: Mode;
}

/** A VG with a lockspace. Absent UUID and args are `""`. */
export interface AdoptVg {
  vgName: string;
  vgUuid: string;
  lockType: LockType;
  vgArgs: string;
  locks: AdoptLock[];
}

export interface AdoptFile {
  /** Of the daemon that wrote it; 0 when there is no file. */
  pid: number;
  vgs: AdoptVg[];
  /** Its writer died while writing: there may have been more. */
  cut: boolean;
}

/** The file is not what a daemon writes. `line` counts from 1. */
export class AdoptFileError extends Error {
  override name = "AdoptFileError";
  constructor(readonly line: number, why: string) {
    super(`line ${line}: ${why}`);
  }
}

/** Longest name, UUID or args: what requests can carry. */
const MAX_FIELD = 64;
const UUID_WIDTH = 38;
/** How the file spells what is absent: the stock reader refuses an empty field. */
const ABSENT = "none";

const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun"]
  .concat(["Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]);

const lockTypes = new Map<string, LockType>(
  (["none", "dlm", "sanlock", "idm"] as const).map((word) => [word, LockType[word]]),
);
const typeWords = new Map([...lockTypes].map(([word, type]) => [type, word]));
const modes = new Map<string, Mode>([
  ["un", Mode.un],
  ["nl", Mode.nl],
  ["sh", Mode.sh],
  ["ex", Mode.ex],
]);

/** Local time as ctime(3) has it, without the newline. */
function ctime(at: Date): string {
  const two = (n: number) => String(n).padStart(2, "0");
  const clock = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":");
  const day = String(at.getDate()).padStart(2);
  return `${days[at.getDay()]} ${months[at.getMonth()]} ${day} ${clock} ${at.getFullYear()}`;
}

/** @param updates how often this daemon has written the file as a whole. */
export function headerLine(pid: number, updates: number, at: Date): string {
  return `lvmlockd adopt_version 1.0 pid ${pid} updates ${updates} ${ctime(at)}\n`;
}

const field = (text: string) => text === "" ? ABSENT : text;
const uuidField = (text: string) => field(text).padStart(UUID_WIDTH);

export function vgLine({ vgUuid, vgName, lockType, vgArgs }: Omit<AdoptVg, "locks">): string {
  return `VG: ${uuidField(vgUuid)} ${vgName} ${typeWords.get(lockType)} ${field(vgArgs)}\n`;
}

export function lvLine(vgUuid: string, { lvUuid, lvArgs, mode }: AdoptLock): string {
  const word = mode === Mode.ex ? "ex" : "sh";
  return `LV: ${uuidField(vgUuid)} ${lvUuid} ${field(lvArgs)} ${word} 0\n`;
}

const isField = (text: string) => /^[\x21-\x7e\x80-\xff]{1,64}$/.test(text);
const isOptionalField = (text: string) => text === "" || isField(text);
const isName = (text: string) => isField(text) && text !== ABSENT;

/** Can the format express it? LVM makes no names that it cannot. */
export function isWritableVg({ vgUuid, vgName, lockType, vgArgs }: Omit<AdoptVg, "locks">) {
  return isName(vgName) && isOptionalField(vgUuid) && isOptionalField(vgArgs) &&
    typeWords.has(lockType);
}

/** See {@link isWritableVg}. */
export function isWritableLock({ lvUuid, lvArgs }: AdoptLock): boolean {
  return isName(lvUuid) && isOptionalField(lvArgs);
}

/**
 * Reads the file; one that does not exist is empty.
 * @throws {AdoptFileError} if it is none, has another major version or a malformed line.
 * @throws {Error} if it cannot be read at all.
 */
export function readAdoptFile(path: string): AdoptFile {
  let bytes: Uint8Array;
  try {
    bytes = Deno.readFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { pid: 0, vgs: [], cut: false };
    throw error;
  }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  return parseAdoptFile(text);
}

/**
 * Reads the text of a file. A last line without an end was never completed and does not count;
 * neither do comments (`#`) and lines that begin with an unknown word.
 * @throws {AdoptFileError}
 */
export function parseAdoptFile(text: string): AdoptFile {
  const reader = new Reader();
  let start = 0;
  for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
    reader.line(text.slice(start, end));
    start = end + 1;
  }
  // A stock daemon that dies between emptying and filling the file leaves it empty.
  const cut = start < text.length || text === "";
  return { pid: reader.pid ?? 0, vgs: [...reader.vgs.values()], cut };
}

class Reader {
  /** By UUID and name. */
  readonly vgs = new Map<string, AdoptVg>();
  pid: number | undefined;
  #number = 0;
  readonly #byUuid = new Map<string, AdoptVg>();
  readonly #locks = new Map<AdoptVg, Map<string, AdoptLock>>();

  line(text: string): void {
    this.#number++;
    if (text.startsWith("lvmlockd")) this.#header(text);
    else if (text.startsWith("VG:")) this.#vg(this.#fields(text));
    else if (text.startsWith("LV:")) this.#lv(this.#fields(text));
  }

  #fail(why: string): never {
    throw new AdoptFileError(this.#number, why);
  }

  #header(text: string): void {
    const match = /^lvmlockd adopt_version ([0-9]{1,9})\.([0-9]{1,9})(?: pid ([0-9]{1,9}))?/
      .exec(text);
    if (match === null) this.#fail("the header is not understood");
    if (Number(match[1]) !== 1) {
      this.#fail(`the format has version ${match[1]}.${match[2]}, only 1.x can be read`);
    }
    this.pid = Number(match[3] ?? 0);
  }

  /** The words after the first; `none` is absent. */
  #fields(text: string): string[] {
    if (this.pid === undefined) this.#fail("there is no header before it");
    const fields = text.slice("VG:".length).split(/[ \t\v\f\r]+/).filter((word) => word !== "");
    if (fields.some((word) => word.length > MAX_FIELD)) {
      this.#fail(`a field is longer than ${MAX_FIELD} bytes`);
    }
    if (!fields.every(isField)) this.#fail("a field has unprintable bytes");
    return fields.map((word) => word === ABSENT ? "" : word);
  }

  /** The stock writer leaves absent args out. */
  #vg([vgUuid, vgName, typeWord, vgArgs = ""]: string[]): void {
    if (vgUuid === undefined || vgName === undefined || typeWord === undefined) {
      this.#fail("a VG line needs UUID, name, lock type and lock args");
    }
    if (vgName === "") this.#fail("the VG has no name");
    const lockType = lockTypes.get(field(typeWord));
    if (lockType === undefined) this.#fail(`"${typeWord}" is no lock type`);
    const key = `${vgUuid} ${vgName}`;
    let vg = this.vgs.get(key);
    if (vg === undefined) {
      vg = { vgName, vgUuid, lockType, vgArgs, locks: [] };
      this.vgs.set(key, vg);
      this.#locks.set(vg, new Map());
    }
    Object.assign(vg, { lockType, vgArgs });
    this.#byUuid.set(vgUuid, vg);
  }

  #lv(fields: string[]): void {
    const withoutArgs = fields.length === 4 && modes.has(fields[2]!);
    if (withoutArgs) fields.splice(2, 0, "");
    const [vgUuid, lvUuid, lvArgs, modeWord, version] = fields;
    if (vgUuid === undefined || lvUuid === undefined || lvArgs === undefined) {
      this.#fail("an LV line needs VG UUID, LV UUID, lock args, mode and version");
    }
    if (lvUuid === "") this.#fail("the LV has no UUID");
    const mode = modes.get(modeWord ?? "");
    if (mode === undefined) this.#fail(`"${modeWord ?? ""}" is no lock mode`);
    if (!/^[0-9]{1,10}$/.test(version ?? "")) this.#fail("there is no version after the mode");
    const vg = this.#byUuid.get(vgUuid);
    if (vg === undefined) this.#fail(`there is no VG line before it with UUID ${field(vgUuid)}`);
    if (mode === Mode.sh || mode === Mode.ex) this.#add(vg, { lvUuid, lvArgs, mode });
  }

  /** The stock writer has a line for every holder; the last one counts. */
  #add(vg: AdoptVg, lock: AdoptLock): void {
    const known = this.#locks.get(vg)!;
    const old = known.get(lock.lvUuid);
    if (old !== undefined) {
      Object.assign(old, lock);
      return;
    }
    known.set(lock.lvUuid, lock);
    vg.locks.push(lock);
  }
}
