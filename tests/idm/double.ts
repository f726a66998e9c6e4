/**
 * The little world in which the library that stands for the IDM lock manager works in tests: drives that
 * are files, and hosts that are run directories. What the files mean is in double/README.md.
 *
 * @module
 */
import { exists } from "../integration/daemon.ts";
import { buildDouble } from "./build.ts";
import { type MutexState, readMutexes, writeMutexes } from "./drive_file.ts";

export interface WorldOptions {
  /** Number of hosts, 1 to 9. */
  hosts?: number;
  drives?: string[];
  /** Further settings of the library, such as `ILM_DOUBLE_SCALE`. */
  env?: Record<string, string>;
}

/** How much faster than real time everything goes, if nothing else is said. */
export const SCALE = 20;

/** Drives that hosts share. */
export class World implements AsyncDisposable {
  private constructor(
    readonly directory: string,
    readonly hosts: IlmHost[],
  ) {}

  static async open(options: WorldOptions = {}): Promise<World> {
    const { hosts = 2, drives = ["sda", "sdb", "sdc"], env = {} } = options;
    const library = await buildDouble();
    const directory = await Deno.makeTempDir({ prefix: "idm-world-" });
    for (const name of ["drives", "drives/.eio", "drives/.latency", "drives/.hold"]) {
      await Deno.mkdir(`${directory}/${name}`);
    }
    for (const name of drives) {
      await Deno.writeFile(`${directory}/drives/${name}`, new Uint8Array());
    }
    const numbers = Array.from({ length: hosts }, (_, i) => i + 1);
    const settings = { ILM_DOUBLE_SCALE: `${SCALE}`, ...env };
    const all = numbers.map((number) => new IlmHost(number, directory, library, settings));
    return new World(directory, all);
  }

  /** @param number from 1 */
  host(number: number): IlmHost {
    return this.hosts[number - 1]!;
  }

  drivePath(drive: string): string {
    return `${this.directory}/drives/${drive}`;
  }

  /** Every access of any host to a drive fails with EIO. */
  failDrive(drive: string): void {
    Deno.writeTextFileSync(`${this.directory}/drives/.eio/${drive}`, "");
  }

  restoreDrive(drive: string): void {
    const marker = `${this.directory}/drives/.eio/${drive}`;
    if (exists(marker)) Deno.removeSync(marker);
  }

  /** Every access to a drive takes so much longer. 0: no longer. */
  slowDrive(drive: string, ms: number): void {
    Deno.writeTextFileSync(`${this.directory}/drives/.latency/${drive}`, `${ms}`);
  }

  /** Accesses to a drive wait until {@link releaseDrive}. */
  holdDrive(drive: string): void {
    Deno.writeTextFileSync(`${this.directory}/drives/.hold/${drive}`, "");
  }

  releaseDrive(drive: string): void {
    Deno.removeSync(`${this.directory}/drives/.hold/${drive}`);
  }

  /** What a drive has about a mutex; undefined if it does not know it. */
  mutex(drive: string, id: string): MutexState | undefined {
    return readMutexes(this.drivePath(drive)).find((mutex) => mutex.id === id);
  }

  mutexes(drive: string): MutexState[] {
    return readMutexes(this.drivePath(drive));
  }

