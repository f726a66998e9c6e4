/**
 * One User-Mode Linux guest: a real Linux kernel as an ordinary process, whose root is this machine's
 * file system, read-only. Boots it, runs commands in it, and makes sure that it ends.
 *
 * Several guests may run at a time, also on the same disk image (`shared` disks).
 *
 * @module
 */
import { TextLineStream } from "./lines.ts";
import { COMMANDS, giveCommand, parseEvent, type Result, takeResult } from "./channel.ts";

/** A disk of the guest: /dev/ubda, /dev/ubdb, … in the order given. */
export interface Disk {
  /** Image file on the host. */
  path: string;
  /** Another guest uses the image at the same time. */
  shared?: boolean;
}

export interface GuestOptions {
  name: string;
  /**
   * An existing directory of the host, of this guest alone; it sees it as /run/shared. The console log
   * goes to NAME.console there; a guest that boots again in the same directory continues it.
   */
  directory: string;
  disks: Disk[];
  /** The guest is killed after this many milliseconds; what waits for it is rejected. */
  limitMs: number;
  /** Default 512. */
  memoryMb?: number;
  /** More kernel arguments, such as `eth0=daemon,…` for a network through uml_switch. */
  kernelArguments?: string[];
  /** The guest's first program, default guest_init.sh. */
  init?: string;
  /** Called with each line of the kernel and of PID 1. */
  onConsole?: (line: string) => void;
}

/** Makes a sparse disk image. */
export async function makeDisk(path: string, mebibytes: number): Promise<Disk> {
  using file = await Deno.create(path);
  await file.truncate(mebibytes * 1024 * 1024);
  return { path };
}

export class Guest implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #waiting = new Map<number, PromiseWithResolvers<Result>>();
  readonly #ready = Promise.withResolvers<void>();
  readonly #ended: Promise<void>;
  readonly #console: string[] = [];
  readonly #timer: ReturnType<typeof setTimeout>;
  #commands = 0;
  #over = false;
  #endReason = "the guest has ended";

  private constructor(private readonly options: GuestOptions) {
    Deno.mkdirSync(`${options.directory}/${COMMANDS}`, { recursive: true });
    this.#process = new Deno.Command("setsid", {
      args: ["linux.uml", ...kernelArguments(options)],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#input = this.#process.stdin.getWriter();
    this.#timer = setTimeout(() => {
      this.kill(`the guest did not end within ${options.limitMs / 1000} s`);
    }, options.limitMs);
    this.#ended = this.#watch();
  }

  /** Boots a guest; resolves when it takes commands, rejects when it ends before that. */
  static async boot(options: GuestOptions): Promise<Guest> {
    const guest = new Guest(options);
    try {
      await guest.#ready.promise;
      return guest;
    } catch (error) {
      await guest.#ended;
      throw error;
    }
  }

  /** Runs a bash script in the guest. Scripts run side by side unless the caller awaits them. */
  async run(script: string): Promise<Result> {
    if (this.#over) throw this.#failure();
    const id = ++this.#commands;
    const waiting = Promise.withResolvers<Result>();
    this.#waiting.set(id, waiting);
    try {
      const line = giveCommand(this.options.directory, id, script);
      await this.#input.write(new TextEncoder().encode(line));
    } catch {
      waiting.reject(this.#failure());
    }
    return await waiting.promise;
  }

  /** Kills the guest with every process of it. Whatever waits for it is rejected with `reason`. */
  kill(reason: string): void {
    this.#endReason = reason;
    try {
      Deno.kill(-this.#process.pid, "SIGKILL");
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  /** As {@link kill}, like a host that loses power; resolves when it is gone. */
  async crash(): Promise<void> {
    this.kill("the guest was crashed");
    await this.#ended;
  }

  /** Stops time for the guest until {@link resume}: its kernel runs its processes, none of them runs. */
  pause(): void {
    Deno.kill(this.#process.pid, "SIGSTOP");
  }

  resume(): void {
    Deno.kill(this.#process.pid, "SIGCONT");
  }

  /** Powers the guest off and waits for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close().catch(() => {});
    await this.#ended;
  }

  async #watch(): Promise<void> {
    const { status, stdout, stderr } = this.#process;
    const { directory, name } = this.options;
    const log = await Deno.open(`${directory}/${name}.console`, { append: true, create: true });
    await Promise.all([
      eachLine(stdout, (line) => this.#receive(line) || this.#logConsole(log, line)),
      eachLine(stderr, (line) => this.#logConsole(log, line)),
      status,
    ]);
    log.close();
    clearTimeout(this.#timer);
    // Processes of the guest may outlive a kernel that was killed or crashed.
    this.kill(this.#endReason);
    this.#over = true;
    this.#ready.reject(this.#failure());
    for (const waiting of this.#waiting.values()) waiting.reject(this.#failure());
    this.#waiting.clear();
  }

  /** False for a line that is not of the protocol. */
  #receive(line: string): boolean {
    const event = parseEvent(line);
    if (event?.kind === "ready") this.#ready.resolve();
    if (event?.kind === "done") {
      this.#waiting.get(event.id)?.resolve(takeResult(this.options.directory, event));
      this.#waiting.delete(event.id);
    }
    return event !== undefined;
  }

  #logConsole(log: Deno.FsFile, line: string): void {
    log.writeSync(new TextEncoder().encode(`${line}\n`));
    this.#console.push(line);
    if (this.#console.length > 30) this.#console.shift();
    this.options.onConsole?.(line);
  }

  #failure(): Error {
    return new Error(`${this.#endReason}; the end of its console:\n${this.#console.join("\n")}`);
  }
}

/** The folder of this project, without a slash at its end. */
const project = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");

/** con0 carries the commands (stdin, stdout), ssl0 the kernel's messages (stderr). */
function kernelArguments(options: GuestOptions): string[] {
  const disks = options.disks.map(({ path, shared }, i) => `ubd${i}${shared ? "c" : ""}=${path}`);
  return [
    `mem=${options.memoryMb ?? 512}M`,
    `umid=${options.name}`,
    `uml_dir=${options.directory}/`,
    ...["rootfstype=hostfs", "rootflags=/", "ro"],
    `init=${options.init ?? `${import.meta.dirname}/guest_init.sh`}`,
    ...["con=null", "con0=fd:0,fd:1", "ssl=null", "ssl0=null,fd:2", "console=ttyS0", "quiet"],
    `shared=${options.directory}`,
    `project=${project}`,
    ...disks,
    ...options.kernelArguments ?? [],
  ];
}

async function eachLine(bytes: ReadableStream<Uint8Array>, use: (line: string) => void) {
  const lines = bytes.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
  for await (const line of lines) use(line);
}
