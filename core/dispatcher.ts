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
  mayServeGlobal,
  resourceOf,
} from "./lm_calls.ts";
import { logger } from "./log.ts";
import { Effect, Field, Input, LmCall, type Records, Text } from "./records.ts";
import { LockType, type Reply, type Request, type RequestId } from "./types.ts";

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

interface Asked {
  request: Request;
  onReply: (reply: Reply) => void;
  /** Words of the lock manager about a refusal. */
  message?: string;
}

export class Dispatcher {
  readonly #asked = new Map<RequestId, Asked>();
  readonly #lockspaces = new Map<number, LockspaceSpec>();
  readonly #queue: EffectRecord[] = [];
  #performing = false;
  #lastRequest = 0;
  /** Recorders with an open transaction, and the replies that wait for it. */
  readonly #open = new Set<NonNullable<LockManager["recorder"]>>();
  #held: (() => void)[] = [];
  #dead = false;

  constructor(
    private readonly engine: Engine,
    private readonly backends: BackendChoice,
    private readonly events: DispatcherEvents,
    /** Host id for requests that bring none. 0 if there is none. */
    private readonly defaultHostId: () => number,
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
        this.#restoreLockspace({ ...spec, id: ++id });
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

  #restoreLockspace(spec: LockspaceSpec): void {
    this.#lockspaces.set(spec.id, spec);
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
    do this.#lastRequest = this.#lastRequest === 0xffffffff ? 1 : this.#lastRequest + 1; while (
      this.#asked.has(this.#lastRequest)
    );
    const id = this.#lastRequest;
    this.#asked.set(id, { request, onReply });
    this.#submit(Input.request, (records, at) => fillRequest(records, at, client, id, request));
    return id;
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

  /** Stops what holds no lock, then reports `quit` or `shutdownRefused`. */
  shutdown(): void {
    this.#submit(Input.shutdown);
  }

  #submit(kind: Input, fill?: Fill): void {
    if (this.#dead) return;
    try {
      const effects = this.engine.submit(kind, Date.now(), fill);
      for (const effect of effects) this.#queue.push(effect);
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
    for (let i = 0; i < this.#queue.length && !this.#dead; i++) this.#performOne(this.#queue[i]!);
    this.#queue.length = 0;
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
    if (asked.message !== undefined && reply.result < 0) reply.message = asked.message;
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
    const spec = this.#lockspaces.get(id);
    const recorder = spec && this.backends.forType(spec.lockType)?.recorder;
    if (spec === undefined || recorder === undefined) return;
    try {
      if (!this.#open.has(recorder)) {
        recorder.begin();
        this.#open.add(recorder);
        if (this.#open.size === 1) setImmediate(() => this.#commit());
      }
      write(recorder, spec);
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
    if (effect.op === LmCall.forget) return;
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
    const manager = this.backends.forType(effect.lockType);
    if (manager === undefined) return { result: -Errno.EPROTONOSUPPORT };
    if (effect.op === LmCall.prepare) return this.#prepare(manager, effect);
    const spec = this.#lockspaces.get(effect.lockspace);
    if (spec === undefined) throw new Error(`No lockspace ${effect.lockspace} was prepared`);
    if (effect.op === LmCall.forget) {
      manager.forget?.(spec, resourceOf(effect));
      return { result: 0 };
    }
    return callInLockspace(manager, spec, effect);
  }

  #prepare(manager: LockManager, effect: LmCallEffect): AnyAnswer | Promise<AnyAnswer> {
    const needsHostId = effect.lockType === LockType.sanlock && effect.hostId === 0;
    const spec: LockspaceSpec = {
      id: effect.lockspace,
      name: effect.vgName === "" ? "lvm_global" : `lvm_${effect.vgName}`,
      vgName: effect.vgName,
      vgUuid: effect.vgUuid,
      vgArgs: effect.vgArgs,
      lockType: effect.lockType,
      hostId: needsHostId ? this.defaultHostId() : effect.hostId,
      pvPaths: this.#asked.get(effect.request)?.request.pvPaths ?? [],
    };
    this.#lockspaces.set(spec.id, spec);
    if (spec.vgName !== "" || manager.recorder === undefined) {
      return callInLockspace(manager, spec, effect);
    }
    return mayServeGlobal(this.backends, effect.lockType)
      .then((refusal) => refusal ?? callInLockspace(manager, spec, effect));
  }

  #answered(effect: LmCallEffect, answer: AnyAnswer): void {
    if (answer.result < 0 && answer.message !== undefined) {
      log.warn(answer.message);
      const asked = this.#asked.get(effect.request);
      if (asked !== undefined) asked.message = answer.message;
    }
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

function fillAnswer(records: Records, at: number, effect: LmCallEffect, answer: AnyAnswer): void {
  records.setInt(at, Field.call, effect.call);
  records.setInt(at, Field.result, answer.result);
  if (answer.lmResult !== undefined) records.setInt(at, Field.lmResult, answer.lmResult);
  if (answer.valueBlock !== undefined) {
    records.setInt(at, Field.vbVersion, answer.valueBlock.version);
    records.setInt(at, Field.vbFlags, answer.valueBlock.flags);
    records.setInt(at, Field.vbResource, answer.valueBlock.resourceVersion);
  }
  if (effect.op === LmCall.lock || effect.op === LmCall.unlock) {
    if (answer.owner === undefined && answer.retry === undefined) return;
  }
  fillDetails(records, at, effect, answer);
}

function fillDetails(records: Records, at: number, effect: LmCallEffect, answer: AnyAnswer): void {
  records.setInt(at, Field.arg, answer.bits ?? 0);
  records.setInt(at, Field.retry, answer.retry ? 1 : 0);
  records.setInt(at, Field.hostId, answer.hostId ?? 0);
  records.setInt(at, Field.generation, answer.generation ?? 0);
  records.setInt(at, Field.prevGeneration, answer.prevGeneration ?? 0);
  records.setInt(at, Field.glEnabled, answer.glEnabled ? 1 : 0);
  records.setInt(at, Field.hostsUnknown, answer.hostsUnknown ? 1 : 0);
  records.setText(at, Text.vgArgs, answer.vgArgs ?? "");
  records.setText(at, Text.lvArgs, answer.lvArgs ?? "");
  // init_vg in the table names the VG whose global lock was enabled.
  if (effect.op === LmCall.initVg) records.setText(at, Text.vgName, `lvm_${effect.vgName}`);
  const owner = answer.owner;
  if (owner === undefined) return;
  records.setInt(at, Field.ownerHost, owner.hostId);
  records.setInt(at, Field.ownerGeneration, owner.generation);
  records.setInt(at, Field.ownerTimestamp, owner.timestamp);
  records.setText(at, Text.ownerName, owner.name);
  records.setText(at, Text.ownerState, owner.state);
}
