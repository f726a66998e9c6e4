/**
 * A host of a cluster for tests: a process with a client of its own sanlock daemon. Its client and
 * connections look like those of the backend.
 *
 * @module
 */
import type { SanlockClient, SanlockConnection } from "../../backends/sanlock/client.ts";
import type { SanlockDaemon } from "./daemon.ts";
import { type Answer, type Extras, fromLine, type Question, toLine } from "./host.ts";

const program = new URL("host.ts", import.meta.url).pathname;

/** The functions of `T` from outside of their process. */
type Remote<T> = {
  [K in keyof T]: T[K] extends (...args: infer A) => infer R ? (...args: A) => Promise<Awaited<R>>
    : never;
};

type Sent = Omit<Question, "id">;

/** Longer than any call takes, joining with the id of a host that has just failed included. */
const PATIENCE_MS = 180_000;

/** An object whose every method is a call. */
function remote<T extends object>(
  make: (call: string, args: unknown[]) => Promise<unknown>,
): T {
  return new Proxy({} as T, {
    // A promise of it must not take it for another promise.
    get: (_, name) =>
      name === "then" ? undefined : (...args: unknown[]) => make(`${String(name)}`, args),
  });
}

export class Host implements AsyncDisposable {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #reading: Promise<void>;
  #next = 0;

  /** sanlock as this host has it. */
  readonly client = remote<SanlockClient>(async (call, args) => {
    const result = await this.#ask({ call, args });
    const { connection } = (result ?? {}) as { connection?: number };
    return connection === undefined ? result : this.#connection(connection);
  });

  /** What the process tells about itself. */
  readonly extras = remote<Remote<Extras>>((call, args) => this.#ask({ call, args }));

  private constructor(readonly daemon: SanlockDaemon, private readonly child: Deno.ChildProcess) {
    this.#writer = child.stdin.getWriter();
    this.#reading = this.#read(child.stdout);
  }

  /** Starts a process that talks to `daemon`. */
  static start(daemon: SanlockDaemon): Host {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", program],
      env: { SANLOCK_RUN_DIR: daemon.runDir },
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    return new Host(daemon, child);
  }

  /** A registered connection. @throws if there is none to be had. */
  readonly connect = async (): Promise<SanlockConnection> => {
    const connection = await this.client.register();
    if ("result" in connection) throw new Error(`register: ${connection.result}`);
    return connection;
  };

  /** Ends the process at once, as if lvmlockd crashed. */
  async kill(): Promise<void> {
    try {
      this.child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await this.child.status;
    await this.#reading;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.#writer.abort().catch(() => {});
  }

  #connection(connection: number): SanlockConnection {
    return remote((call, args) => this.#ask({ call, args, connection }));
  }

  async #ask(question: Sent): Promise<unknown> {
    const id = this.#next++;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answer);
    await this.#writer.write(new TextEncoder().encode(toLine({ id, ...question })));
    const late = () => answer.reject(new Error(`No answer to ${question.call}`));
    const timer = setTimeout(late, PATIENCE_MS);
    return answer.promise.finally(() => clearTimeout(timer));
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    let rest = "";
    for await (const part of stream.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + part).split("\n");
      rest = lines.pop()!;
      for (const line of lines) this.#answered(fromLine(line) as Answer);
    }
    for (const answer of this.#waiting.values()) answer.reject(new Error("The host has ended"));
  }

  #answered({ id, result, error }: Answer): void {
    const answer = this.#waiting.get(id)!;
    this.#waiting.delete(id);
    if (error === undefined) answer.resolve(result);
    else answer.reject(new Error(error));
  }
}
