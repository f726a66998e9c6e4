/**
 * The servers that are compared: how each is started on sockets of its own, made ready with one
 * started VG, looked at and ended.
 *
 * @module
 */
import { runtimeOptions } from "../../core/program.ts";
import { NativeConnection } from "./native.ts";
import { type Programs, SetupError } from "./tools.ts";

export const VG_NAME = "benchvg";
const START_TIMEOUT_MS = 30_000;

/** `floor` answers a constant; `test` and `durable` are this project's daemon. */
export const daemonNames = ["floor", "stock", "test", "durable"] as const;
export type DaemonName = typeof daemonNames[number];

export const daemonTitles: Record<DaemonName, string> = {
  floor: "constant answers, no daemon: what the machine allows",
  stock: "stock lvmlockd --test",
  test: "this daemon --test",
  durable: "this daemon, embedded lock manager: persistent locks outlive its death",
};

/** Where and how servers are run. */
export interface Site {
  programs: Programs;
  /** Each server gets its own directory in here. */
  directory: string;
  /** CPU that everything is bound to, if wanted. */
  pinnedTo: number | undefined;
  /** This project's daemon as an executable, instead of from the sources. */
  executable: string | undefined;
  /** Module that is loaded into our daemon before it starts. */
  probe?: string;
}

/** What `/proc` says of a process: resident memory in KiB, CPU time in seconds. */
export interface Usage {
  rssKib: number;
  /** The part of it that is nobody else's: no pages of files. */
  ownKib: number;
  cpuSeconds: number;
}

/** Puts a command on one CPU, if wanted. */
export function commandLine(site: Site, command: string[]): [string, string[]] {
  const full = site.pinnedTo === undefined
    ? command
    : ["taskset", "-c", String(site.pinnedTo), ...command];
  return [full[0]!, full.slice(1)];
}

/** The words that start this project's daemon; from the sources with a `probe` if one is given. */
function ourProgram({ executable, probe }: Site): string[] {
  const main = new URL("../../main.ts", import.meta.url).pathname;
  if (probe !== undefined) {
    const options = [`${runtimeOptions.join(",")},--expose-gc`, `--preload=${probe}`];
    return [Deno.execPath(), "run", "-A", ...options, main];
  }
  if (executable !== undefined) return [executable];
  return [Deno.execPath(), "run", "-A", ...runtimeOptions, main];
}

function serverCommand(name: DaemonName, site: Site, directory: string): string[] {
  const socket = `${directory}/native.sock`;
  if (name === "floor") return [site.programs.floor, socket];
  const sockets = ["-s", socket, "-p", `${directory}/pid`];
  if (name === "stock") {
    const adopt = ["--adopt-file", `${directory}/adopt`];
    return ["lvmlockd", "--test", "-g", "dlm", "-f", ...sockets, ...adopt];
  }
  const ours = [...ourProgram(site), "--foreground", ...sockets];
  ours.push("--api-socket", `${directory}/api.sock`);
  return name === "test" ? [...ours, "--test", "-g", "dlm"] : [...ours, "--state-dir", directory];
}

/** Processes that were started and have not ended. */
const alive = new Set<Deno.ChildProcess>();

/** Ends every server at once, for signal handlers. */
export function killAll(): void {
  for (const child of alive) child.kill("SIGKILL");
}

/** A server that runs, with its VG started. Ends with SIGKILL: nothing of it is kept. */
export class Daemon implements AsyncDisposable {
  readonly socket: string;
  readonly apiSocket: string;
  /** Lock args that requests about the VG carry. */
  vgArgs = "none";
  #child: Deno.ChildProcess;
  #errors = new LastText();

  private constructor(readonly name: DaemonName, site: Site) {
    const directory = Deno.makeTempDirSync({ dir: site.directory, prefix: `${name}-` });
    this.socket = `${directory}/native.sock`;
    this.apiSocket = `${directory}/api.sock`;
    const [command, args] = commandLine(site, serverCommand(name, site, directory));
    this.#child = new Deno.Command(command, { args, stdout: "null", stderr: "piped" }).spawn();
    this.#errors.read(this.#child.stderr);
    alive.add(this.#child);
    this.#child.status.then(() => alive.delete(this.#child));
  }

  /** Starts a server and its VG. Throws {@link SetupError} if it does not come up. */
  static async start(name: DaemonName, site: Site): Promise<Daemon> {
    const daemon = new Daemon(name, site);
    try {
      using connection = await daemon.#firstConnection();
      if (name !== "floor") await daemon.#startVg(connection);
    } catch (error) {
      await daemon[Symbol.asyncDispose]();
      throw error;
    }
    return daemon;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** The last lines that it printed about something, newest last. */
  said(about: RegExp): string[] {
    return this.#errors.text.split("\n").filter((text) => about.test(text));
  }

  usage(): Usage {
    const proc = `/proc/${this.#child.pid}`;
    const status = Deno.readTextFileSync(`${proc}/status`);
    const kib = (name: string) =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]);
    // Fields after the command name, which may itself contain spaces: utime is 12th, stime 13th.
    const stat = Deno.readTextFileSync(`${proc}/stat`).replace(/^.*\) /s, "").split(" ");
    return {
      rssKib: kib("VmRSS"),
      ownKib: kib("RssAnon") + kib("RssShmem"),
      cpuSeconds: (Number(stat[11]) + Number(stat[12])) / 100,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (alive.has(this.#child)) this.#child.kill("SIGKILL");
    await this.#child.status;
    await this.#errors.ended;
  }

  /** Tries to connect until the server listens, has ended, or had {@link START_TIMEOUT_MS}. */
  async #firstConnection(): Promise<NativeConnection> {
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (Date.now() < deadline) {
      try {
        return await NativeConnection.open(this.socket);
      } catch (error) {
        const expected = error instanceof Deno.errors.NotFound ||
          error instanceof Deno.errors.ConnectionRefused;
        if (!expected) throw error;
      }
      const ended = await Promise.race([this.#child.status, pause(20)]);
      if (ended) {
        throw new SetupError(
          `${daemonTitles[this.name]} ended (${ended.code}):\n${this.#errors.text}`,
        );
      }
    }
    throw new SetupError(`${daemonTitles[this.name]} does not answer on ${this.socket}`);
  }

  async #startVg(connection: NativeConnection): Promise<void> {
    const vg = { pid: Deno.pid, vg_name: VG_NAME, vg_lock_type: "dlm" };
    const made = await connection.request({ request: "init_vg", ...vg });
    this.vgArgs = made.get("vg_lock_args") ?? "none";
    await connection.request({
      request: "start_vg",
      ...vg,
      vg_lock_args: this.vgArgs,
      vg_uuid: "bench0-0000-0000-0000-0000-0000-000001",
      version: 1,
      host_id: 0,
      opts: "none",
    });
    await connection.request({ request: "start_wait", pid: Deno.pid });
  }
}

function pause(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), ms));
}

/** The end of what a stream says. */
class LastText {
  text = "";
  ended: Promise<void> = Promise.resolve();

  read(stream: ReadableStream<Uint8Array>): void {
    this.ended = this.#read(stream);
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    for await (const part of stream.pipeThrough(new TextDecoderStream())) {
      this.text = (this.text + part).slice(-200_000);
    }
  }
}
