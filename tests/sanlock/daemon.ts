/**
 * Runs a sanlock daemon for tests: without watchdog and privileges, in a directory of its own, ended
 * with the test process at the latest. It stands for one host of a cluster.
 *
 * @module
 */
import { Lines, until } from "../integration/daemon.ts";

/** Foreground, no watchdog, no locked memory, files of root, no log but on stderr. */
const options = "-D -w 0 -U root -G root -h 0 -l 0 -L -1 -S -1".split(" ");

/** A directory on a disk: leases need O_DIRECT, which not every tmpfs knows. */
export function makeDirectory(): Promise<string> {
  return Deno.makeTempDir({ dir: "/var/tmp", prefix: "sanlock-test-" });
}

/** Can a connection to the socket be made? */
async function answers(socket: string): Promise<boolean> {
  try {
    (await Deno.connect({ transport: "unix", path: socket })).close();
    return true;
  } catch {
    return false;
  }
}

export class SanlockDaemon implements AsyncDisposable {
  readonly #log: Lines;
  #ended = false;

  private constructor(
    /** What `SANLOCK_RUN_DIR` has to be for its clients. */
    readonly runDir: string,
    private readonly child: Deno.ChildProcess,
    private readonly ownsDirectory: boolean,
  ) {
    this.#log = new Lines(child.stderr);
    child.status.then(() => this.#ended = true);
  }

  /**
   * Starts a daemon; resolves when its socket answers.
   * @param name of the host, different for each that shares leases.
   * @param place directory of an earlier daemon that has ended, to take its place.
   */
  static async start(name: string, place?: string): Promise<SanlockDaemon> {
    const runDir = place ?? await makeDirectory();
    const words = ["--pdeathsig", "KILL", "--", "sanlock", "daemon", ...options, "-e", name];
    const child = new Deno.Command("setpriv", {
      args: words,
      env: { SANLOCK_RUN_DIR: runDir, SANLOCK_PRIVILEGED: "0" },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const daemon = new SanlockDaemon(runDir, child, place === undefined);
    const ready = async () => daemon.#ended || await answers(daemon.socket);
    await until("the sanlock daemon answers", ready, () => daemon.log);
    if (daemon.#ended) throw new Error(`The sanlock daemon ended:\n${daemon.log}`);
    return daemon;
  }

  get socket(): string {
    return `${this.runDir}/sanlock.sock`;
  }

  get pid(): number {
    return this.child.pid;
  }

  /** What it printed so far. */
  get log(): string {
    return this.#log.text;
  }

  /** Stops it as if the host hung, or every disk of it. */
  stop(): void {
    this.child.kill("SIGSTOP");
  }

  /** Lets it go on. */
  proceed(): void {
    this.child.kill("SIGCONT");
  }

  /** Ends it at once, as if the host crashed; its socket stays behind. */
  async kill(): Promise<void> {
    if (!this.#ended) this.child.kill("SIGKILL");
    await this.child.status;
    await this.#log.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    if (this.ownsDirectory) await Deno.remove(this.runDir, { recursive: true });
  }
}
