/**
 * Runs this project's daemon for tests: in a directory of its own, ended with the test process at the
 * latest. What it prints is kept, and a test can wait for a line of it.
 *
 * @module
 */
import { Conversation } from "./conversation.ts";
import type { Finished } from "./sandbox.ts";

const root = new URL("../../", import.meta.url).pathname;

/** The words that start the program. */
export const program = [Deno.execPath(), "run", "-A", "--quiet", `${root}main.ts`];

/** Runs a program to its end. */
export async function run(
  words: string[],
  options: Pick<Deno.CommandOptions, "cwd" | "env"> = {},
): Promise<Finished> {
  const command = new Deno.Command(words[0]!, { args: words.slice(1), stdin: "null", ...options });
  const { code, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** A condition that has no event of its own and does not come true within this time never will. */
const PATIENCE_MS = 30_000;

/**
 * Waits until `condition` holds. For what the kernel does not announce, such as closed files.
 * @param instead says what is the case when that does not happen.
 */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  instead = () => "",
): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!await condition()) {
    if (performance.now() > end) throw new Error(`It never came true that ${what} ${instead()}`);
    await new Promise((wake) => setTimeout(wake, 5));
  }
}

/** The lines that a program prints on stderr, as they come. */
export class Lines {
  #all: string[] = [];
  #waiting = new Set<() => void>();
  readonly ended: Promise<void>;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.ended = this.#read(stream);
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    let rest = "";
    for await (const part of stream.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + part).split("\n");
      rest = lines.pop()!;
      this.#all.push(...lines);
      for (const wake of this.#waiting) wake();
    }
    if (rest !== "") this.#all.push(rest);
    for (const wake of this.#waiting) wake();
  }

  get text(): string {
    return this.#all.join("\n");
  }

  /** How many there are. */
  get count(): number {
    return this.#all.length;
  }

  /** Those from number `index` on. */
  from(index: number): string[] {
    return this.#all.slice(index);
  }

  /** Resolves when a line matches, from number `index` on; throws if the stream ends without one. */
  async line(pattern: RegExp, index = 0): Promise<string> {
    let over = false;
    this.ended.then(() => over = true);
    for (let i = index;; i++) {
      while (i >= this.#all.length) {
        if (over) throw new Error(`No line matches ${pattern} in:\n${this.text}`);
        await Promise.race([this.#more(), this.ended]);
      }
      if (pattern.test(this.#all[i]!)) return this.#all[i]!;
    }
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake);
        resolve();
      };
      this.#waiting.add(wake);
    });
  }
}

export interface StartOptions {
  /** Words before the program's own, such as `nsenter …`. They must end in an exec. */
  before?: string[];
  /** Further arguments. */
  args?: string[];
  env?: Record<string, string>;
}

/** One process of the daemon, in the foreground. */
export class DaemonProcess {
  readonly errors: Lines;

  private constructor(private readonly child: Deno.ChildProcess) {
    this.errors = new Lines(child.stderr);
  }

  /** Starts it without waiting. */
  static spawn(args: string[], { before = [], env = {} }: StartOptions = {}): DaemonProcess {
    const words = [...before, "setpriv", "--pdeathsig", "KILL", "--", ...program, ...args];
    const child = new Deno.Command(words[0]!, {
      args: words.slice(1),
      env,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    return new DaemonProcess(child);
  }

  get pid(): number {
    return this.child.pid;
  }

  get status(): Promise<Deno.CommandStatus> {
    return this.child.status;
  }

  /** Both sockets answer. */
  async serving(): Promise<void> {
    await this.errors.line(/^lvmlockd started/);
  }

  signal(name: Deno.Signal): void {
    this.child.kill(name);
  }

  /** Ends it at once. */
  async kill(): Promise<void> {
    try {
      this.child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await this.ended();
  }

  /** How it ended, when it has. */
  async ended(): Promise<Deno.CommandStatus> {
    const status = await this.child.status;
    await this.errors.ended;
    return status;
  }

  /** What the open files are, sorted; sockets and pipes without their numbers. */
  get files(): string[] {
    const directory = `/proc/${this.pid}/fd`;
    return [...Deno.readDirSync(directory)].map(({ name }) => {
      try {
        return Deno.readLinkSync(`${directory}/${name}`).replace(/:\[\d+\]$/, "");
      } catch {
        return "closed meanwhile";
      }
    }).sort();
  }

  /** Resident memory in KiB. */
  get residentKib(): number {
    const status = Deno.readTextFileSync(`/proc/${this.pid}/status`);
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)![1]);
  }
}

/** What arbitrates locks: the local rules of the test mode, or the embedded lock manager. */
export type Manager = "test" | "embedded";

/** Two daemons on one host must not have the same one, so it is this process's own. */
export const CLUSTER = `embedded-test-${Deno.pid}`;

/** The file by which the daemons of this host agree on that. */
const guardFile = (cluster: string) => `/run/lock/lvmlockd-${cluster}.pid`;

/** A directory with everything that a daemon needs, in which one can be started again and again. */
export class Place implements AsyncDisposable {
  readonly #started: DaemonProcess[] = [];
  readonly socket: string;
  readonly api: string;
  readonly pidFile: string;
  readonly stateDir: string;

  private constructor(
    readonly directory: string,
    readonly manager: Manager,
    readonly cluster: string,
  ) {
    this.socket = `${directory}/native.sock`;
    this.api = `${directory}/api.sock`;
    this.pidFile = `${directory}/pid`;
    this.stateDir = `${directory}/state`;
    Deno.mkdirSync(this.stateDir);
  }

  /** @param cluster name of the embedded cluster; only one daemon at a time can have it. */
  static async open(manager: Manager, cluster = CLUSTER): Promise<Place> {
    return new Place(await Deno.makeTempDir({ prefix: "lvmlockd-test-" }), manager, cluster);
  }

  get store(): string {
    return `${this.stateDir}/${this.cluster}.db`;
  }

  /** Arguments that keep the daemon in this directory. */
  get args(): string[] {
    const paths = ["-s", this.socket, "-p", this.pidFile, "--api-socket", this.api];
    const manager = this.manager === "test"
      ? ["--test", "-g", "dlm"]
      : ["--state-dir", this.stateDir, "--embedded-name", this.cluster];
    return [...manager, ...paths, "--adopt-file", `${this.directory}/adopt`];
  }

  /** Starts a daemon here without waiting. */
  spawn({ args = [], ...options }: StartOptions = {}): DaemonProcess {
    return this.spawnBare([...this.args, "--foreground", ...args], options);
  }

  /** Starts a daemon with these arguments alone. */
  spawnBare(args: string[], options: StartOptions = {}): DaemonProcess {
    const daemon = DaemonProcess.spawn(args, options);
    this.#started.push(daemon);
    return daemon;
  }

  /** Starts a daemon here; resolves when both sockets answer. */
  async start(options: StartOptions = {}): Promise<DaemonProcess> {
    const daemon = this.spawn(options);
    await daemon.serving();
    return daemon;
  }

  /** A client that has said hello. */
  connect(): Promise<Conversation> {
    return Conversation.open(this.socket);
  }

  /** Sockets and pid file: what a daemon removes when it ends. */
  remains(): string[] {
    return [this.socket, this.api, this.pidFile].filter((path) => exists(path));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#started.map((daemon) => daemon.kill()));
    if (exists(guardFile(this.cluster))) await Deno.remove(guardFile(this.cluster));
    await Deno.remove(this.directory, { recursive: true });
  }
}

/** Is there anything at `path`? */
export function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
