/**
 * One daemon process: the real lock table and the real host code above the lock manager's interface,
 * put together as core/daemon.ts does. Sockets, signals and the heartbeat are left out.
 *
 * @module
 */
import { Backends } from "../../backends/registry.ts";
import { AdoptRecorder, type AdoptReport, takeOver } from "../../core/adoption/mod.ts";
import { Dispatcher } from "../../core/dispatcher.ts";
import { type StaticStatus, TableService } from "../../core/lock_service.ts";
import { LostLocks } from "../../core/lost_locks.ts";
import { LockType } from "../../core/types.ts";
import type { TableView } from "./checker.ts";
import { Process } from "./clock.ts";
import type { Host } from "./host.ts";
import { ProbedEngine } from "./probed_engine.ts";
import { recorded } from "./recorded_manager.ts";
import { tableView } from "./table_view.ts";
import type { World } from "./world.ts";

/** As in core/daemon.ts. */
const ADOPTION_LIMIT_MS = 30_000;

export class SimDaemon {
  readonly process: Process;
  /** Clients are served. */
  serving = false;
  /** Clients that have vanished, which it is about to see. */
  readonly closing = new Set<number>();
  /** Nothing of an earlier daemon is waited for any more. */
  settled = false;
  /** What adoption says. */
  report: AdoptReport | undefined;
  /** The lockspace in which the global lock was asked for last. */
  globalLockspace = "";
  /** It ends in order: all its lockspaces are left. */
  ended = false;
  readonly service: TableService;
  readonly dispatcher: Dispatcher;
  readonly #engine: ProbedEngine;
  readonly #recorder: AdoptRecorder;

  constructor(readonly host: Host, readonly world: World, readonly number: number) {
    this.process = new Process(`daemon ${number} of host ${host.number}`, host.machine);
    const { clock } = world;
    clock.current = this.process;
    const inheritance = AdoptRecorder.open(host.adoptFile);
    this.#recorder = inheritance.recorder;
    const manager = recorded(
      world.manager.connect(host.number),
      this,
      world.watchers,
      this.#recorder,
    );
    this.#engine = new ProbedEngine(world.options.module, world.checked, (kind, effects) => {
      world.step(this, kind, effects);
    });
    this.dispatcher = new Dispatcher(this.#engine, new Backends([manager]), {
      quit: () => this.soon(() => this.#end()),
      shutdownRefused: () => {},
      fatal: (error) => this.#fatal(error),
      changed: () => {},
    }, {
      defaultHostId: () => host.hostId,
      soon: (action) => this.soon(action),
    });
    this.service = new TableService(this.#engine, this.dispatcher, {} as StaticStatus);
    const killCommand = { path: "kill", args: (vgName: string) => vgName };
    const run = (_path: string, [vgName = ""]: string[]) =>
      new Promise<number>((ended) => world.runKillCommand(host, vgName, ended));
    const lost = new LostLocks(this.service, killCommand, run);
    manager.onLost = (lockspace, why, runs) => void lost.deal(lockspace, why, runs);
    this.dispatcher.configure({ test: false, glType: LockType.none });
    this.dispatcher.restore();
    void this.#adopt(inheritance, manager);
  }

  async #adopt(
    inheritance: ReturnType<typeof AdoptRecorder.open>,
    manager: Parameters<typeof takeOver>[0]["managers"][number],
  ): Promise<void> {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), ADOPTION_LIMIT_MS);
    try {
      const { report, done } = await takeOver({
        ...inheritance,
        service: this.service,
        managers: [manager],
        limit: controller.signal,
        sysBlock: this.host.sysBlock,
      });
      this.report = report;
      this.serving = true;
      this.report = await done;
      this.settled = true;
      this.world.watchers.adopted(this);
    } catch (error) {
      this.#fatal(error);
    }
  }

  get alive(): boolean {
    return this.process.alive;
  }

  /** Runs an action in this process, after what happens now. */
  soon(action: () => void): void {
    this.world.clock.plan(this.process, 0, action);
  }

  view(): TableView {
    return tableView(this.service.inspect());
  }

  /** SIGTERM. */
  terminate(): void {
    this.dispatcher.shutdown();
  }

  #end(): void {
    this.service.refuseAll();
    try {
      this.#recorder.remove();
    } catch (error) {
      return this.#fatal(error);
    }
    this.ended = true;
    this.world.daemonEnds(this, "it ends in order");
  }

  /** A write that killed the process is no defect. */
  #fatal(error: unknown): void {
    if (!this.alive) return;
    const why = error instanceof Error ? error.stack ?? error.message : String(error);
    this.world.object("the daemon goes on", `${this.process.name}: ${why}`);
  }
}
