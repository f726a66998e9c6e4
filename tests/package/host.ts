/**
 * A host for one test, with the executable under the names that it is installed by: a /run, a network
 * and mounts of its own. The daemon runs there with its usual paths.
 *
 * @module
 */
import { exists } from "../integration/daemon.ts";
import { type Finished, Sandbox } from "../integration/sandbox.ts";
import type { Executable } from "./executables.ts";

/** Where the host has the executable. */
export const DAEMON = "/run/bin/lvmlockd";
export const CTL = "/run/bin/lvmlockctl";

/** Arguments of a daemon that asks no lock manager. */
export const TEST_MODE = ["--test", "-g", "dlm"];

export class Host implements AsyncDisposable {
  private constructor(readonly sandbox: Sandbox) {}

  static async open({ path }: Executable): Promise<Host> {
    const host = new Host(await Sandbox.open());
    const link = "mkdir /run/bin && cp $0 /run/bin/lvmlockd && ln -s lvmlockd /run/bin/lvmlockctl";
    await host.must(["sh", "-c", link, path]);
    return host;
  }

  /** Runs a program to its end. */
  run(words: string[], env: Record<string, string> = {}): Promise<Finished> {
    return this.sandbox.run(words, env);
  }

  /** Runs a program that must succeed; what it prints. */
  async must(words: string[], env: Record<string, string> = {}): Promise<string> {
    const { code, stdout, stderr } = await this.run(words, env);
    if (code !== 0) throw new Error(`${words.join(" ")} ended with ${code}: ${stderr}${stdout}`);
    return stdout;
  }

  /** Runs a shell script that must succeed. */
  sh(script: string, env: Record<string, string> = {}): Promise<string> {
    return this.must(["sh", "-ec", script], env);
  }

  /** Process id of the daemon that serves. */
  get pid(): number {
    return Number(Deno.readTextFileSync(this.sandbox.outside("/run/lvmlockd.pid")));
  }

  /** What a daemon would leave behind. */
  remains(): string[] {
    const files = ["lvmlockd.pid", "lvm/lvmlockd.socket", "lvm/lvmlockd-api.socket"];
    return files.filter((name) => exists(this.sandbox.outside(`/run/${name}`)));
  }

  /** Something of a process of this host, such as `comm`, as the kernel tells it. */
  proc(pid: number, name: string): string {
    return Deno.readTextFileSync(`/proc/${pid}/${name}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.remains().includes("lvmlockd.pid")) {
      const { pid } = this;
      // Only a process whose file lies in this host is one of this host.
      if (pid > 0 && exeOf(pid).startsWith("/run/bin/")) Deno.kill(pid, "SIGKILL");
    }
    await this.sandbox[Symbol.asyncDispose]();
  }
}

function exeOf(pid: number): string {
  try {
    return Deno.readLinkSync(`/proc/${pid}/exe`);
  } catch {
    return "";
  }
}
