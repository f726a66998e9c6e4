/**
 * The daemon without a process of its own: lock table, dispatcher and service, with the lock managers
 * of the test mode, all of it instrumented.
 *
 * @module
 */
import { emptyRequest, LockType, type Reply, type Request } from "../../../core/types.ts";
import type { LockService } from "../../../core/service.ts";
import type { Modules } from "./program.ts";
import { Finding } from "./target.ts";

const table = new WebAssembly.Module(
  Deno.readFileSync(new URL("../../../wasm/lock_table.wasm", import.meta.url)),
);

export class TestDaemon {
  /** What front ends are given; it stays the same when the state is made anew. */
  readonly service: LockService;
  /** The first error that was no client's. */
  #error: unknown;
  #current!: LockService;

  constructor(private readonly modules: Modules) {
    this.renew();
    this.service = new Proxy({} as LockService, {
      get: (_, key) => {
        const value = this.#current[key as keyof LockService];
        return typeof value === "function" ? value.bind(this.#current) : value;
      },
    });
  }

  /** Forgets everything: as after a start without records. */
  renew(): void {
    const { dispatcher, engine, lockService, registry, testmode } = this.modules;
    // Not testManagers(): those of sanlock wait for seconds, as the stock daemon's do.
    const managers = [LockType.dlm, LockType.idm].map((type) => new testmode.TestManager(type));
    const made: { service?: InstanceType<typeof lockService.TableService> } = {};
    const host = new engine.Engine(table, true);
    const events = {
      quit: () => {},
      shutdownRefused: () => {},
      fatal: (error: unknown) => this.failed(error),
      changed: () => made.service?.changed(),
    };
    const performer = new dispatcher.Dispatcher(host, new registry.Backends(managers), events, {
      defaultHostId: () => 1,
      soon: setImmediate,
    });
    this.#current = made.service = new lockService.TableService(host, performer, {
      version: "1",
      pid: Deno.pid,
      startedMs: 0,
      testMode: true,
      lockManagers: [],
      nativeSocket: "/n",
      apiSocket: "/a",
      tableSha256: "",
    });
    performer.configure({ test: true, glType: LockType.none });
    this.#error = undefined;
  }

  /** Asks in the name of a client of its own, which is gone then. */
  async ask(request: Partial<Request>): Promise<Reply> {
    const { service } = this;
    const { id } = service.openClient({ origin: "daemon", pid: 0, command: "fuzz", fd: 0 });
    const reply = await new Promise<Reply>((answered) => {
      service.submit(id, { ...emptyRequest, ...request }, answered);
    });
    service.closeClient(id);
    return reply;
  }

  /** Notes an error that is the daemon's own. */
  failed(error: unknown): void {
    this.#error ??= error ?? new Error("nothing was thrown");
  }

  /** @throws the first error that was noted. */
  demandHealth(): void {
    const error = this.#error;
    if (error === undefined) return;
    throw error instanceof Error ? error : new Finding("the daemon's own error", String(error));
  }
}

/** Turns of the event loop, timers included, until something is given up. */
const TURNS = 8;

/** Aborted after so many turns of the event loop that nobody could still be at work. */
export function abortedSoon(): { signal: AbortSignal; stop: () => void } {
  const controller = new AbortController();
  let left = TURNS;
  let stopped = false;
  const turn = () => {
    if (stopped) return;
    if (left-- > 0) setTimeout(() => setImmediate(turn));
    else controller.abort();
  };
  turn();
  return { signal: controller.signal, stop: () => stopped = true };
}
