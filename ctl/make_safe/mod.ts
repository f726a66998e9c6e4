/**
 * Makes a VG safe whose locks are lost: replaces the tables of its devices so that nothing written to
 * them reaches a disk any more, and checks in the kernel's own state that it is so. Another host may
 * take the locks only then.
 *
 * @module
 */
import { type Danger, dangerOf, dangersOf } from "./danger.ts";
import { devicesOfVg, type DmDevice, type VgDevices } from "./devices.ts";
import { type Dmsetup, DmsetupError } from "./dmsetup.ts";
import { inOrder } from "./order.ts";

export interface Outcome {
  /** How many devices of the VG are there, all harmless if there is no danger. */
  devices: number;
  /** Empty if the VG is safe. */
  dangers: Danger[];
}

export interface MakeSafeOptions {
  /** Aborted when it shall be given up; what was begun goes on by itself. */
  signal: AbortSignal;
  /** Told what goes on, a sentence at a time. */
  report: (sentence: string) => void;
  timing?: Timing;
}

interface Timing {
  /** How long the first device is waited for before others take their turn; the next ones less. */
  patienceMs: number;
  /** Time between two attempts. */
  pauseMs: number;
}

const usualTiming: Timing = { patienceMs: 2000, pauseMs: 500 };
/** Listing fails where a device goes at that moment: another attempt or two will do. */
const looks = 3;

/** Looks whether a VG is safe, and changes nothing. */
export async function checkSafe(vgName: string, dmsetup: Dmsetup): Promise<Outcome> {
  for (let left = looks;; left--) {
    const { seen, failure } = await look(vgName, dmsetup);
    if (seen) return { devices: seen.own.length, dangers: dangersOf(seen) };
    if (left === 1) return { devices: 0, dangers: [{ device: "", why: failure }] };
  }
}

/** Makes a VG safe. A VG that is safe already stays as it is. */
export function makeSafe(
  vgName: string,
  dmsetup: Dmsetup,
  options: MakeSafeOptions,
): Promise<Outcome> {
  return new Work(vgName, dmsetup, options).run();
}

type Look = { seen: VgDevices; failure?: never } | { seen?: never; failure: string };

async function look(
  vgName: string,
  dmsetup: Dmsetup,
  knownDisks?: ReadonlySet<string>,
): Promise<Look> {
  try {
    return { seen: devicesOfVg(vgName, await dmsetup.list(), knownDisks) };
  } catch (error) {
    if (error instanceof DmsetupError) return { failure: error.message };
    throw error;
  }
}

class Work {
  /** Changes under way by the device's name. The kernel may take for ever. */
  readonly #pending = new Map<string, Promise<void>>();
  /** How the last change of a device failed; `""` if it did not. */
  readonly #failures = new Map<string, string>();
  /** Names of the devices under way that nobody waits for. */
  readonly #slow = new Set<string>();
  readonly #givenUp = Promise.withResolvers<void>();
  readonly #timing: Timing;
  #disks: ReadonlySet<string> = new Set();
  #diskIsSilent: boolean | undefined;

  constructor(
    readonly vgName: string,
    readonly dmsetup: Dmsetup,
    readonly options: MakeSafeOptions,
  ) {
    this.#timing = options.timing ?? usualTiming;
    options.signal.addEventListener("abort", () => this.#givenUp.resolve());
  }

  async run(): Promise<Outcome> {
    for (let first = true;; first = false) {
      const { seen, failure } = await look(this.vgName, this.dmsetup, this.#disks);
      const dangers = seen ? this.#withNotes(dangersOf(seen)) : [{ device: "", why: failure }];
      const todo = seen?.own.filter((device) => dangerOf(device) !== undefined);
      const outcome = { devices: seen?.own.length ?? 0, dangers };
      // What is not ours to change cannot be helped by trying again.
      const done = dangers.length === 0 || todo?.length === 0;
      if (done || this.options.signal.aborted) return outcome;
      if (!first) await this.#pause();
      if (seen && todo) await this.#pass(seen, todo);
    }
  }

  async #pass({ disks }: VgDevices, todo: DmDevice[]): Promise<void> {
    this.#disks = disks;
    this.#diskIsSilent ??= await this.#begin(todo.length);
    const pass = inOrder(todo, this.#diskIsSilent, (device) => this.#change(device, todo));
    await Promise.race([pass, this.#givenUp.promise]);
  }

  /** Whether a disk does not answer. */
  async #begin(count: number): Promise<boolean> {
    const { vgName, options } = this;
    const devices = count === 1 ? "1 device" : `${count} devices`;
    options.report(`Replacing the tables of ${devices} of VG ${vgName}, so that all I/O fails.`);
    const silent = await Promise.all(
      [...this.#disks].map(async (disk) => await this.dmsetup.answers(disk) ? [] : [disk]),
    );
    const disks = silent.flat().join(", ");
    if (disks) options.report(`Disks of VG ${vgName} that do not answer: ${disks}.`);
    return disks !== "";
  }

  /** Resolves when the device is changed, or others should not wait for it any longer. */
  async #change(device: DmDevice, todo: DmDevice[]): Promise<void> {
    const { name } = device;
    if (this.#pending.has(name) || this.#hasThins(device, todo)) return;
    this.#failures.delete(name);
    const change = this.dmsetup.wipe(device).then((failure) => {
      this.#pending.delete(name);
      this.#slow.delete(name);
      this.#failures.set(name, failure);
    });
    this.#pending.set(name, change);
    if (await endsWithin(change, this.#timing.patienceMs / (1 + this.#slow.size))) return;
    this.#slow.add(name);
    this.options.report(`Device ${name} of VG ${this.vgName} waits for its I/O to end.`);
  }

  /**
   * Replacing a thin pool suspends its thin devices until the pool works again: they could not be
   * replaced after it. So it has to wait for them, to the next pass if need be.
   */
  #hasThins({ devno }: DmDevice, todo: DmDevice[]): boolean {
    return todo.some(({ name, uses, targets }) =>
      uses.includes(devno) && targets?.includes("thin") && this.#failures.get(name) !== ""
    );
  }

  #withNotes(dangers: Danger[]): Danger[] {
    return dangers.map(({ device, why }) => {
      const waits = this.#pending.has(device) ? "dmsetup waits for its I/O to end" : "";
      const note = waits || this.#failures.get(device);
      return { device, why: note ? `${why}; ${note}` : why };
    });
  }

  async #pause(): Promise<void> {
    const news = Promise.race([...this.#pending.values(), this.#givenUp.promise]);
    await endsWithin(news, this.#timing.pauseMs);
  }
}

/** Whether `work` ends before `ms` have passed. */
async function endsWithin(work: Promise<void>, ms: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), ms);
  try {
    return await Promise.race([work.then(() => true), promise]);
  } finally {
    clearTimeout(timer);
  }
}