  /** Ends the leases of all members of a mutex on a drive; who still renews them has them back. */
  expire(drive: string, id: string): void {
    writeMutexes(this.drivePath(drive), id, (lease) => ({ ...lease, renewedMs: 0 }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const violations = this.hosts.flatMap((host) => host.violations);
    for (const host of this.hosts) host.release();
    await Deno.remove(this.directory, { recursive: true });
    if (violations.length > 0) throw new Error(`Misused: ${violations.join("; ")}`);
  }
}

/** The calls of the library. */
export type CallName =
  | "connect"
  | "disconnect"
  | "lock"
  | "unlock"
  | "convert"
  | "write_lvb"
  | "read_lvb"
  | "set_killpath"
  | "get_host_count";

/** One host: the run directory of its manager. */
export class IlmHost {
  readonly runDir: string;

  constructor(
    readonly number: number,
    private readonly world: string,
    private readonly library: string,
    private readonly settings: Record<string, string>,
  ) {
    this.runDir = `${world}/host${number}`;
    for (const name of ["", "/faults", "/hold", "/held", "/eio"]) {
      Deno.mkdirSync(`${this.runDir}${name}`);
    }
    for (const name of ["calls", "violations"]) Deno.writeTextFileSync(this.#path(name), "");
    this.startManager();
  }

  #path(name: string): string {
    return `${this.runDir}/${name}`;
  }

  /** The environment of a process of this host. */
  get env(): Record<string, string> {
    return {
      LD_LIBRARY_PATH: this.library,
      ILM_RUN_DIR: this.runDir,
      ILM_DOUBLE_DRIVES: `${this.world}/drives`,
      ...this.settings,
    };
  }

  /** Starts the manager as a new instance: connections to the one of before are dead. */
  startManager(): void {
    const instance = crypto.randomUUID().replaceAll("-", "");
    Deno.writeTextFileSync(this.#path("main.sock"), "");
    Deno.writeTextFileSync(this.#path("instance.new"), instance);
    Deno.renameSync(this.#path("instance.new"), this.#path("instance"));
  }

  /** The manager ends, and its leases run out. @param socketStays it has crashed. */
  stopManager({ socketStays = false } = {}): void {
    for (const file of socketStays ? ["instance"] : ["instance", "main.sock"]) {
      if (exists(this.#path(file))) Deno.removeSync(this.#path(file));
    }
  }

  /** Only for this host every access to a drive fails. */
  failDrive(drive: string): void {
    Deno.writeTextFileSync(this.#path(`eio/${drive}`), "");
  }

  restoreDrive(drive: string): void {
    Deno.removeSync(this.#path(`eio/${drive}`));
  }

  /** The manager renews nothing, until it is to do so again. */
  stopRenewing(): void {
    Deno.writeTextFileSync(this.#path("norenew"), "");
  }

  renewAgain(): void {
    Deno.removeSync(this.#path("norenew"));
  }

  /**
   * The next call of this name, or of `any`, answers `code`.
   * @param how `after`: the call is made, only its answer is another. `lost`: the connection ends.
   */
  fault(call: CallName | "any", code: number, how: { after?: boolean; lost?: boolean } = {}): void {
    const words = [`${code}`, ...how.after ? ["after"] : [], ...how.lost ? ["lost"] : []];
    const file = call === "any" ? call : `ilm_${call}`;
    Deno.writeTextFileSync(this.#path(`faults.new`), words.join(" "));
    Deno.renameSync(this.#path(`faults.new`), this.#path(`faults/${file}`));
  }

  /** Was the fault for this call taken? */
  faultTaken(call: CallName | "any"): boolean {
    return !exists(this.#path(`faults/${call === "any" ? call : `ilm_${call}`}`));
  }

  /** Every call takes so much longer. 0: no longer. */
  slowCalls(ms: number): void {
    Deno.writeTextFileSync(this.#path("latency"), `${ms}`);
  }

  /** Calls of this name wait until {@link release}. */
  hold(call: CallName): void {
    Deno.writeTextFileSync(this.#path(`hold/ilm_${call}`), "");
  }

  /** Does a call of this name wait? */
  isHeld(call: CallName): boolean {
    return exists(this.#path(`held/ilm_${call}`));
  }

  /** Lets all calls go on. */
  release(): void {
    for (const { name } of Deno.readDirSync(this.#path("hold"))) {
      Deno.removeSync(this.#path(`hold/${name}`));
    }
  }

  /** How many connections a process of this host has. */
  connectionsOf(pid: number): number {
    const tokens = [...Deno.readDirSync(`${this.world}/drives/.live`)];
    return tokens.filter(({ name }) => name.startsWith(`${pid}.`)).length;
  }

  /** The calls that were made here, as lines `pid name key=value …`, the oldest first. */
  get calls(): string[] {
    return lines(this.#path("calls"));
  }

  /** What no client may do and one did. */
  get violations(): string[] {
    return lines(this.#path("violations"));
  }

  /** Forgets violations that a test has wanted. */
  forgive(): void {
    Deno.writeTextFileSync(this.#path("violations"), "");
  }
}

function lines(path: string): string[] {
  return Deno.readTextFileSync(path).split("\n").filter((line) => line !== "");
}
