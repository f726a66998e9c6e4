/**
 * Whole hosts for tests, on one machine and without device-mapper: each has a sanlock daemon and this
 * project's daemon of its own. What they share is a directory in which files stand for the devices that
 * hold leases.
 *
 * @module
 */
import { type ApiClient, connectApi } from "../../core/api/client.ts";
import { Conversation } from "../integration/conversation.ts";
import { type DaemonProcess, exists, Place, type StartOptions } from "../integration/daemon.ts";
import { makeDirectory, SanlockDaemon } from "./daemon.ts";
import { MIB } from "./leases.ts";
import { SharedVg } from "./daemon_vg.ts";

/** Leases of the lockspace, the global lock and the VG come first: this leaves room for 13 LVs. */
const DISK_MIB = 80;

export interface HostOptions {
  /** Number in the name of the host. */
  number: number;
  /** Its host id, if it is not that number. */
  hostId?: number;
  /** Further arguments of our daemon. */
  args?: string[];
  env?: Record<string, string>;
  /** The command for lost leases only notes how it was called, in {@link LvmHost.kills}. */
  notesKills?: boolean;
}

/** Appends its arguments to the file beside it. */
const noteKill = '#!/bin/sh\necho "$*" >> "$0.calls"\n';

/** One host. */
export class LvmHost implements AsyncDisposable {
  readonly api: ApiClient;
  readonly #processes: DaemonProcess[] = [];

  private constructor(
    readonly place: Place,
    public sanlock: SanlockDaemon,
    private readonly options: HostOptions & { devDir: string },
  ) {
    this.api = connectApi(place.api);
  }

  /** Starts both daemons. */
  static async start(devDir: string, options: HostOptions): Promise<LvmHost> {
    const sanlock = await SanlockDaemon.start(`host${options.number}`);
    const cluster = `embedded-${crypto.randomUUID()}`;
    const host = new LvmHost(await Place.open("embedded", cluster), sanlock, {
      ...options,
      devDir,
    });
    await host.startDaemon();
    return host;
  }

  get number(): number {
    return this.options.number;
  }

  get #killPath(): string {
    return `${this.place.directory}/kill`;
  }

  /** Arguments of the calls of its command for lost leases. */
  get kills(): string[] {
    const path = `${this.#killPath}.calls`;
    return exists(path) ? Deno.readTextFileSync(path).trimEnd().split("\n") : [];
  }

  /** Our daemon, the one started last. */
  get daemon(): DaemonProcess {
    const last = this.#processes.at(-1);
    if (last === undefined) throw new Error("The daemon was not started");
    return last;
  }

  /** What all our daemons on this host have printed, one after the other. */
  get daemonLog(): string {
    return this.#processes.map(({ errors }) => errors.text).join("--- the next daemon ---\n");
  }

  /** Starts our daemon, in the place of one that has ended; it serves when this resolves. */
  async startDaemon(more: StartOptions = {}): Promise<void> {
    const process = await this.place.start(await this.startOptions(more));
    this.#processes.push(process);
  }

  /** Starts our daemon and kills it after so many milliseconds, when it may not serve yet. */
  async startBroken(ms: number): Promise<void> {
    const process = this.place.spawn(await this.startOptions());
    this.#processes.push(process);
    await new Promise((wake) => setTimeout(wake, ms));
    await process.kill();
  }

  /** What our daemon is started with on this host. */
  async startOptions(more: StartOptions = {}): Promise<StartOptions> {
    const { hostId = this.number, args = [], notesKills = false } = this.options;
    const kill = notesKills ? ["--kill-path", this.#killPath] : [];
    if (notesKills) await Deno.writeTextFile(this.#killPath, noteKill, { mode: 0o755 });
    return {
      ...more,
      args: [..."-D -o 1 -i".split(" "), `${hostId}`, ...kill, ...args, ...more.args ?? []],
      env: {
        SANLOCK_RUN_DIR: this.sanlock.runDir,
        DM_DEV_DIR: this.options.devDir,
        ...this.options.env,
        ...more.env,
      },
    };
  }

  /** Starts a sanlock daemon in the place of the one that has ended. */
  async startSanlock(): Promise<void> {
    this.sanlock = await SanlockDaemon.start(`host${this.number}`, this.sanlock.runDir);
  }

  /** A client of the native socket that has said hello. */
  connect(): Promise<Conversation> {
    return this.place.connect();
  }

  /** Runs a command of sanlock's own tool with the daemon of this host; what it printed. */
  async sanlockTool(...args: string[]): Promise<string> {
    const env = { SANLOCK_RUN_DIR: this.sanlock.runDir };
    const { stdout, stderr } = await new Deno.Command("sanlock", { args, env }).output();
    return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.api.close();
    await this.place[Symbol.asyncDispose]();
    await this.sanlock[Symbol.asyncDispose]();
    // Of an earlier sanlock daemon, if this one took its place.
    await Deno.remove(this.sanlock.runDir, { recursive: true }).catch(() => {});
  }
}

/** Hosts that share files. */
export class Hosts implements AsyncDisposable {
  readonly #vgs: SharedVg[] = [];

  private constructor(readonly devDir: string, readonly all: LvmHost[]) {}

  /** Starts `count` hosts, numbered from 1. */
  static async start(count: number, options: Omit<HostOptions, "number"> = {}): Promise<Hosts> {
    const devDir = await makeDirectory();
    await Deno.mkdir(`${devDir}/mapper`);
    const numbers = Array.from({ length: count }, (_, i) => i + 1);
    const all = await Promise.all(
      numbers.map((number) => LvmHost.start(devDir, { ...options, number })),
    );
    return new Hosts(devDir, all);
  }

  /** Adds one more host. */
  async add(options: HostOptions): Promise<LvmHost> {
    const host = await LvmHost.start(this.devDir, options);
    this.all.push(host);
    return host;
  }

  host(number: number): LvmHost {
    return this.all[number - 1]!;
  }

  /** A VG with a device for its leases, of which nothing is formatted. */
  async vg(name: string, mebibytes = DISK_MIB): Promise<SharedVg> {
    const path = `${this.devDir}/mapper/${name.replaceAll("-", "--")}-lvmlock`;
    await Deno.writeFile(path, new Uint8Array(0));
    await Deno.truncate(path, mebibytes * MIB);
    const vg = new SharedVg(name, path, this.all);
    this.#vgs.push(vg);
    return vg;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const vg of this.#vgs) vg[Symbol.dispose]();
    await Promise.all(this.all.map((host) => host[Symbol.asyncDispose]()));
    await Deno.remove(this.devDir, { recursive: true });
  }
}
