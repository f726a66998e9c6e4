/**
 * A sandbox for `lvmlockctl --kill`: a daemon that answers by script, an LVM configuration of its own,
 * and if need be a system log and a device-mapper that a test makes up.
 *
 * @module
 */
import { type Moment, recordedText } from "../../ctl/make_safe/test_recorded.ts";
import { FakeDaemonBench, type Observed } from "./ctl_tools.ts";

const environment = { LVM_SYSTEM_DIR: "/run/lvmetc", LVM_SUPPRESS_FD_WARNINGS: "1" };

/** A bench with an LVM configuration of its own. */
export class KillBench implements AsyncDisposable {
  private constructor(readonly bench: FakeDaemonBench) {}

  static async open(): Promise<KillBench> {
    const bench = await FakeDaemonBench.open();
    await bench.sandbox.run(["mkdir", "/run/lvmetc"]);
    return new KillBench(bench);
  }

  async write(path: string, text: string): Promise<void> {
    const script = `cat > "${path}" && chmod 755 "${path}"`;
    const child = this.bench.sandbox.start(["sh", "-c", script], { stdin: "piped" });
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
    await child.status;
  }

  async configure(command: string): Promise<void> {
    const text = `global {\n\tlvmlockctl_kill_command="${command}"\n}\n`;
    await this.write("/run/lvmetc/lvm.conf", text);
  }

  /** Starts a system logger in the sandbox. */
  async openLog(): Promise<SystemLog> {
    await this.#must(
      "mkdir /run/dev && cp -a /dev/null /dev/zero /dev/urandom /run/dev &&" +
        " mount --bind /run/dev /dev",
    );
    const sink = new URL("log_sink.ts", import.meta.url).pathname;
    const log = new SystemLog(`${this.bench.directory}/logged`);
    await log.clear();
    const flags = ["run", "-A", "--quiet", "--unstable-net"];
    const words = [Deno.execPath(), ...flags, sink, log.path];
    this.bench.sandbox.start(words, { stderr: "inherit" });
    await this.#must("timeout 20 sh -c 'until [ -S /dev/log ]; do sleep 0.02; done'");
    return log;
  }

  /**
   * Puts a dmsetup into the sandbox that prints what was recorded at a moment. When it replaces a
   * table it goes over to `then`, if that is given.
   */
  async openDmsetup(now: Moment, then?: Moment): Promise<void> {
    await this.#must("mkdir -p /run/dm; rm -f /run/dm/asked");
    for (const question of ["info", "tables"] as const) {
      await this.write(`/run/dm/${question}`, recordedText(now, question));
      await this.write(`/run/dm/then.${question}`, recordedText(then ?? now, question));
    }
    await this.write("/run/dm/dmsetup", dmsetupScript);
    await this.#must("mount --bind /run/dm/dmsetup $(readlink -f /sbin/dmsetup)");
  }

  /** What dmsetup was asked, one line each; `[]` if it never was. */
  async dmsetupAsked(): Promise<string[]> {
    const { stdout } = await this.bench.sandbox.run(["cat", "/run/dm/asked"]);
    return stdout.split("\n").filter(Boolean);
  }

  async #must(script: string): Promise<void> {
    const { code, stderr } = await this.bench.sandbox.run(["sh", "-c", script]);
    if (code !== 0) throw new Error(`${script}: ${stderr}`);
  }

  observe(tool: string[], ...words: string[]): Promise<Observed> {
    return this.bench.observe([...tool, ...words], environment);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.bench[Symbol.asyncDispose]();
  }
}

/** What arrived at /dev/log. */
export class SystemLog {
  constructor(readonly path: string) {}

  async clear(): Promise<void> {
    await Deno.writeTextFile(this.path, "");
  }

  /** The messages since the last {@link clear}, without their time, as soon as there are `count`. */
  async messages(count: number): Promise<string[]> {
    for (;;) {
      const text = await Deno.readTextFile(this.path);
      // What is behind the last line break is just being written.
      const lines = text.split("\n").slice(0, -1).map((line) => JSON.parse(line) as string);
      if (lines.length >= count) return lines.map((line) => line.replace(/>.{16}/, ">"));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

const dmsetupScript = `#!/bin/sh
echo "$*" >> /run/dm/asked
case $1 in
info) cat /run/dm/info;;
table) cat /run/dm/tables;;
wipe_table) cp /run/dm/then.info /run/dm/info && cp /run/dm/then.tables /run/dm/tables;;
*) exit 3;;
esac
`;

/** A shell script. */
export const shell = (body: string) => `#!/bin/sh\n${body}\n`;
