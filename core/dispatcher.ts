/**
 * Performs the table's effects: sends replies, calls backends, arms timers, writes records. Replies
 * that depend on a record leave only after it is durable; all records of one turn of the event loop
 * are made durable together.
 *
 * @module
 */
import type { LockManager, LockspaceSpec } from "../backends/lock_manager.ts";
import { type EffectRecord, type Engine, type Fill, fillRequest } from "./engine.ts";
import type { LmCallEffect } from "./engine.ts";
import { Errno } from "./errno.ts";
import {
  type AnyAnswer,
  type BackendChoice,
  callInLockspace,
  callOutside,
  resourceOf,
} from "./lm_calls.ts";
import { fillAnswer } from "./lm_answers.ts";
import { logger } from "./log.ts";
import { OpenRequests } from "./open_requests.ts";
import { Effect, Field, Input, LmCall, owesAnswer, Text } from "./records.ts";
import {
  type LockspaceOutlook,
  LockType,
  Op,
  type Reply,
  type Request,
  type RequestId,
} from "./types.ts";

const log = logger("dispatcher");

/** What happens to the daemon as a whole. */
export interface DispatcherEvents {
  quit(): void;
  shutdownRefused(held: number): void;
  /** The table or the store cannot go on: the process must end, leaving its records. */
  fatal(error: unknown): void;
  /** Something in the table changed. */
  changed(): void;
}

/** What the dispatcher needs of the process that it runs in. */
export interface DispatcherHost {
  /** Host id for requests that bring none. 0 if there is none. */
  defaultHostId(): number;
  /** Runs an action when the requests that are here now have been handed in. */
  soon(action: () => void): void;
}

/** Effects that there is always room for. To stop a VG with many locks has more. */
const MOST_ROOM = 1024;

interface Asked {
  request: Request;
  onReply: (reply: Reply) => void;
  /** Words of the lock manager about a refusal. */
  message?: string;
  /** Since when the owner that it named holds what was asked for. */
  heldSinceMs?: number;
}

/** A lockspace, and the lock manager that was chosen for it when it was started. */
interface Served {
  spec: LockspaceSpec;
  manager: LockManager;
}

export class Dispatcher {
  readonly #asked = new OpenRequests<Asked>();
  readonly #lockspaces = new Map<number, Served>();
  /** Those before `#queued` are to be performed. Its room is kept: emptied it would give it up. */
  readonly #queue: (EffectRecord | undefined)[] = [];
  #queued = 0;
  #performing = false;
  /** Recorders with an open transaction, and the replies that wait for it. */
  readonly #open = new Set<NonNullable<LockManager["recorder"]>>();
  #held: (() => void)[] = [];
  #dead = false;

  constructor(
    private readonly engine: Engine,
    private readonly backends: BackendChoice,
    private readonly events: DispatcherEvents,
    private readonly host: DispatcherHost,
  ) {}

