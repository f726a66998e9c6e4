/**
 * Two hosts with a process and a connection each, for tests of the double.
 *
 * @module
 */
import { World, type WorldOptions } from "./double.ts";
import { type Connection, Driver } from "./driver.ts";

export class Pair implements AsyncDisposable {
  private constructor(
    readonly world: World,
    readonly drivers: Driver[],
    /** Of host 1. */
    readonly a: Connection,
    /** Of host 2. */
    readonly b: Connection,
  ) {}

  static async open(options: WorldOptions = {}): Promise<Pair> {
    const world = await World.open(options);
    const drivers = await Promise.all(
      world.hosts.map((host) => Driver.start(host)),
    );
    const [a, b] = await Promise.all(drivers.map((driver) => driver.connect()));
    return new Pair(world, drivers, a!, b!);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.drivers.map((driver) => driver[Symbol.asyncDispose]()));
    await this.world[Symbol.asyncDispose]();
  }
}

/** As the emulation of the drives answers, not as their firmware. */
export const emulation = { env: { ILM_DOUBLE_SCALE: "20", ILM_DOUBLE_KIND: "emulation" } };

/** How long a lock is tried, milliseconds, in a world at the usual speed. */
export const WINDOW_MS = 250;

export const [EPERM, ENOENT, EIO, ENOMEM, EBUSY, EINVAL, EPIPE, ETIME, ECONNRESET] = [
  -1,
  -2,
  -5,
  -12,
  -16,
  -22,
  -32,
  -62,
  -104,
];

/** What a read gives after a lock was taken from a dead host. */
export const BROKEN = "ff".repeat(8);
export const ZERO = "00".repeat(8);
