/**
 * A process that makes calls of the sanlock backend's library for a test, because one process can
 * talk to one sanlock daemon only: the one that `SANLOCK_RUN_DIR` says. hosts.ts starts it.
 *
 * It reads lines `{id, call, args}`, with `connection` for calls of a registered one, and writes lines
 * `{id, result}` or `{id, error}` as the answers come, in any order. Bytes travel as `{bytes: […]}`.
 *
 *     SANLOCK_RUN_DIR=/run/x deno run -A tests/sanlock/host.ts
 *
 * @module
 */
import type { SanlockClient, SanlockConnection } from "../../backends/sanlock/client.ts";
import { features, loadSanlock } from "../../backends/sanlock/library.ts";

export interface Question {
  id: number;
  call: string;
  args: unknown[];
  /** Number of the connection that the call is made on. */
  connection?: number;
}

export interface Answer {
  id: number;
  result?: unknown;
  error?: string;
}

/** JSON in which bytes survive. */
export function toLine(message: Question | Answer): string {
  const text = JSON.stringify(
    message,
    (_, value) => value instanceof Uint8Array ? { bytes: [...value] } : value,
  );
  return `${text}\n`;
}

/** The reverse of {@link toLine}. */
export function fromLine(line: string): unknown {
  return JSON.parse(line, (_, value) => {
    // An answer of the client has `bytes` too: by then they are bytes, not numbers.
    if (!Array.isArray(value?.bytes) || Object.keys(value).length !== 1) return value;
    return Uint8Array.from(value.bytes);
  });
}

/** What this process can tell about itself. */
export const extras = {
  /** Answers while the event loop turns. */
  ping: () => "pong",
  /** Reads a file on a thread of the runtime. */
  readFile: (path: string) => Deno.readTextFile(path),
  isLibraryOpen: () => Deno.readTextFileSync("/proc/self/maps").includes("libsanlock_client"),
  features: () => features(),
  /** Makes SIGPIPE deadly, as it is in most programs. */
  resetSigpipe(): void {
    const libc = Deno.dlopen("libc.so.6", {
      signal: { parameters: ["i32", "usize"], result: "usize" },
    });
    libc.symbols.signal(13, 0n);
    libc.close();
  },
};
export type Extras = typeof extras;

const connections: SanlockConnection[] = [];

/** Registers, and gives the connection a number for the test. */
async function register(client: SanlockClient): Promise<{ connection: number } | object> {
  const answer = await client.register();
  if ("result" in answer) return answer;
  return { connection: connections.push(answer) - 1 };
}

// deno-lint-ignore no-explicit-any
type Callable = Record<string, (...args: any[]) => unknown>;

async function answer({ call, args, connection }: Question): Promise<unknown> {
  if (connection !== undefined) {
    return await (connections[connection] as unknown as Callable)[call]!(...args);
  }
  if (call in extras) return await (extras as Callable)[call]!(...args);
  const client = loadSanlock();
  if (call === "register") return register(client);
  return await (client as unknown as Callable)[call]!(...args);
}

async function serve(question: Question): Promise<void> {
  const { id } = question;
  const reply: Answer = await answer(question).then(
    (result) => ({ id, result }),
    (error: Error) => ({ id, error: `${error.name}: ${error.message}` }),
  );
  const bytes = new TextEncoder().encode(toLine(reply));
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}

if (import.meta.main) {
  let rest = "";
  for await (const part of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + part).split("\n");
    rest = lines.pop()!;
    for (const line of lines) serve(fromLine(line) as Question);
  }
  Deno.exit(); // calls that hang must not keep this process
}
