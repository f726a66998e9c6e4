/**
 * What happens when a lock manager reports that the locks of a VG are lost: no new locks are given,
 * and the kill command makes the VG's LVs safe, as sanlock itself has it run when a lease expires.
 *
 * @module
 */
import { logger } from "./log.ts";
import type { LockService } from "./service.ts";
import { emptyRequest, type KillCommand, Op, ResourceType } from "./types.ts";

const log = logger("daemon");

/** Runs a program; resolves with its exit status. Rejects if it cannot be run. */
export type RunProgram = (path: string, args: string[]) => Promise<number>;

export class LostLocks {
  constructor(
    private readonly service: LockService,
    private readonly killCommand: KillCommand,
    private readonly run: RunProgram = runProgram,
  ) {}

  /**
   * Resolves when the kill command has ended.
   * @param commandRuns the lock manager runs it.
   */
  async deal({ vgName }: { vgName: string }, why: string, commandRuns = false): Promise<void> {
    if (vgName === "") return;
    log.error(`VG ${vgName}: ${why}; it gets no new locks until it was dropped and started again`);
    this.#ask(Op.killVg, vgName);
    if (commandRuns) return;
    if (!this.#holdsLocks(vgName)) return this.#ask(Op.dropVg, vgName);
    await this.#runKillCommand(vgName);
  }

  /** Nothing counts on a VG without locks: it can be started again. */
  #holdsLocks(vgName: string): boolean {
    let inside = false;
    for (const row of this.service.inspect()) {
      if (row.kind === "lockspace") inside = row.vgName === vgName;
      else if (row.kind === "lock" && inside) return true;
    }
    return false;
  }

  async #runKillCommand(vgName: string): Promise<void> {
    const { path, args } = this.killCommand;
    const words = args(vgName).split(" ");
    try {
      const code = await this.run(path, words);
      if (code !== 0) log.error(`VG ${vgName}: ${path} ${words.join(" ")} ended with ${code}`);
    } catch (error) {
      log.error(`VG ${vgName}: cannot run ${path}: ${(error as Error).message}`);
    }
  }

  #ask(op: typeof Op.killVg | typeof Op.dropVg, vgName: string): void {
    const about = { origin: "daemon", pid: Deno.pid, command: "lvmlockd", fd: 0 } as const;
    const { id } = this.service.openClient(about);
    const request = { ...emptyRequest, op, resourceType: ResourceType.vg, vgName };
    this.service.submit(id, request, () => queueMicrotask(() => this.service.closeClient(id)));
  }
}

async function runProgram(path: string, args: string[]): Promise<number> {
  const quiet = { stdin: "null", stdout: "null", stderr: "null" } as const;
  const { code } = await new Deno.Command(path, { args, ...quiet }).spawn().status;
  return code;
}
