/**
 * Hosts that share leases in a file: a sanlock daemon and a client process each.
 *
 * @module
 */
import { makeDirectory, SanlockDaemon } from "./daemon.ts";
import { Host } from "./hosts.ts";
import { LeaseFile } from "./leases.ts";

export class Cluster implements AsyncDisposable {
  readonly #started: Host[] = [];

  private constructor(
    readonly directory: string,
    readonly leases: LeaseFile,
    readonly daemons: SanlockDaemon[],
  ) {}

  /** Starts `count` daemons, and makes a file for leases. */
  static async start(count: number): Promise<Cluster> {
    const directory = await makeDirectory();
    const names = Array.from({ length: count }, (_, i) => `host${i + 1}`);
    const daemons = await Promise.all(names.map((name) => SanlockDaemon.start(name)));
    return new Cluster(directory, new LeaseFile(directory), daemons);
  }

  /** Starts one more process that talks to the daemon number `index`, as that host. */
  host(index: number): Host {
    const host = Host.start(this.daemons[index]!);
    this.#started.push(host);
    return host;
  }

  /** Formats leases and starts one process for each daemon, which joins with host id 1 and so on. */
  async joined(slots: number[]): Promise<Host[]> {
    const hosts = this.daemons.map((_, i) => this.host(i));
    await this.leases.format(hosts[0]!.client, slots);
    await Promise.all(hosts.map(({ client }, i) => this.leases.join(client, i + 1)));
    return hosts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = [...this.#started, ...this.daemons];
    await Promise.all(all.map((one) => one[Symbol.asyncDispose]()));
    await Deno.remove(this.directory, { recursive: true });
  }
}
