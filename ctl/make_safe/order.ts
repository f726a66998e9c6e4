/**
 * The order in which devices that stand on each other are replaced, several at a time.
 *
 * @module
 */
import type { DmDevice } from "./devices.ts";

/** Runs of dmsetup that work at a time; those that only wait do not count. */
const atATime = 8;

/** Targets that write nothing of their own when they are replaced, unlike pools, RAID and caches. */
const quiet = [
  "error",
  "zero",
  "linear",
  "striped",
  "crypt",
  "thin",
  "snapshot",
  "snapshot-origin",
];

function writesWhenReplaced({ targets = [] }: DmDevice): boolean {
  return targets.some((target) => !quiet.includes(target));
}

/**
 * The devices of `all` that come before `device`. That are those that use it, so that none of them
 * sees an error from below and notes it on disk. Where a disk does not answer, what is below a device
 * that writes comes before it: the write would never end, unless it fails at once.
 */
export function comesBefore(
  device: DmDevice,
  all: readonly DmDevice[],
  diskIsSilent: boolean,
): DmDevice[] {
  const late = (upper: DmDevice) => diskIsSilent && writesWhenReplaced(upper);
  return all.filter((other) =>
    other.uses.includes(device.devno) && !late(other) ||
    device.uses.includes(other.devno) && late(device)
  );
}

/** Calls `work` once for each device, in that order; resolves when all calls have. */
export async function inOrder(
  devices: readonly DmDevice[],
  diskIsSilent: boolean,
  work: (device: DmDevice) => Promise<void>,
): Promise<void> {
  const slots = new Slots(atATime);
  const begun = new Map<DmDevice, Promise<void>>();
  const begin = (device: DmDevice): Promise<void> => {
    let working = begun.get(device);
    if (!working) {
      const before = comesBefore(device, devices, diskIsSilent);
      working = Promise.all(before.map(begin)).then(() => slots.use(() => work(device)));
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
