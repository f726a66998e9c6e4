/**
 * A device-mapper in memory for tests: answers what dmsetup is asked in dmsetup's own words, begins
 * with recorded devices, and replaces tables as the kernel was seen to. In particular pools, RAID and
 * caches write their metadata when they are replaced, which never ends while their disk hangs, and a
 * thin device whose pool was replaced before it can not be replaced any more.
 *
 * @module
 */
import type { RunEnd } from "../child.ts";
import type { DmDevice } from "./devices.ts";
import { Dmsetup, type Run } from "./dmsetup.ts";

const writers = ["thin-pool", "raid", "cache", "writecache"];

const exit = (code: number, stdout = "", stderr = ""): RunEnd => ({
  kind: "exit",
  code,
  stdout,
  stderr,
});

/** The name without dmsetup's way to write a blank and a bar. */
const plain = (name: string) => name.replace("\\x20", " ").replace("\\x7c", "|");

export class TestKernel {
  readonly dmsetup: Dmsetup;
  /** Names of devices in the order in which their replacement began. */
  readonly begun: string[] = [];
  /** Disks that do not answer. */
  readonly hangingDisks = new Set<string>();
  /** Devices with I/O under way on a disk: if that hangs, their replacement does. */
  readonly busy = new Set<string>();
  /** Devices whose table the kernel refuses to replace. */
  readonly refused = new Set<string>();
  /** How many questions fail before one is answered. */
  unanswered = 0;
  readonly #devices: Map<string, DmDevice>;
  readonly #awaited: { name: string; times: number; resolve: () => void }[] = [];
  #released = Promise.withResolvers<void>();

  constructor(devices: readonly DmDevice[]) {
    this.#devices = new Map(devices.map((device) => [device.name, device]));
    this.dmsetup = new Dmsetup(this.#run, "dmsetup");
  }

  change(name: string, change: Partial<DmDevice>): void {
    this.#devices.set(name, { ...this.#devices.get(name)!, ...change });
  }

  remove(name: string): void {
    this.#devices.delete(name);
  }

  /** Resolves when the replacement of a device begins, for the `times`th time. */
  replacing(name: string, times = 1): Promise<void> {
    return new Promise((resolve) => this.#awaited.push({ name, times, resolve }));
  }

  /** The disks answer again. */
  release(): void {
    this.hangingDisks.clear();
    this.#released.resolve();
  }

  readonly #run: Run = async ([program, ...words]) => {
    if (program === "dd") return this.#read(words[0]!);
    if (words[0] === "info") return this.#answer(() => this.#info());
    if (words[0] === "table") return this.#answer(() => this.#tables());
    return await this.#replace(words.at(-1)!, words[0] === "clear");
  };

  #read(from: string): RunEnd {
    const devno = from.replace("if=/dev/block/", "");
    return this.hangingDisks.has(devno) ? { kind: "late", ended: this.#released.promise } : exit(0);
  }

  #answer(text: () => string): RunEnd {
    if (this.unanswered === 0) return exit(0, text() || "No devices found\n");
    this.unanswered--;
    return exit(1, "", "Device does not exist.\nCommand failed.\n");
  }

  #info(): string {
    const rows = [...this.#devices.values()].map((device) => {
      const { name, uuid, devno, uses, live, inactive, suspended } = device;
      const loaded = live ? inactive ? "Both" : "Live" : inactive ? "Inactive" : "None";
      const state = suspended ? "Suspended" : "Active";
      return `${[devno, loaded, state, uses.join(), uuid, name].join("/")}\n`;
    });
    return rows.join("");
  }

  #tables(): string {
    return [...this.#devices.values()].map(({ name, uuid, devno, targets = [] }) => {
      const lines = targets.map((target, i) => `${i * 8} 8 ${target} `);
      return [plain(name), uuid, devno.split(":")[1], "rw", ...lines].join();
    }).join(";");
  }

  async #replace(name: string, clear: boolean): Promise<RunEnd> {
    this.begun.push(name);
    for (const awaited of this.#awaited) {
      if (awaited.name === name && --awaited.times === 0) awaited.resolve();
    }
    const device = this.#devices.get(name);
    const failure = `device-mapper: reload ioctl on ${name}  failed: Invalid argument\n`;
    if (!device || this.refused.has(name)) return exit(1, "", failure);
    if (clear) {
      this.change(name, { inactive: false });
      return exit(0);
    }
    const writes = this.busy.has(name) || device.targets?.some((kind) => writers.includes(kind));
    if (writes && this.#hangs(device)) {
      this.change(name, { suspended: true });
      await this.#released.promise;
    }
    const stuck = device.targets?.includes("thin") && !this.#hasPool(device);
    if (stuck) await new Promise(() => {});
    const wiped = { targets: ["error"], uses: [], suspended: false, inactive: false };
    this.change(name, wiped);
    return exit(0);
  }

  #hasPool({ uses }: DmDevice): boolean {
    const pool = [...this.#devices.values()].find(({ devno }) => uses.includes(devno));
    return pool?.targets?.includes("thin-pool") ?? false;
  }

  #hangs({ uses }: DmDevice): boolean {
    return uses.some((devno) => {
      if (this.hangingDisks.has(devno)) return true;
      const below = [...this.#devices.values()].find((device) => device.devno === devno);
      return below !== undefined && this.#hangs(below);
    });
  }
}
