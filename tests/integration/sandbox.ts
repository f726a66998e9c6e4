/**
 * A private place for one test: its own /run, because stock programs have their socket path compiled
 * in, and its own network namespace, because the dump transfer uses a name that is global in one.
 * Programs are run in it with nsenter. Needs root.
 *
 * @module
 */

/** How a program ended and what it printed. */
export interface Finished {
  code: number;
  stdout: string;
  stderr: string;
}

const prepare = "mount -t tmpfs tmpfs /run && mkdir -m 0700 /run/lvm && echo ready && exec cat";

/** The namespaces live as long as a process inside, which ends with the test process at the latest. */
export class Sandbox implements AsyncDisposable {
  readonly #holder: Deno.ChildProcess;
  readonly #started: Deno.ChildProcess[] = [];

  private constructor(holder: Deno.ChildProcess) {
    this.#holder = holder;
  }

  static async open(): Promise<Sandbox> {
    const holder = new Deno.Command("unshare", {
      args: ["--mount", "--net", "sh", "-c", prepare],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const reader = holder.stdout.getReader();
    const { value } = await reader.read();
    if (new TextDecoder().decode(value) !== "ready\n") throw new Error("cannot make a sandbox");
    reader.releaseLock();
    return new Sandbox(holder);
  }

  /** The words that run `words` inside. */
  inside(words: string[]): [string, ...string[]] {
    return ["nsenter", "--target", `${this.#holder.pid}`, "--mount", "--net", "--", ...words];
  }

  /** A path inside as it is reached from outside. */
  outside(path: string): string {
    return `/proc/${this.#holder.pid}/root${path}`;
  }

  /** Starts a program that is ended with the sandbox. Its output is dropped unless asked for. */
  start(
    words: string[],
    options: Pick<Deno.CommandOptions, "env" | "stdin" | "stdout" | "stderr"> = {},
  ): Deno.ChildProcess {
    const [program, ...args] = this.inside(words);
    const child = new Deno.Command(program, { args, stdout: "null", stderr: "null", ...options })
      .spawn();
    this.#started.push(child);
    return child;
  }

  /** Runs a program to its end. */
  async run(words: string[], env: Record<string, string> = {}): Promise<Finished> {
    const [program, ...args] = this.inside(words);
    const { code, stdout, stderr } = await new Deno.Command(program, { args, env, stdin: "null" })
      .output();
    const decoder = new TextDecoder();
    return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  }

  /** Waits until somebody listens on the stream socket `path`. */
  async listening(path: string): Promise<void> {
    const probe = `until grep -qE "^[^ ]+ [^ ]+ [^ ]+ 00010000 .* ${path}$" /proc/net/unix;` +
      " do sleep 0.02; done";
    const { code } = await this.run(["timeout", "20", "sh", "-c", probe]);
    if (code !== 0) throw new Error(`nobody listens on ${path}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#started) {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended already.
      }
      await child.status;
    }
    await this.#holder.stdin.close();
    await this.#holder.stdout.cancel();
    await this.#holder.status;
  }
}
