/**
 * Whole hosts for tests, on one machine: each has this project's daemon with the library of the double,
 * the run directory of a manager, and a sysfs that lists the SCSI drives which all of them share.
 *
 * @module
 */
import { type ApiClient, connectApi } from "../../core/api/client.ts";
import { Conversation } from "../integration/conversation.ts";
import {
  type DaemonProcess,
  exists,
  Place,
  program,
  run,
  type StartOptions,
} from "../integration/daemon.ts";
import type { Finished } from "../integration/sandbox.ts";
import { type IlmHost, World, type WorldOptions } from "./double.ts";
import { IdmVg } from "./daemon_vg.ts";

/** Appends its arguments to the file beside it. */
const noteKill = '#!/bin/sh\necho "$*" >> "$0.calls"\n';

/** Runs what follows with another sysfs: its first word is the directory. */
const withSysfs = ["sh", "-c", 'mount --bind "$0" /sys && exec "$@"'];

/** One host. */
export class IdmHost implements AsyncDisposable {
  readonly api: ApiClient;
  readonly #processes: DaemonProcess[] = [];

  private constructor(
    readonly place: Place,
    readonly ilm: IlmHost,
    private readonly sysfs: string,
  ) {
    this.api = connectApi(place.api);
  }

  static async open(ilm: IlmHost, sysfs: string): Promise<IdmHost> {
    const place = await Place.open("embedded", `embedded-${crypto.randomUUID()}`);
    return new IdmHost(place, ilm, sysfs);
  }

  get #killPath(): string {
    return `${this.place.directory}/kill`;
  }

  /** Arguments of the calls of its command for lost locks. */
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

  /** Starts our daemon, in the place of one that has ended; it serves when this resolves. */
  async startDaemon(more: StartOptions = {}): Promise<void> {
    await Deno.writeTextFile(this.#killPath, noteKill, { mode: 0o755 });
    const process = await this.place.start({
      // The dump socket has one name for all daemons of a network namespace.
      before: ["unshare", "--mount", "--net", ...withSysfs, this.sysfs],
      args: ["-D", "--kill-path", this.#killPath, ...more.args ?? []],
      env: { ...this.ilm.env, ...more.env },
    });
    this.#processes.push(process);
  }

  /** The daemon dies; the manager lives and frees what it had. */
  async killDaemon(): Promise<void> {
    await this.daemon.kill();
  }

  /** The host loses power: its leases stay. */
  async crash(): Promise<void> {
    this.ilm.stopManager({ socketStays: true });
    await this.daemon.kill();
  }

  /** A client of the native socket that has said hello. */
  connect(): Promise<Conversation> {
    return this.place.connect();
  }

  /** Runs our control tool on this host. */
  ctl(...args: string[]): Promise<Finished> {
    const words = ["nsenter", `--net=/proc/${this.daemon.pid}/ns/net`, ...program, "ctl", ...args];
    const env = { LVM_LVMLOCKD_SOCKET: this.place.socket, LVMLOCKD_API_SOCKET: this.place.api };
    return run(words, { env });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.api.close();
    await this.place[Symbol.asyncDispose]();
  }
}

/** Hosts that share drives. */
export class IdmHosts implements AsyncDisposable {
  readonly #vgs: IdmVg[] = [];

  private constructor(readonly world: World, readonly all: IdmHost[]) {}

  /**
   * Starts the daemons of `options.hosts` hosts, 2 if it does not say.
   * @param before is done before that.
   */
  static async start(
    options: WorldOptions & { args?: string[] } = {},
    before: (world: World) => void = () => {},
  ): Promise<IdmHosts> {
    const world = await World.open(options);
    const sysfs = `${world.directory}/sys`;
    await makeSysfs(sysfs, options.drives ?? ["sda", "sdb", "sdc"]);
    const all = await Promise.all(world.hosts.map((ilm) => IdmHost.open(ilm, sysfs)));
    before(world);
    await Promise.all(all.map((host) => host.startDaemon({ args: options.args ?? [] })));
    return new IdmHosts(world, all);
  }

  /** @param number from 1 */
  host(number: number): IdmHost {
    return this.all[number - 1]!;
  }

  /** The directory that the daemons see as sysfs. */
  get sysfs(): string {
    return `${this.world.directory}/sys`;
  }

  /** A VG on all drives, if not on these. */
  vg(name: string, drives?: string[]): IdmVg {
    const vg = new IdmVg(name, this, drives ?? ["sda", "sdb", "sdc"]);
    this.#vgs.push(vg);
    return vg;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const vg of this.#vgs) vg[Symbol.dispose]();
    await Promise.all(this.all.map((host) => host[Symbol.asyncDispose]()));
    await this.world[Symbol.asyncDispose]();
  }
}

/** A sysfs in which every drive is a SCSI disk; `propeller` is the name of one of its partitions. */
export async function makeSysfs(root: string, drives: string[]): Promise<void> {
  await Deno.mkdir(`${root}/bus/scsi/devices`, { recursive: true });
  for (const [i, drive] of drives.entries()) await addDisk(root, `${i}:0:0:0`, drive);
}

/** Adds a SCSI disk with two partitions, the second of this name. */
export async function addDisk(
  root: string,
  address: string,
  drive: string,
  partition = "propeller",
): Promise<void> {
  for (const [number, name] of ["data", partition].entries()) {
    const directory = `${root}/bus/scsi/devices/${address}/block/${drive}/${drive}${number + 1}`;
    await Deno.mkdir(directory, { recursive: true });
    const uevent = `DEVTYPE=partition\nPARTN=${number + 1}\nPARTNAME=${name}\n`;
    await Deno.writeTextFile(`${directory}/uevent`, uevent);
  }
}
