/**
 * The composition root: puts table, backends and front ends together, and takes them apart again.
 * The only file that knows every part.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { LockManager } from "../backends/lock_manager.ts";
import { Backends } from "../backends/registry.ts";
import { type AdoptRecorder, takeOver } from "./adoption/mod.ts";
import { Dispatcher } from "./dispatcher.ts";
import { Engine } from "./engine.ts";
import { commandsEnded, HAND_OVER_LIMIT_MS } from "./hand_over.ts";
import { Heartbeat } from "./heartbeat.ts";
import { TableService } from "./lock_service.ts";
import { killCommandOf, killScriptOf, writeKillScript } from "./kill_script.ts";
import { logger } from "./log.ts";
import { LostLocks } from "./lost_locks.ts";
import { type Inheritance, makeManagers, type Managers } from "./managers.ts";
import { NativeServer } from "./native/server.ts";
import { type DaemonOptions, readHostId } from "./options.ts";
import { assignSockets, takeActivationSockets } from "./os/activation.ts";
import { serviceManager } from "./os/notify.ts";
import { PidFile } from "./os/pid_file.ts";
import { Poller } from "./os/poller.ts";
import { readTable } from "./program.ts";
import { emptyRequest, Op, ResourceType } from "./types.ts";
import { VERSION } from "./version.ts";

const log = logger("daemon");

/** VGs whose storage does not answer are adopted later; others need not wait for them. */
const ADOPTION_LIMIT_MS = 30_000;

/** Leaving lockspaces takes seconds, unless a lock manager does not answer. */
const LEAVING_LIMIT_MS = 60_000;

/** In the name of this client, which no connection has, the daemon asks its own lock table. */
const OURSELVES = 0xffffffff;

/** What the process does when the daemon ends: 0 normally, 1 after a failure. */
export type OnExit = (status: number) => void;

/** A front end that is served beside the native one. */
export interface FrontEnd {
  stop(): Promise<void>;
}

export class Daemon {
  readonly #poller = new Poller();
  #service!: TableService;
  #dispatcher!: Dispatcher;
  #native: NativeServer | undefined;
  #api: FrontEnd | undefined;
  #recorder: AdoptRecorder | undefined;
  #heartbeat: Heartbeat | undefined;
  #leavingTimer: ReturnType<typeof setTimeout> | undefined;
  #handingOver = false;
  #stopping = false;
  readonly #serviceManager = serviceManager();

  private constructor(
    private readonly options: DaemonOptions,
    private readonly pidFile: PidFile,
    private readonly backends: Backends,
    private readonly sockets: ReturnType<typeof assignSockets>,
    private readonly onExit: OnExit,
  ) {}

  /**
   * Starts everything; resolves when both sockets answer.
   * @param program how this program was started, up to its own arguments.
   * @throws {PidFileError} if another instance runs.
   * @throws {Error} if a socket or the store cannot be used. Nothing stays behind.
   */
  static async start(
    options: DaemonOptions,
    program: string[],
    onExit: OnExit,
  ): Promise<Daemon> {
    const passed = takeActivationSockets();
    prepareDirectories(options);
    const pidFile = PidFile.acquire(options.pidFile);
    let daemon: Daemon | undefined;
    let made: Managers | undefined;
    try {
      made = makeManagers(options);
      const { test, killPath, stateDir, socketPath, apiSocket } = options;
      const sockets = assignSockets(passed, { native: socketPath, api: apiSocket });
      if (!test && killPath === "") writeKillScript(stateDir, [...program, "ctl"], socketPath);
      daemon = new Daemon(options, pidFile, new Backends(made.managers), sockets, onExit);
      await daemon.#serve(made);
      return daemon;
    } catch (error) {
      if (daemon !== undefined) {
        await daemon.#close();
      } else {
        for (const manager of made?.managers ?? []) manager.close();
        pidFile.remove();
      }
      throw error;
    }
  }

