/**
 * Runs the stock control tool and ours side by side in a sandbox.
 *
 * @module
 */
import { NativeClient } from "../../ctl/native_client.ts";
import type { Script } from "./fake_daemon.ts";
import { type Finished, Sandbox } from "./sandbox.ts";

const file = (name: string) => new URL(name, import.meta.url).pathname;

/** The words that start each control tool. */
export const stockCtl = ["lvmlockctl"];
export const ourCtl = [Deno.execPath(), "run", "-A", "--quiet", file("ctl_entry.ts")];

export const nativeSocket = "/run/lvm/lvmlockd.socket";
export const apiSocket = "/run/lvm/lvmlockd-api.socket";

/**
 * What a control tool did: how it ended, and the requests it sent, process ids made alike and without
 * what only ours says: how long a listing may be.
 */
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
      (JSON.parse(line) as string).replace(/^pid =\d+$/m, "pid =N").replace(
        /^dump_room = .*\n/m,
        "",
      )
    );
    return { ...finished, requests };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sandbox[Symbol.asyncDispose]();
    await Deno.remove(this.directory, { recursive: true });
  }
}

/** Daemons that are started in a sandbox. */
export type Kind = "stock" | "ours";

/** A sandbox with a daemon in test mode whose global lock is the dlm's. */
export class DaemonBench implements AsyncDisposable {
  private constructor(
    readonly sandbox: Sandbox,
    readonly kind: Kind,
    readonly daemon: Deno.ChildProcess,
  ) {}

  static async open(kind: Kind): Promise<DaemonBench> {
    const sandbox = await Sandbox.open();
    const ours = [Deno.execPath(), "run", "-A", "--quiet", file("../../main.ts")];
    const words = kind === "stock" ? ["lvmlockd"] : [...ours, "--state-dir", "/run/state"];
    const daemon = sandbox.start([...words, "--test", "-g", "dlm", "--foreground"]);
    await sandbox.listening(nativeSocket);
    if (kind === "ours") await sandbox.listening(apiSocket);
    return new DaemonBench(sandbox, kind, daemon);
  }

  /** Connects to the daemon as an lvm command would. */
  connect(): Promise<NativeClient> {
    const path = this.sandbox.outside(nativeSocket);
    return NativeClient.connect(path, new AbortController().signal);
  }

  stockCtl(...words: string[]): Promise<Finished> {
    return this.sandbox.run([...stockCtl, ...words]);
  }

  ourCtl(...words: string[]): Promise<Finished> {
    return this.sandbox.run([...ourCtl, ...words]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.sandbox[Symbol.asyncDispose]();
  }
}
