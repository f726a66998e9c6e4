/**
 * What the service manager hears while the daemon serves: a line about its state, and that it is
 * alive. Alive is said only when the lock table has answered a question, so that a daemon whose event
 * loop or table stands still is started again.
 *
 * @module
 */
import type { ServiceManager } from "./os/notify.ts";
import type { LockService } from "./service.ts";

/** The line follows changes at most this often, milliseconds. */
const STATUS_PAUSE_MS = 1000;

/** Asks the lock table something; calls back with its answer. */
export type Question = (answered: () => void) => void;

export class Heartbeat {
  #status: ReturnType<typeof setTimeout> | undefined;
  #last = "";
  readonly #pings: ReturnType<typeof setInterval> | undefined;
  readonly #forget: () => void;

  /** Tells that the daemon is ready, and the rest from then on until {@link stop}. */
  constructor(
    private readonly service: LockService,
    private readonly manager: ServiceManager,
    ask: Question,
  ) {
    this.#last = statusLine(service);
    manager.ready(this.#last);
    this.#forget = manager.listens ? service.onChange(() => this.#changed()) : () => {};
    if (manager.watchdogMs === 0) return;
    this.#pings = setInterval(() => ask(() => manager.alive()), manager.watchdogMs / 2);
  }

  stop(): void {
    this.#forget();
    clearTimeout(this.#status);
    clearInterval(this.#pings);
  }

  #changed(): void {
    this.#status ??= setTimeout(() => {
      this.#status = undefined;
      const line = statusLine(this.service);
      if (line === this.#last) return;
      this.#last = line;
      this.manager.status(line);
    }, STATUS_PAUSE_MS);
  }
}

/** Lock managers, lockspaces and locks in one line. Costs the same however many there are. */
export function statusLine(service: LockService): string {
  const { lockManagers, lockspaces, locks, waiting } = service.status();
  const providers = lockManagers.map(({ provider }) => provider).join(", ");
  return `Lock managers: ${providers}. Lockspaces: ${lockspaces}. Locks: ${locks}. ` +
    `Waiting: ${waiting}.`;
}
