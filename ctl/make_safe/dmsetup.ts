/**
 * Asks device-mapper by way of dmsetup, and has it replace tables. LVM's own commands cannot be used
 * where locks are lost: they would wait for the disks.
 *
 * @module
 */
import type { RunEnd } from "../child.ts";
import type { DmDevice } from "./devices.ts";

/**
 * Runs a program. With a limit in milliseconds it is killed then and not waited for any longer;
 * without one it is left to itself until it ends.
 */
export type Run = (words: readonly string[], limitMs?: number) => Promise<RunEnd>;

/** The kernel answers from memory; what takes longer is in trouble. */
const queryLimitMs = 5000;
/** Enough for a disk that works, and for one that reports an error. */
const readLimitMs = 1000;

/** None of these characters is in a mangled name or UUID; `/` is in no name at all. */
const separator = "/";
const fields = "devno,tables_loaded,suspended,devnos_used,mangled_uuid,mangled_name";
const none = "No devices found";

const tableWords: Record<string, Pick<DmDevice, "live" | "inactive">> = {
  None: { live: false, inactive: false },
  Live: { live: true, inactive: false },
  Inactive: { live: false, inactive: true },
  Both: { live: true, inactive: true },
};

/** What dmsetup said cannot be used; `message` is a clause. */
export class DmsetupError extends Error {
  override name = "DmsetupError";
}

export class Dmsetup {
  /** `dmsetup` is the path of the program. */
  constructor(private readonly run: Run, private readonly dmsetup: string) {}

  /** All devices with their live tables. @throws {DmsetupError} */
  async list(): Promise<DmDevice[]> {
    const format = ["--noheadings", "--separator", separator, "-o", fields];
    const info = await this.#query(["info", "-c", ...format]);
    return withTables(parseInfo(info), await this.#query(["table", "--concise"]));
  }

  /**
   * Replaces the table of a device by one of the same size that fails all I/O. Before, the kernel waits
   * for I/O under way, for as long as that takes, and holds back what is new. It is never killed:
   * that would let the I/O that it held back go on to the disk.
   *
   * @returns why it failed, `""` if it did not.
   */
  async wipe({ name, live }: DmDevice): Promise<string> {
    // Nothing is written back and no file system is waited for, nor udev, which reads from devices.
    const change = live
      ? ["wipe_table", "--force", "--noflush", "--nolockfs", "--noudevsync", name]
      : ["clear", name];
    return failureOf(await this.run([this.dmsetup, ...change]));
  }

  /** Whether a read from the start of a disk ends, well or not. */
  async answers(devno: string): Promise<boolean> {
    const from = [`if=/dev/block/${devno}`, "iflag=direct", "bs=4096", "count=1"];
    const end = await this.run(["dd", ...from, "of=/dev/null"], readLimitMs);
    return end.kind !== "late";
  }

  async #query(words: string[]): Promise<string> {
    const end = await this.run([this.dmsetup, ...words], queryLimitMs);
    const failure = failureOf(end);
    if (failure || end.kind !== "exit") throw new DmsetupError(failure);
    return end.stdout;
  }
}

function failureOf(end: RunEnd): string {
  switch (end.kind) {
    case "exit": {
      const reason = end.stderr.trim().split("\n")[0] || `exit code ${end.code}`;
      return end.code === 0 ? "" : `dmsetup: ${reason}`;
    }
    case "late":
      return "dmsetup gave no answer in time";
    case "signal":
      return `dmsetup was ended by ${end.signal}`;
  }
}

/** Reads `dmsetup info -c` with our fields; targets are not in it. @throws {DmsetupError} */
export function parseInfo(text: string): Omit<DmDevice, "targets">[] {
  return text.split("\n").filter((line) => line !== "" && line !== none).map((line) => {
    const [devno, tables, state, uses, uuid, name, ...more] = line.split(separator);
    const loaded = tableWords[tables ?? ""];
    const known = /^\d+:\d+$/.test(devno ?? "") && loaded &&
      /^(Active|Suspended)$/.test(state ?? "");
    if (!known || !name || more.length > 0) {
      throw new DmsetupError(`dmsetup: cannot read ${JSON.stringify(line)}`);
    }
    return {
      name,
      uuid: uuid!,
      devno: devno!,
      uses: uses ? uses.split(",") : [],
      ...loaded,
      suspended: state === "Suspended",
    };
  });
}

/**
 * Adds the targets from `dmsetup table --concise`. A device that came, went or was replaced between
 * the two questions has none.
 */
export function withTables(devices: Omit<DmDevice, "targets">[], concise: string): DmDevice[] {
  const byMinor = new Map<string, { name: string; targets: string[] }>();
  const text = concise.trimEnd();
  for (const device of text === none ? [] : splitPlain(text, ";")) {
    const [name = "", , minor = "", , ...tables] = splitPlain(device, ",");
    const targets = tables.map((line) => line.split(" ")[2] ?? "");
    byMinor.set(minor, { name: unescape(name), targets });
  }
  return devices.map((device) => {
    const table = byMinor.get(device.devno.split(":")[1]!);
    const same = table && table.name === unmangle(device.name);
    return { ...device, targets: same ? table.targets : undefined };
  });
}

/** Splits where `mark` stands without a backslash in front; the backslashes stay. */
function splitPlain(text: string, mark: string): string[] {
  const parts = [""];
  for (const [piece] of text.matchAll(/\\[^]|[^]/g)) {
    if (piece === mark) parts.push("");
    else parts[parts.length - 1] += piece;
  }
  return parts;
}

const unescape = (text: string) => text.replace(/\\([^])/g, "$1");

/** A mangled name as `table` shows it. */
function unmangle(name: string): string {
  return name.replace(/\\x([0-9a-f]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
}
