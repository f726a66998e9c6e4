/**
 * The order in which devices that stand on each other are worked on, several at a time.
 *
 * @module
 */
import type { DmDevice } from "./devices.ts";

/** Runs of dmsetup that work at a time; those that only wait do not count. */
const atATime = 8;

/**
 * `down`: a device comes after those that use it, so that none of them sees an error from below and
 * notes it on disk. `up`: it comes after those that it uses.
 */
export type Direction = "down" | "up";

/** Calls `work` once for each device, in that order; resolves when all calls have. */
export async function inOrder(
  devices: readonly DmDevice[],
  direction: Direction,
  work: (device: DmDevice) => Promise<void>,
): Promise<void> {
  const before = ({ devno, uses }: DmDevice) =>
    devices.filter((other) =>
      direction === "down" ? other.uses.includes(devno) : uses.includes(other.devno)
    );
  const slots = new Slots(atATime);
  const begun = new Map<DmDevice, Promise<void>>();
  const begin = (device: DmDevice): Promise<void> => {
    let working = begun.get(device);
    if (!working) {
      working = Promise.all(before(device).map(begin)).then(() => slots.use(() => work(device)));
      begun.set(device, working);
    }
    return working;
  };
  await Promise.all(devices.map(begin));
}

class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async use(work: () => Promise<void>): Promise<void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }
}
