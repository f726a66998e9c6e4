/**
 * The daemon under test: which command line it is, and starting and ending it in a guest.
 *
 * @module
 */
import type { Guest } from "./guest.ts";
import type { Result } from "./channel.ts";

export type DaemonKind = "ours" | "stock";

export interface DaemonCommand {
  kind: DaemonKind;
  /** What the guest's bash does before. */
  setup?: string;
  /** A simple command for the guest's bash; it stays in the foreground. */
  line: string;
}

/** The distribution's daemon; it must be told of its lock manager. */
export const stock: DaemonCommand = { kind: "stock", line: "lvmlockd -D" };

const root = new URL("../../", import.meta.url).pathname;

/**
 * This project's daemon, from its sources. Fetches what it imports, because a guest has no network,
 * and lets the guest find it below the host's read-only cache.
 */
export async function ours(): Promise<DaemonCommand> {
  await output(["cache", `${root}main.ts`]);
  const { denoDir } = JSON.parse(await output(["info", "--json"])) as { denoDir: string };
  return {
    kind: "ours",
    setup: `mkdir -p /run/deno; ln -sfn ${denoDir}/npm /run/deno/npm`,
    line: `env DENO_DIR=/run/deno NO_COLOR=1 ${Deno.execPath()} run -A --cached-only ` +
      `${root}main.ts --foreground`,
  };
}

async function output(args: string[]): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), { args, cwd: root, stderr: "piped" });
  const { success, stdout, stderr } = await command.output();
  if (!success) throw new Error(`deno ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

/** On the host's file system, to be read there even when the guest is gone. */
const LOG = "/run/shared/daemon.log";

/** Ends when the daemon answers, or with code 1 when it is gone. Nothing tells of either event. */
const AWAIT_ANSWER = `
until [ -s /run/daemon.pid ]; do sleep 0.02; done
until lvmlockctl --info > /dev/null 2>&1; do
  kill -0 "$(< /run/daemon.pid)" 2> /dev/null || exit 1
  sleep 0.05
done`;

/** One daemon in one guest; it can be started again after its end. */
export class Daemon {
  #running: Promise<Result> | undefined;

  constructor(readonly guest: Guest, readonly command: DaemonCommand) {}

  /** Starts it and waits until it answers `lvmlockctl`. */
  async start(): Promise<void> {
    const { guest, command } = this;
    await guest.run(`rm -f /run/daemon.pid; ${command.setup ?? ""}`);
    this.#running = guest.run(
      `echo $BASHPID > /run/daemon.pid; exec ${command.line} >> ${LOG} 2>&1`,
    );
    // A guest that ends takes the daemon with it; that is told to whoever waits for a command.
    this.#running.catch(() => {});
    const answers = await guest.run(AWAIT_ANSWER);
    if (answers.code !== 0) throw new Error(`the daemon does not answer:\n${await this.log()}`);
  }

  /** Kills the daemon, with no chance to tidy up, and waits until it is gone. */
  async kill(): Promise<void> {
    await this.#signal("KILL");
  }

  /** Asks the daemon to end and waits until it is gone. Throws if its exit code is not 0. */
  async stop(): Promise<void> {
    const { code } = await this.#signal("TERM");
    if (code !== 0) throw new Error(`the daemon ended with code ${code}:\n${await this.log()}`);
  }

  /** The end of the daemon's log. */
  async log(): Promise<string> {
    return (await this.guest.run(`tail -n 20 ${LOG}`)).stdout;
  }

  async #signal(name: string): Promise<Result> {
    if (!this.#running) throw new Error("the daemon does not run");
    await this.guest.run(`kill -${name} "$(< /run/daemon.pid)"`);
    return await this.#running;
  }
}
