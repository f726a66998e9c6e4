/**
 * The inputs of the lock table, one function each: what the daemon's dispatcher does, without
 * performing anything.
 *
 * @module
 */
import { type EffectRecord, type Engine, type Fill, fillRequest } from "../../core/engine.ts";
import { Field, Input, Text } from "../../core/records.ts";
import type { LockType, Mode, Owner, Request, ResourceType } from "../../core/types.ts";

/** What a lock manager may answer to any call. */
export interface LmAnswer {
  result: number;
  lmResult?: number;
  valueBlock?: { version: number; flags: number; resourceVersion: number };
  retry?: boolean;
  persevered?: boolean;
  owner?: Owner;
  arg?: number;
  hostId?: number;
  generation?: number;
  prevGeneration?: number;
  glEnabled?: boolean;
  hostsUnknown?: boolean;
  vgName?: string;
  vgArgs?: string;
  lvArgs?: string;
}

export interface TableOptions {
  test: boolean;
  glType: LockType;
  /** Lock types that are served. */
  serves: readonly LockType[];
  /** Lock types whose manager is told of resources that nobody wants any more. */
  forgets: readonly LockType[];
}

export interface RestoredLock {
  vgName: string;
  resourceType: ResourceType;
  mode: Mode;
  lvUuid: string;
  lvArgs: string;
}

const bitsOf = (types: readonly LockType[]) =>
  types.reduce<number>((bits, type) => bits | 1 << type, 0);

/** One lock table and its clock, which advances by a millisecond with every input. */
export class TableInputs {
  #now = 0;
  constructor(readonly engine: Engine) {}

  #submit(kind: Input, fill?: Fill): EffectRecord[] {
    return this.engine.submit(kind, ++this.#now, fill);
  }

  configure(options: TableOptions): EffectRecord[] {
    return this.#submit(Input.configure, (records, at) => {
      records.setInt(at, Field.flags, options.test ? 1 : 0);
      records.setInt(at, Field.lockType, options.glType);
      records.setInt(at, Field.bits, bitsOf(options.serves));
      records.setInt(at, Field.arg, bitsOf(options.forgets));
    });
  }

  request(client: number, id: number, request: Request): EffectRecord[] {
    return this.#submit(Input.request, (records, at) => {
      fillRequest(records, at, client, id, request);
    });
  }

  replyFailed(client: number, request: Request): EffectRecord[] {
    return this.#submit(Input.replyFailed, (records, at) => {
      fillRequest(records, at, client, 0, request);
    });
  }

  gone(client: number): EffectRecord[] {
    return this.#submit(Input.clientGone, (records, at) => {
      records.setInt(at, Field.client, client);
    });
  }

  cancel(client: number, request: number): EffectRecord[] {
    return this.#submit(Input.cancel, (records, at) => {
      records.setInt(at, Field.client, client);
      records.setInt(at, Field.request, request);
    });
  }

  timer(timer: number): EffectRecord[] {
    return this.#submit(Input.timer, (records, at) => records.setInt(at, Field.timer, timer));
  }

  shutdown(): EffectRecord[] {
    return this.#submit(Input.shutdown);
  }

  restoreLockspace(lockspace: number, lockType: LockType, vgName: string): EffectRecord[] {
    return this.#submit(Input.restoreLockspace, (records, at) => {
      records.setInt(at, Field.lockspace, lockspace);
      records.setInt(at, Field.lockType, lockType);
      records.setText(at, Text.vgName, vgName);
    });
  }

  restoreLock(lock: RestoredLock): EffectRecord[] {
    return this.#submit(Input.restoreLock, (records, at) => {
      records.setText(at, Text.vgName, lock.vgName);
      records.setInt(at, Field.resourceType, lock.resourceType);
      records.setInt(at, Field.mode, lock.mode);
      records.setText(at, Text.lvUuid, lock.lvUuid);
      records.setText(at, Text.lvArgs, lock.lvArgs);
    });
  }

  /** The lock manager's answer to a call. */
  lmDone(call: number, answer: LmAnswer): EffectRecord[] {
    return this.#submit(Input.lmDone, (records, at) => {
      records.setInt(at, Field.call, call);
      records.setInt(at, Field.result, answer.result);
      records.setInt(at, Field.lmResult, answer.lmResult ?? 0);
      records.setInt(at, Field.vbVersion, answer.valueBlock?.version ?? 0);
      records.setInt(at, Field.vbFlags, answer.valueBlock?.flags ?? 0);
      records.setInt(at, Field.vbResource, answer.valueBlock?.resourceVersion ?? 0);
      records.setInt(at, Field.retry, answer.persevered ? 2 : answer.retry ? 1 : 0);
      records.setInt(at, Field.arg, answer.arg ?? 0);
      records.setInt(at, Field.hostId, answer.hostId ?? 0);
      records.setInt(at, Field.generation, answer.generation ?? 0);
      records.setInt(at, Field.prevGeneration, answer.prevGeneration ?? 0);
      records.setInt(at, Field.glEnabled, answer.glEnabled ? 1 : 0);
      records.setInt(at, Field.hostsUnknown, answer.hostsUnknown ? 1 : 0);
      records.setText(at, Text.vgName, answer.vgName ?? "");
      records.setText(at, Text.vgArgs, answer.vgArgs ?? "");
      records.setText(at, Text.lvArgs, answer.lvArgs ?? "");
      records.setInt(at, Field.ownerHost, answer.owner?.hostId ?? 0);
      records.setInt(at, Field.ownerGeneration, answer.owner?.generation ?? 0);
      records.setInt(at, Field.ownerTimestamp, answer.owner?.timestamp ?? 0);
      records.setText(at, Text.ownerName, answer.owner?.name ?? "");
      records.setText(at, Text.ownerState, answer.owner?.state ?? "");
    });
  }
}