  /** Tells the table what it serves. Comes before anything else. */
  configure(options: { test: boolean; glType: LockType }): void {
    this.#submit(Input.configure, (records, at) => {
      records.setInt(at, Field.flags, options.test ? 1 : 0);
      records.setInt(at, Field.lockType, options.glType);
      records.setInt(at, Field.bits, this.backends.supported);
      const forgetful = this.backends.all().filter(({ forget }) => forget !== undefined);
      records.setInt(at, Field.arg, forgetful.reduce((bits, { type }) => bits | (1 << type), 0));
    });
  }

  /** Puts back what the backends kept of an earlier process. Returns the number of locks. */
  restore(): number {
    let id = 0;
    let count = 0;
    for (const manager of this.backends.all()) {
      for (const { spec, locks } of manager.recorder?.saved() ?? []) {
        this.#restoreLockspace({ ...spec, id: ++id }, manager);
        for (const { resource, mode } of locks) {
          count++;
          this.#submit(Input.restoreLock, (records, at) => {
            records.setText(at, Text.vgName, spec.vgName);
            records.setInt(at, Field.resourceType, resource.type);
            records.setInt(at, Field.mode, mode);
            records.setText(at, Text.lvUuid, resource.name);
            records.setText(at, Text.lvArgs, resource.lockArgs);
          });
        }
      }
    }
    return count;
  }

  #restoreLockspace(spec: LockspaceSpec, manager: LockManager): void {
    this.#lockspaces.set(spec.id, { spec, manager });
    this.#submit(Input.restoreLockspace, (records, at) => {
      records.setInt(at, Field.lockspace, spec.id);
      records.setInt(at, Field.lockType, spec.lockType);
      records.setText(at, Text.vgName, spec.vgName);
      records.setText(at, Text.vgUuid, spec.vgUuid);
      records.setText(at, Text.vgArgs, spec.vgArgs);
    });
  }

  /** Hands a request to the table; `onReply` is called once, never after {@link clientGone}. */
  request(client: number, request: Request, onReply: (reply: Reply) => void): RequestId {
    if (request.op === Op.start) this.#renewPvPaths(request);
    const id = this.#asked.add({ request, onReply });
    this.#submit(Input.request, (records, at) => fillRequest(records, at, client, id, request));
    return id;
  }

  /** A VG that runs is refused to be started again, but its PVs may be others by now. */
  #renewPvPaths({ lockType, vgName, vgUuid, pvPaths }: Request): void {
    if (lockType !== LockType.idm || pvPaths.length === 0) return;
    for (const { spec } of this.#lockspaces.values()) {
      if (spec.lockType !== lockType || spec.vgName !== vgName || spec.vgUuid !== vgUuid) continue;
      spec.pvPaths = [...pvPaths];
    }
  }

  cancel(client: number, request: RequestId): void {
    this.#submit(Input.cancel, (records, at) => {
      records.setInt(at, Field.client, client);
      records.setInt(at, Field.request, request);
    });
  }

  /** `requests`: those of the client that may be unanswered; their replies are dropped. */
  clientGone(client: number, requests: Iterable<RequestId>): void {
    for (const id of requests) this.#asked.delete(id);
    this.#submit(Input.clientGone, (records, at) => records.setInt(at, Field.client, client));
  }

  replyFailed(client: number, request: Request): void {
    this.#submit(Input.replyFailed, (records, at) => fillRequest(records, at, client, 0, request));
  }

  /** What its lock manager can tell people about a lockspace. */
  outlook(lockspaceName: string): LockspaceOutlook | undefined {
    for (const { spec, manager } of this.#lockspaces.values()) {
      if (spec.name === lockspaceName) return manager.outlook?.(spec);
    }
    return undefined;
  }

  /** Stops what holds no lock, then reports `quit` or `shutdownRefused`. */
  shutdown(): void {
    this.#submit(Input.shutdown);
  }

  #submit(kind: Input, fill?: Fill): void {
    if (this.#dead) return;
    try {
      const effects = this.engine.submit(kind, Date.now(), fill);
      for (let i = 0; i < effects.length; i++) this.#queue[this.#queued++] = effects[i];
    } catch (error) {
      this.#dead = true;
      this.events.fatal(error);
      return;
    }
    if (!this.#performing) this.#perform();
  }

  /** A backend that answers at once adds to the queue while it is worked off. */
  #perform(): void {
    this.#performing = true;
    for (let i = 0; i < this.#queued && !this.#dead; i++) {
      const effect = this.#queue[i]!;
      this.#queue[i] = undefined;
      this.#performOne(effect);
    }
    this.#queued = 0;
    if (this.#queue.length > MOST_ROOM) this.#queue.length = 0;
    this.#performing = false;
    this.events.changed();
  }

  #performOne(effect: EffectRecord): void {
    switch (effect.kind) {
      case Effect.reply:
        return this.#reply(effect.request, effect.reply);
      case Effect.lmCall:
        return this.#call(effect);
      case Effect.armTimer:
        setTimeout(() => {
          this.#submit(Input.timer, (r, at) => r.setInt(at, Field.timer, effect.timer));
        }, effect.ms);
        return;
      case Effect.recordLock:
        return this.#record(effect.lockspace, (recorder, { name }) => {
          recorder.recordLock(name, { resource: resourceOf(effect), mode: effect.mode });
        });
      case Effect.recordLockspace:
        return this.#record(effect.lockspace, (recorder, spec) => {
          recorder.recordLockspace(spec, effect.joined);
        });
      case Effect.lockspaceGone:
        this.#lockspaces.delete(effect.lockspace);
        return;
      case Effect.quit:
        return this.#afterRecords(() => this.events.quit());
      case Effect.shutdownRefused:
        return this.events.shutdownRefused(effect.held);
    }
  }

  #reply(id: RequestId, reply: Reply): void {
    const asked = this.#asked.get(id);
    if (asked === undefined) return;
    this.#asked.delete(id);
    if (reply.result < 0) {
      if (asked.message !== undefined) reply.message = asked.message;
      if (asked.heldSinceMs !== undefined && reply.owner.hostId !== 0) {
        reply.owner = { ...reply.owner, heldSinceMs: asked.heldSinceMs };
      }
    }
    this.#afterRecords(() => asked.onReply(reply));
  }

  #afterRecords(action: () => void): void {
    if (this.#open.size === 0) action();
    else this.#held.push(action);
  }

  #record(
    id: number,
    write: (recorder: NonNullable<LockManager["recorder"]>, spec: LockspaceSpec) => void,
  ): void {
    const served = this.#lockspaces.get(id);
    const recorder = served?.manager.recorder;
    if (served === undefined || recorder === undefined) return;
    try {
      if (!this.#open.has(recorder)) {
        recorder.begin();
        this.#open.add(recorder);
        if (this.#open.size === 1) this.host.soon(() => this.#commit());
      }
      write(recorder, served.spec);
    } catch (error) {
      this.#dead = true;
      this.events.fatal(error);
    }
  }

  #commit(): void {
    if (this.#dead) return;
    try {
      for (const recorder of this.#open) recorder.commit();
    } catch (error) {
      this.#dead = true;
      this.events.fatal(error);
      return;
    }
    this.#open.clear();
    const held = this.#held;
    this.#held = [];
    for (const action of held) attempt(action);
  }

  #call(effect: LmCallEffect): void {
    const answer = this.#tryCall(effect);
    if (!owesAnswer(effect.op)) return;
    if (answer instanceof Promise) {
      answer.catch(failed).then((answer) => this.#answered(effect, answer));
    } else {
      this.#answered(effect, answer);
    }
  }

  #tryCall(effect: LmCallEffect): AnyAnswer | Promise<AnyAnswer> {
    try {
      return this.#makeCall(effect);
    } catch (error) {
      return failed(error);
    }
  }

  #makeCall(effect: LmCallEffect): AnyAnswer | Promise<AnyAnswer> {
    if (effect.lockspace === 0 || effect.op === LmCall.initLv) {
      const path = this.#asked.get(effect.request)?.request.path ?? "";
      return callOutside(this.backends, effect, path);
    }
    if (effect.op === LmCall.prepare) return this.#prepare(effect);
    const served = this.#lockspaces.get(effect.lockspace);
    if (served === undefined) throw new Error(`No lockspace ${effect.lockspace} was prepared`);
    const { manager, spec } = served;
    if (effect.op === LmCall.forget) {
      manager.forget?.(spec, resourceOf(effect));
      return { result: 0 };
    }
    if (effect.op === LmCall.cancelJoin) {
      manager.cancelJoin?.(spec);
      return { result: 0 };
    }
    return callInLockspace(manager, spec, effect, this.#pvPathsOf(effect));
  }

  /** The table never sees them: they are the request's as long as it is under way. */
  #pvPathsOf({ request }: LmCallEffect): readonly string[] {
    return this.#asked.get(request)?.request.pvPaths ?? [];
  }

  async #prepare(effect: LmCallEffect): Promise<AnyAnswer> {
    const manager = await this.backends.forLockspace(effect);
    if ("result" in manager) return manager;
    const needsHostId = effect.lockType === LockType.sanlock && effect.hostId === 0;
    const spec: LockspaceSpec = {
      id: effect.lockspace,
      name: effect.vgName === "" ? "lvm_global" : `lvm_${effect.vgName}`,
      vgName: effect.vgName,
      vgUuid: effect.vgUuid,
      vgArgs: effect.vgArgs,
      lockType: effect.lockType,
      hostId: needsHostId ? this.host.defaultHostId() : effect.hostId,
      pvPaths: [...this.#pvPathsOf(effect)],
    };
    this.#lockspaces.set(spec.id, { spec, manager });
    const answer = await callInLockspace(manager, spec, effect);
    return answer.result < 0 ? answer : this.#globalElsewhere(spec, manager) ?? answer;
  }

  /** A VG of a cluster must not be used while the global lock of its type holds on this host only. */
  #globalElsewhere({ vgName, lockType }: LockspaceSpec, { acrossHosts }: LockManager) {
    if (vgName === "" || !acrossHosts) return undefined;
    for (const { spec, manager } of this.#lockspaces.values()) {
      if (spec.vgName !== "" || spec.lockType !== lockType || manager.acrossHosts) continue;
      return {
        result: -Errno.EMANAGER,
        message:
          `VG ${vgName} belongs to a cluster, but the global lock is served by the embedded ` +
          "lock manager, for VGs of this host: stop them first (vgchange --lockstop)",
      };
    }
    return undefined;
  }

  /** What only people read does not go through the table. */
  #keepWords(effect: LmCallEffect, { result, message, owner }: AnyAnswer): void {
    const asked = this.#asked.get(effect.request);
    // Held elsewhere is everyday business; the client is told.
    if (message !== undefined) log[result === -Errno.EAGAIN ? "info" : "warn"](message);
    if (asked === undefined) return;
    if (message !== undefined) asked.message = message;
    if (owner?.heldSinceMs !== undefined) asked.heldSinceMs = owner.heldSinceMs;
  }

  #answered(effect: LmCallEffect, answer: AnyAnswer): void {
    if (answer.result < 0) this.#keepWords(effect, answer);
    this.#submit(Input.lmDone, (records, at) => fillAnswer(records, at, effect, answer));
  }
}

/** One client's trouble must not keep the others from their replies. */
function attempt(action: () => void): void {
  try {
    action();
  } catch (error) {
    log.error(`reply: ${error instanceof Error ? error.stack : error}`);
  }
}

/** A backend that throws is a defect; the request is refused, the daemon goes on. */
function failed(error: unknown): AnyAnswer {
  log.error(`Lock manager call failed: ${error instanceof Error ? error.stack : error}`);
  return { result: -Errno.ELMERR, message: String(error) };
}
