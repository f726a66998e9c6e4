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

export class LostLocks {
  constructor(
    private readonly service: LockService,
    private readonly killCommand: KillCommand,
  ) {}

  /** Resolves when the kill command has ended. */
  async deal({ vgName }: { vgName: string }, why: string): Promise<void> {
    if (vgName === "") return;
    log.error(`VG ${vgName}: ${why}; it gets no new locks until it was dropped and started again`);
    this.#kill(vgName);
    const { path, args } = this.killCommand;
    const words = args(vgName).split(" ");
    try {
      const child = new Deno.Command(path, {
        args: words,
        stdin: "null",
        stdout: "null",
        stderr: "null",
      }).spawn();
      const { code } = await child.status;
      if (code !== 0) log.error(`VG ${vgName}: ${path} ${words.join(" ")} ended with ${code}`);
    } catch (error) {
      log.error(`VG ${vgName}: cannot run ${path}: ${(error as Error).message}`);
    }
  }

  /** At once, also if the kill command fails or takes its time. */
  #kill(vgName: string): void {
    const about = { origin: "daemon", pid: Deno.pid, command: "lvmlockd", fd: 0 } as const;
    const { id } = this.service.openClient(about);
    const request = { ...emptyRequest, op: Op.killVg, resourceType: ResourceType.vg, vgName };
    this.service.submit(id, request, () => queueMicrotask(() => this.service.closeClient(id)));
  }
}