  async #serve({ status: lockManagers, managers, inheritance }: Managers): Promise<void> {
    const bytes = readTable();
    const engine = new Engine(new WebAssembly.Module(bytes));
    this.#dispatcher = new Dispatcher(engine, this.backends, {
      quit: () => void this.#end(0),
      shutdownRefused: (held) => this.#refuseShutdown(held),
      fatal: (error) => this.#fatal(error),
      changed: () => this.#service?.changed(),
    }, {
      defaultHostId: () => this.options.hostId || hostIdFrom(this.options.hostIdFile),
      soon: (action) => this.#poller.soon(action),
    });
    this.#service = new TableService(engine, this.#dispatcher, {
      version: VERSION,
      pid: Deno.pid,
      startedMs: Date.now(),
      testMode: this.options.test,
      lockManagers,
      nativeSocket: this.options.socketPath,
      apiSocket: this.options.apiSocket,
      tableSha256: createHash("sha256").update(bytes).digest("hex"),
    });
    const lost = new LostLocks(this.#service, killCommandOf(this.options));
    for (const manager of this.backends.all()) {
      manager.onLost = (lockspace, why, runs) => void lost.deal(lockspace, why, runs);
    }
    this.#dispatcher.configure({ test: this.options.test, glType: this.options.glType });
    const restored = this.#dispatcher.restore();
    if (restored > 0) log.info(`${restored} persistent locks are held on from before`);
    if (inheritance !== undefined) {
      this.#recorder = inheritance.recorder;
      await this.#adopt(inheritance, managers);
    }
    await this.#listen();
    for (const { provider, protects } of lockManagers) log.info(`${provider}: ${protects}`);
    log.warn(`lvmlockd started ${VERSION}`);
    this.#heartbeat = new Heartbeat(this.#service, this.#serviceManager, (answered) => {
      const about = { resourceType: ResourceType.vg, vgName: "." };
      this.#dispatcher.request(OURSELVES, { ...emptyRequest, ...about, op: Op.queryLock }, () => {
        this.#dispatcher.clientGone(OURSELVES, []);
        answered();
      });
    });
  }

  /** What takes longer than the limit goes on while others are served. */
  async #adopt(inheritance: Inheritance, managers: LockManager[]): Promise<void> {
    const limit = AbortSignal.timeout(ADOPTION_LIMIT_MS);
    const { done } = await takeOver({ ...inheritance, service: this.#service, managers, limit });
    done.catch((error) => this.#fatal(error));
  }

  async #listen(): Promise<void> {
    const { socketPath, apiSocket, infoLayout } = this.options;
    const { native, api } = this.sockets;
    this.#native = await NativeServer.listen(this.#poller, this.#service, {
      path: socketPath,
      infoLayout,
      ...native && { listenFd: native.fd },
    });
    // Loaded now, while the native socket already serves: LVM commands need not wait for it.
    const { serveApi } = await import("./api/server.ts");
    const path = api?.path ?? apiSocket;
    this.#api = await serveApi(this.#service, { path, ...api && { listenFd: api.fd } });
  }

  /**
   * SIGTERM: stops lockspaces without locks and ends, unless locks are held. sanlock too sends it,
   * about once a second, to a holder of leases that it has lost; that is no order to stop other VGs.
   */
  async terminate(): Promise<void> {
    if (this.#stopping) return;
    if (await this.#locksAreTaken()) {
      log.warn("ignore shutdown while a VG that lost its locks is not dropped (lvmlockctl --drop)");
      return;
    }
    this.#dispatcher.shutdown();
    clearTimeout(this.#leavingTimer);
    this.#leavingTimer = setTimeout(() => this.#endIdle(), LEAVING_LIMIT_MS);
  }

  async #locksAreTaken(): Promise<boolean> {
    if (this.#service.inspect().some((row) => row.kind === "lockspace" && row.killed)) return true;
    for (const manager of this.backends.all()) if (await manager.isTakingLocks?.()) return true;
    return false;
  }

  /** A lock manager does not answer: the next daemon takes over lockspaces that are not left. */
  #endIdle(): void {
    if (this.#service.inspect().some((row) => row.kind === "lock")) return;
    log.warn("end without having left all lockspaces: their lock manager does not answer");
    void this.#end(1);
  }

  /**
   * SIGUSR2: ends with all locks held and all lockspaces started, for the next daemon, which takes
   * them over. Commands that run are waited for; new ones wait for the next daemon if the service
   * manager keeps the socket. A daemon that adopts nothing ends as with SIGTERM.
   */
  async handOver(): Promise<void> {
    if (this.#stopping || this.#handingOver) return;
    if (!this.#hasHeirs) return await this.terminate();
    this.#handingOver = true;
    clearTimeout(this.#leavingTimer);
    this.#serviceManager.stopping("Handing over to the next daemon");
    this.#native?.stopAccepting();
    const left = await commandsEnded(this.#service, HAND_OVER_LIMIT_MS);
    for (const line of left) log.warn(`handing over although ${line}`);
    log.warn("lvmlockd ends, its locks stay held for the next one");
    void this.#end(0, true);
  }

  /** Does the next daemon take over what this one leaves? */
  get #hasHeirs(): boolean {
    return this.options.adopt && !this.options.test;
  }

  #refuseShutdown(held: number): void {
    clearTimeout(this.#leavingTimer);
    if (this.options.handOver && this.#hasHeirs) return void this.handOver();
    log.warn(
      `ignore shutdown for ${held} lockspaces: locks are held in them. ` +
        "Deactivate the LVs and stop the VGs (vgchange --lockstop), then stop the daemon",
    );
  }

  /** The table or the store cannot be trusted any more. Records stay as they are. */
  #fatal(error: unknown): void {
    log.error(`fatal: ${error instanceof Error ? error.stack ?? error.message : error}`);
    void this.#end(1);
  }

  /** After a failure, too, locks stay behind in the lock manager (`locksStay`). */
  async #end(status: number, locksStay = status !== 0): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    clearTimeout(this.#leavingTimer);
    this.#service.refuseAll();
    if (!this.#handingOver) this.#serviceManager.stopping("Ending");
    // LVM commands that find the pid file wait at the service manager's socket for the next daemon.
    await this.#close(this.#handingOver && this.sockets.native !== undefined);
    if (!locksStay) {
      if (this.options.killPath === "") removeIfThere(killScriptOf(this.options.stateDir));
      this.#removeAdoptFile();
    }
    this.onExit(status);
  }

  /** What cannot be removed tells the next daemon of locks that are not there: it finds out. */
  #removeAdoptFile(): void {
    try {
      this.#recorder?.remove();
    } catch (error) {
      log.error(error instanceof Error ? error.message : String(error));
    }
  }

  async #close(pidFileStays = false): Promise<void> {
    this.#heartbeat?.stop();
    await Promise.all([this.#native?.close(), this.#api?.stop()]);
    await this.#poller.close();
    this.backends.close();
    if (!pidFileStays) this.pidFile.remove();
  }
}

/** The file may come after us; until then there is no host id, which a start is refused for. */
function hostIdFrom(path: string): number {
  try {
    return readHostId(path);
  } catch (error) {
    log.error(`Cannot read the host id: ${error instanceof Error ? error.message : error}`);
    return 0;
  }
}

/** The directories of our own files, for hosts where no package has made them. */
function prepareDirectories(options: DaemonOptions): void {
  for (const path of [options.socketPath, options.apiSocket, `${options.stateDir}/store`]) {
    const directory = path.slice(0, path.lastIndexOf("/"));
    if (directory === "/run/lvm") Deno.mkdirSync(directory, { recursive: true, mode: 0o700 });
  }
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
