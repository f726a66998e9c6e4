/**
 * One request to the lock table that never waits for ever: it ends with its reply, at its deadline,
 * or when whoever asked is gone. Whatever happens, a lock that is granted is either reported or put
 * back as it was.
 *
 * @module
 */
import { Errno } from "../errno.ts";
import type { LockService } from "../service.ts";
import {
  type ClientId,
  Mode,
  Op,
  OptionFlag,
  type Owner,
  type Reply,
  type Request,
  type RequestId,
} from "../types.ts";
import { treeOf } from "./view.ts";

/** Why a request was given up. After `session-ended` its client is closed already. */
export type GiveUp = "deadline" | "aborted" | "shutdown" | "session-ended";

export type Outcome =
  | { kind: "reply"; reply: Reply }
  /**
   * `settled` is false when the table has not confirmed yet: a call to the lock manager hangs. `owner`
   * is the host that was in the way.
   */
  | { kind: GiveUp; settled: boolean; owner?: Owner };

export interface AskLimits {
  /** Milliseconds until the request is cancelled. */
  deadlineMs: number;
  /** Milliseconds that a cancelled request may take to be confirmed before the caller is told. */
  graceMs: number;
  signals: Iterable<readonly [Exclude<GiveUp, "deadline">, AbortSignal]>;
}

export interface Asking {
  outcome: Promise<Outcome>;
  /** Resolves when the table will not call back any more, perhaps long after `outcome`. */
  finished: Promise<void>;
}

/** Submits `request` for `client`. Neither promise ever rejects. */
export function ask(
  service: LockService,
  client: ClientId,
  request: Request,
  limits: AskLimits,
): Asking {
  const asked = new Asked(service, client, request, limits);
  return { outcome: asked.outcome.promise, finished: asked.finished.promise };
}

class Asked {
  readonly outcome = Promise.withResolvers<Outcome>();
  readonly finished = Promise.withResolvers<void>();
  /** Only of a request that waits: to abort it costs more than the rest. */
  #listening: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #replied = false;
  #told = false;
  #why: GiveUp | undefined;
  /** What puts the lock back, should it be granted after all. */
  #undo: Request | undefined;
  #id: RequestId = 0;
  /** The host that is in the way when the request is given up. */
  #blocked: { owner?: Owner } = {};
  #cancel: () => void = () => {};

  constructor(
    readonly service: LockService,
    readonly client: ClientId,
    readonly request: Request,
    readonly limits: AskLimits,
  ) {
    const id = service.submit(client, request, (reply) => this.#onReply(reply));
    if (this.#replied) return;
    this.#id = id;
    this.#cancel = () => service.cancel(client, id);
    this.#timer = setTimeout(() => this.#giveUp("deadline"), limits.deadlineMs);
    this.#listening = new AbortController();
    for (const [why, signal] of limits.signals) {
      if (signal.aborted) this.#giveUp(why);
      signal.addEventListener("abort", () => this.#giveUp(why), {
        signal: this.#listening.signal,
      });
    }
  }

  #onReply(reply: Reply): void {
    this.#replied = true;
    this.#stopWaiting();
    const unheard = this.#told || this.#why === "aborted";
    if (this.#why === undefined || (!unheard && reply.result !== -Errno.ECANCELED)) {
      this.#tell({ kind: "reply", reply });
      this.finished.resolve();
      return;
    }
    this.#tell({ kind: this.#why, settled: true, ...this.#blocked });
    const undo = this.#undo;
    if (undo === undefined || !changedBy(undo, reply)) this.finished.resolve();
    else this.service.submit(this.client, undo, () => this.finished.resolve());
  }

  #giveUp(why: GiveUp): void {
    if (this.#replied || (this.#why !== undefined && why !== "session-ended")) return;
    this.#why = why;
    clearTimeout(this.#timer);
    if (why === "session-ended") {
      this.#stopWaiting();
      this.#tell({ kind: why, settled: true });
      this.finished.resolve();
      return;
    }
    this.#undo = undoOf(this.service, this.client, this.request);
    this.#blocked = blockedBy(this.service, this.client, this.request, this.#id);
    const told: Outcome = { kind: why, settled: false, ...this.#blocked };
    this.#timer = setTimeout(() => this.#tell(told), this.limits.graceMs);
    this.#cancel();
  }

  #tell(outcome: Outcome): void {
    this.#told = true;
    this.outcome.resolve(outcome);
  }

  #stopWaiting(): void {
    clearTimeout(this.#timer);
    this.#listening?.abort();
  }
}

/** The host that the lock manager named the last time the request was tried. */
function blockedBy(
  service: LockService,
  client: ClientId,
  request: Request,
  id: RequestId,
): { owner?: Owner } {
  if (request.op !== Op.lock) return {};
  for (const row of service.inspectResource(request)) {
    if (row.kind !== "action" || row.requestId !== id || row.clientId !== client) continue;
    return row.owner.hostId === 0 ? {} : { owner: row.owner };
  }
  return {};
}

/** The request that restores the mode held now; nothing for requests that take no lock. */
function undoOf(service: LockService, client: ClientId, request: Request): Request | undefined {
  if (request.op !== Op.lock || request.mode < Mode.sh) return undefined;
  return { ...request, mode: heldMode(service, client, request) ?? Mode.un };
}

/**
 * Whether `undo` has anything to put back. A persistent lock that the request did not make was there
 * already, perhaps left by a dead daemon: its LV may be active, and it stays.
 */
function changedBy(undo: Request, { result, created }: Reply): boolean {
  if (result < 0) return false;
  const persistent = (undo.flags & OptionFlag.persistent) !== 0;
  return !persistent || undo.mode !== Mode.un || created === true;
}

/** Mode of the lock that `request` is about, as held now by `client` or persistently. */
export function heldMode(
  service: LockService,
  client: ClientId,
  request: Request,
): Mode | undefined {
  const persistent = (request.flags & OptionFlag.persistent) !== 0;
  for (const { resources } of treeOf(service.inspectResource(request))) {
    for (const { locks } of resources) {
      const lock = locks.find((lock) =>
        persistent ? lock.persistent : !lock.persistent && lock.clientId === client
      );
      if (lock) return lock.mode;
    }
  }
  return undefined;
}
