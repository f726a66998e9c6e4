/**
 * Runs the stock control tool and ours side by side in a sandbox.
 *
 * @module
 */
import type { Script } from "./fake_daemon.ts";
import { type Finished, Sandbox } from "./sandbox.ts";

const file = (name: string) => new URL(name, import.meta.url).pathname;

/** The words that start each control tool. */
export const stockCtl = ["lvmlockctl"];
export const ourCtl = [Deno.execPath(), "run", "-A", "--quiet", file("ctl_entry.ts")];

export const nativeSocket = "/run/lvm/lvmlockd.socket";

/** What a control tool did: how it ended, and the requests it sent, process ids made alike. */
export interface Observed extends Finished {
  requests: string[];
}

/** A sandbox with a daemon that answers by script. */
export class FakeDaemonBench implements AsyncDisposable {
  private constructor(readonly sandbox: Sandbox, readonly directory: string) {}

  static async open(): Promise<FakeDaemonBench> {
    const sandbox = await Sandbox.open();
    const bench = new FakeDaemonBench(sandbox, await Deno.makeTempDir());
    await bench.script({});
    const { scriptPath, logPath } = bench;
    const daemon = file("fake_daemon.ts");
    sandbox.start([Deno.execPath(), "run", "-A", "--quiet", daemon, scriptPath, logPath], {
      stderr: "inherit",
    });
    await sandbox.listening(nativeSocket);
    return bench;
  }

  get scriptPath(): string {
    return `${this.directory}/script.json`;
  }

  get logPath(): string {
    return `${this.directory}/requests`;
  }

  /** Sets what the daemon answers from the next connection on. */
  async script(script: Script): Promise<void> {
    await Deno.writeTextFile(this.scriptPath, JSON.stringify(script));
  }

  async observe(words: string[], env: Record<string, string> = {}): Promise<Observed> {
    await Deno.writeTextFile(this.logPath, "");
    const finished = await this.sandbox.run(words, env);
    const log = await Deno.readTextFile(this.logPath);
    const requests = log.split("\n").filter(Boolean).map((line) =>
      (JSON.parse(line) as string).replace(/^pid =\d+$/m, "pid =N")
    );
    return { ...finished, requests };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sandbox[Symbol.asyncDispose]();
    await Deno.remove(this.directory, { recursive: true });
  }
}
