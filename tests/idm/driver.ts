/**
 * A process that makes calls of the library for a test, one of the hosts of a {@link World}.
 *
 * @module
 */
import { Lines } from "../integration/daemon.ts";
import { buildDouble } from "./build.ts";
import type { IlmHost } from "./double.ts";

/** What a call has answered, and how long it took. */
export interface CallAnswer {
  result: number;
  ms: number;
  /** What it has written besides. */
  words: string[];
}

/** No call takes as long. */
const PATIENCE_MS = 60_000;

export class Driver implements AsyncDisposable {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: Lines;
  #next = 1;

  private constructor(private readonly child: Deno.ChildProcess) {
    this.#writer = child.stdin.getWriter();
    this.#output = new Lines(child.stdout);
  }

  static async start(host: IlmHost): Promise<Driver> {
    const child = new Deno.Command(`${await buildDouble()}/driver`, {
      env: host.env,
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    return new Driver(child);
  }

  get pid(): number {
    return this.child.pid;
  }

  /** Makes a call, such as `lock 5 id 1 60000 /dev/sda`. */
  async call(line: string): Promise<CallAnswer> {
    const number = this.#next++;
    await this.#writer.write(new TextEncoder().encode(`${number} ${line}\n`));
    const late = AbortSignal.timeout(PATIENCE_MS);
    const answer = await Promise.race([
      this.#output.line(new RegExp(`^${number} `)),
      new Promise<never>((_, reject) => late.addEventListener("abort", () => reject(late.reason))),
    ]);
    const [, result, ms, ...words] = answer.trimEnd().split(" ");
    return { result: Number(result), ms: Number(ms), words };
  }

  /** Just its result. */
  async result(line: string): Promise<number> {
    return (await this.call(line)).result;
  }

  /** Resolves when the process has got SIGUSR1. */
  async signalled(): Promise<void> {
    await this.#output.line(/^0 signal/);
  }

  /** A connection to the manager of the host. @throws if there is none to be had. */
  async connect(): Promise<Connection> {
    const { result, words } = await this.call("connect");
    if (result < 0) throw new Error(`connect: ${result}`);
    return new Connection(this, Number(words[0]));
  }

  /** Stops the process as it is; nothing it has is renewed. */
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
    await this.child.status;
    await this.#output.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.#writer.abort().catch(() => {});
  }
}

/** How modes are called in tests. */
export const [EX, SH] = [1, 2];

const DRIVES = ["sda", "sdb", "sdc"];
const paths = (drives: string[]) => drives.map((drive) => `/dev/${drive}`).join(" ");

export interface LockWords {
  drives?: string[];
  /** Milliseconds, before scaling. */
  lease?: number;
}

/** A connection of a driver. `id` may be any text. */
export class Connection {
  constructor(readonly driver: Driver, readonly fd: number) {}

  call(name: string, ...words: (string | number)[]): Promise<CallAnswer> {
    return this.driver.call([name, this.fd, ...words].join(" "));
  }

  async result(name: string, ...words: (string | number)[]): Promise<number> {
    return (await this.call(name, ...words)).result;
  }

  async lock(id: string, mode: number, wish: LockWords = {}): Promise<number> {
    return (await this.lockCall(id, mode, wish)).result;
  }

  lockCall(id: string, mode: number, { drives = DRIVES, lease = 60_000 }: LockWords = {}) {
    return this.call("lock", id, mode, lease, paths(drives));
  }

  unlock(id: string): Promise<number> {
    return this.result("unlock", id);
  }

  convert(id: string, mode: number): Promise<number> {
    return this.result("convert", id, mode);
  }

  write(id: string, hex: string): Promise<number> {
    return this.result("write", id, hex);
  }

  /** The value in hexadecimal, or the negative result. */
  async read(id: string): Promise<string | number> {
    const { result, words } = await this.call("read", id);
    return result < 0 ? result : words[0]!;
  }

  /** Result, other hosts, and whether this one holds it; -9 is what was not written. */
  async count(id: string, drives = DRIVES): Promise<number[]> {
    const { result, words } = await this.call("count", id, 0, 0, paths(drives));
    return [result, ...words.map(Number)];
  }

  /** Result and mode. */
  async mode(id: string, drives = DRIVES): Promise<number[]> {
    const { result, words } = await this.call("mode", id, 0, 0, paths(drives));
    return [result, Number(words[0])];
  }
}
