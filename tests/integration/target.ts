/**
 * A daemon that is treated badly: with one VG started, and a check that it is as it was before.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { connectApi, resultOf } from "../../core/api/client.ts";
import { type DaemonProcess, type Manager, Place, until } from "./daemon.ts";
import { Wire } from "./wire.ts";

/** The VG that is started. */
export const VG = "vg0";

/** A lock that is held: `LVUUID ex persistent`, `VGLK sh vgs`. */
export type Held = string;

/** Every lock that is held and every request that waits, in the daemon that serves `api`. */
export async function listLocks(api: string): Promise<{ held: Held[]; waiting: Held[] }> {
  using client = connectApi(api);
  const { resources } = await resultOf(client.api.v1.locks.$get({ query: {} }));
  const held = resources.flatMap(({ name, holders }) =>
    holders.map(({ mode, persistent, client }) =>
      `${name} ${mode} ${persistent ? "persistent" : client?.command}`
    )
  );
  const waiting = resources.flatMap(({ name, waiters }) =>
    waiters.map(({ mode, client }) => `${name} ${mode} ${client?.command}`)
  );
  return { held, waiting };
}

/** Number of clients that the daemon believes to be connected. */
async function clientCount(api: string): Promise<number> {
  using client = connectApi(api);
  return (await resultOf(client.api.v1.status.$get({ query: {} }))).counts.clients;
}

export class Target implements AsyncDisposable {
  #files: string[] = [];

  private constructor(readonly place: Place, readonly daemon: DaemonProcess) {}

  static async start(manager: Manager = "embedded"): Promise<Target> {
    const place = await Place.open(manager);
    const target = new Target(place, await place.start());
    {
      using client = await place.connect();
      await client.startVg(VG);
    }
    await target.#serves();
    await target.alone();
    await until("the first connections are closed", () => target.#connections() === 0);
    target.#files = target.daemon.files;
    return target;
  }

  wire(): Promise<Wire> {
    return Wire.open(this.place.socket);
  }

  /** Connections to its sockets: the kernel lists them under the path, besides the listening one. */
  #connections(): number {
    const { socket, api } = this.place;
    return Deno.readTextFileSync("/proc/net/unix").split("\n").filter((line) =>
      [socket, api].some((path) => line.endsWith(path)) && !line.includes(" 00010000 ")
    ).length;
  }

  /** One client takes and releases the VG lock, another interface lists. */
  async #serves(): Promise<void> {
    using client = await this.place.connect();
    assertEquals([await client.lockVg(VG, "ex"), await client.lockVg(VG, "un")], [0, 0]);
  }

  /** Waits until the daemon knows that all clients are gone. */
  async alone(): Promise<void> {
    await until("all clients are gone", async () => await clientCount(this.place.api) === 0);
  }

  /**
   * The daemon serves another client; of earlier ones nothing is left: no lock but `held`, no
   * waiting request, no connection, no open file.
   */
  async unharmed(held: Held[] = []): Promise<void> {
    await this.#serves();
    await this.alone();
    assertEquals(await listLocks(this.place.api), { held, waiting: [] });
    const expected = this.#files.join(" ");
    const files = () => this.daemon.files.join(" ");
    const instead = () => `: ${files()} are open, not ${expected}`;
    await until("all files are closed", () => files() === expected, instead);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.place[Symbol.asyncDispose]();
  }
}

type Attempt = (target: Target, t: Deno.TestContext) => Promise<void>;

/**
 * Collects attempts at harming a daemon and registers them as one test named `title`: all are made
 * on one daemon, which must be unharmed after each.
 */
export function attempts(title: string, manager: Manager = "embedded") {
  const all: [string, Attempt][] = [];
  Deno.test(title, async (t) => {
    await using target = await Target.start(manager);
    for (const [name, attempt] of all) {
      await t.step(name, async (step) => {
        await attempt(target, step);
        await target.unharmed();
      });
    }
  });
  return (name: string, attempt: Attempt): void => void all.push([name, attempt]);
}
