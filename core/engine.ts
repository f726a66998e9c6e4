/**
 * Owns one instance of the lock table: puts inputs in, hands effects out in order. It knows the
 * boundary and nothing else; what an effect means is the dispatcher's business.
 *
 * @module
 */
import { CREATED, Effect, Field, Float, Input, Records, Row, Text } from "./records.ts";
import { type InspectRow, lockspaceStates, type LockType, type Mode, type Op } from "./types.ts";
import type { ClientId, Reply, Request, RequestId, ResourceType } from "./types.ts";

interface TableExports {
  memory: WebAssembly.Memory;
  inbox(): number;
  outbox(): number;
  submit(): number;
  inspectBegin(): void;
  inspectBeginResource(): void;
  inspectNext(): number;
  copied(bytes: number): void;
  check(): void;
  globalLockType(): number;
  lockspaceCount(): number;
  lockCount(): number;
  requestCount(): number;
}

/** A lock manager call that the table asks for, copied out of its memory. */
export interface LmCallEffect {
  kind: typeof Effect.lmCall;
  call: number;
  op: number;
  lockspace: number;
  lockType: LockType;
  resourceType: ResourceType;
  mode: Mode;
  flags: number;
  version: number;
  arg: number;
  hostId: number;
  alignMb: number;
  glEnabled: boolean;
  size: number;
  request: RequestId;
  vgName: string;
  vgUuid: string;
  vgArgs: string;
  lvName: string;
  lvUuid: string;
  lvArgs: string;
  otherArgs: string;
}

export type EffectRecord =
  | { kind: typeof Effect.reply; client: ClientId; request: RequestId; reply: Reply }
  | LmCallEffect
  | { kind: typeof Effect.armTimer; timer: number; ms: number }
  | {
    kind: typeof Effect.recordLock;
    lockspace: number;
    resourceType: ResourceType;
    mode: Mode;
    lvUuid: string;
    lvArgs: string;
  }
  | { kind: typeof Effect.recordLockspace; lockspace: number; joined: boolean }
  | { kind: typeof Effect.lockspaceGone; lockspace: number }
  | { kind: typeof Effect.quit }
  | { kind: typeof Effect.shutdownRefused; held: number };

/** Fills in the input record at `at`; kind and clock are set already. */
export type Fill = (records: Records, at: number) => void;

/** One lock table. Not reentrant: effects are returned, to be performed after `submit`. */
export class Engine {
  readonly #table: TableExports;
  readonly #records: Records;
  readonly #inbox: number;

  constructor(readonly module: WebAssembly.Module, private readonly checked = false) {
    const abort = (message: number, file: number, line: number, column: number) => {
      const at = `${this.#string(file)}:${line}:${column}`;
      throw new Error(`Lock table stopped at ${at}: ${this.#string(message)}`);
    };
    const instance = new WebAssembly.Instance(module, { env: { abort } });
    this.#table = instance.exports as unknown as TableExports;
    this.#records = new Records(this.#table.memory);
    this.#inbox = this.#table.inbox();
  }

  /** Reads an AssemblyScript string (UTF-16, its length in bytes before it). */
  #string(at: number): string {
    if (at === 0) return "";
    const buffer = this.#table.memory.buffer;
    const length = new Uint32Array(buffer)[(at - 4) >> 2]!;
    return new TextDecoder("utf-16le").decode(new Uint8Array(buffer, at, length));
  }

  /**
   * Handles one input and returns its effects.
   * @throws {Error} if an invariant of the table is broken; the table must not be used any more.
   */
  submit(kind: Input, nowMs: number, fill?: Fill): EffectRecord[] {
    const records = this.#records;
    records.refresh();
    records.clear(this.#inbox);
    records.setInt(this.#inbox, Field.kind, kind);
    records.setFloat(this.#inbox, Float.now, nowMs);
    fill?.(records, this.#inbox);
    const count = this.#table.submit();
    if (this.checked) this.#table.check();
    if (count === 0) return [];
    records.refresh();
    const effects = new Array<EffectRecord>(count);
    let at = this.#table.outbox();
    for (let i = 0; i < count; i++, at += 768) effects[i] = decodeEffect(records, at);
    return effects;
  }

  /** Everything in the table, in the stock daemon's order. */
  *inspect(): Generator<InspectRow> {
    this.#table.inspectBegin();
    yield* this.#rows();
  }

  /** The lockspace and the resource that a request is about, with its locks and waiters. */
  *inspectResource(request: Request): Generator<InspectRow> {
    this.#records.refresh();
    this.#records.clear(this.#inbox);
    fillRequest(this.#records, this.#inbox, 0, 0, request);
    this.#table.inspectBeginResource();
    yield* this.#rows();
  }

  *#rows(): Generator<InspectRow> {
    while (this.#table.inspectNext() !== 0) {
      this.#records.refresh();
      yield decodeRow(this.#records, this.#table.outbox());
    }
  }

  get globalLockType(): LockType {
    return this.#table.globalLockType() as LockType;
  }

  /** How much there is, without a look at any of it. */
  get counts(): { lockspaces: number; locks: number; waiting: number } {
    return {
      lockspaces: this.#table.lockspaceCount(),
      locks: this.#table.lockCount(),
      waiting: this.#table.requestCount(),
    };
  }

  /**
   * Makes this table a copy of another one, good for `inspect` and for nothing else. Its memory must be
   * as large as the other's.
   */
  become(other: Engine): void {
    const bytes = new Uint8Array(other.memory.buffer);
    new Uint8Array(this.memory.buffer).set(bytes);
    this.#table.copied(bytes.length);
  }

  get memory(): WebAssembly.Memory {
    return this.#table.memory;
  }

  /** Bytes of memory that the table has taken from the host. */
  get memoryBytes(): number {
    return this.#table.memory.buffer.byteLength;
  }
}

/** Writes a request into an input record. */
export function fillRequest(
  records: Records,
  at: number,
  client: ClientId,
  id: RequestId,
  request: Request,
): void {
  records.setInt(at, Field.client, client);
  records.setInt(at, Field.request, id);
  records.setInt(at, Field.op, request.op);
  records.setInt(at, Field.resourceType, request.resourceType);
  records.setInt(at, Field.mode, request.mode);
  records.setInt(at, Field.flags, request.flags);
  records.setInt(at, Field.lockType, request.lockType);
  records.setInt(at, Field.version, request.version);
  records.setInt(at, Field.hostId, request.hostId);
  records.setInt(at, Field.maxRetries, request.maxRetries);
  records.setInt(at, Field.alignMb, request.alignMb);
  records.setFloat(at, Float.size, request.lvSizeBytes);
  records.setText(at, Text.vgName, request.vgName);
  records.setText(at, Text.vgUuid, request.vgUuid);
  records.setText(at, Text.vgArgs, request.vgArgs);
  records.setText(at, Text.lvName, request.lvName);
  records.setText(at, Text.lvUuid, request.lvUuid);
  records.setText(at, Text.lvArgs, request.lvArgs);
  records.setText(at, Text.otherArgs, request.otherArgs);
}

function decodeEffect(records: Records, at: number): EffectRecord {
  const kind = records.int(at, Field.kind) as Effect;
  switch (kind) {
    case Effect.reply:
      return {
        kind,
        client: records.uint(at, Field.client),
        request: records.uint(at, Field.request),
        reply: decodeReply(records, at),
      };
    case Effect.lmCall:
      return decodeCall(records, at);
    case Effect.armTimer:
      return { kind, timer: records.int(at, Field.timer), ms: records.int(at, Field.arg) };
    case Effect.recordLock:
      return {
        kind,
        lockspace: records.int(at, Field.lockspace),
        resourceType: records.int(at, Field.resourceType) as ResourceType,
        mode: records.int(at, Field.mode) as Mode,
        lvUuid: records.text(at, Text.lvUuid),
        lvArgs: records.text(at, Text.lvArgs),
      };
    case Effect.recordLockspace: {
      const joined = records.int(at, Field.arg) !== 0;
      return { kind, lockspace: records.int(at, Field.lockspace), joined };
    }
    case Effect.lockspaceGone:
      return { kind, lockspace: records.int(at, Field.lockspace) };
    case Effect.quit:
      return { kind };
    case Effect.shutdownRefused:
      return { kind, held: records.int(at, Field.arg) };
  }
}

/** Shared by all replies that know no owner; nobody writes to it. */
const noOwner: Reply["owner"] = Object.freeze({
  hostId: 0,
  generation: 0,
  timestamp: 0,
  state: "",
  name: "",
});

function decodeOwner(records: Records, at: number): Reply["owner"] {
  if (records.int(at, Field.ownerHost) === 0) return noOwner;
  return {
    hostId: records.uint(at, Field.ownerHost),
    generation: records.uint(at, Field.ownerGeneration),
    timestamp: records.uint(at, Field.ownerTimestamp),
    state: records.text(at, Text.ownerState),
    name: records.text(at, Text.ownerName),
  };
}

function decodeReply(records: Records, at: number): Reply {
  return {
    op: records.int(at, Field.op) as Op,
    result: records.int(at, Field.result),
    lmResult: records.int(at, Field.lmResult),
    lockType: records.int(at, Field.lockType) as LockType,
    flags: records.int(at, Field.flags) & ~CREATED,
    created: (records.int(at, Field.flags) & CREATED) !== 0,
    mode: records.int(at, Field.mode) as Mode,
    vgArgs: records.text(at, Text.vgArgs),
    lvArgs: records.text(at, Text.lvArgs),
    owner: decodeOwner(records, at),
    lsGeneration: records.uint(at, Field.generation),
    prevGeneration: records.uint(at, Field.prevGeneration),
  };
}

function decodeCall(records: Records, at: number): LmCallEffect {
  return {
    kind: Effect.lmCall,
    call: records.int(at, Field.call),
    op: records.int(at, Field.op),
    lockspace: records.int(at, Field.lockspace),
    lockType: records.int(at, Field.lockType) as LockType,
    resourceType: records.int(at, Field.resourceType) as ResourceType,
    mode: records.int(at, Field.mode) as Mode,
    flags: records.int(at, Field.flags),
    version: records.uint(at, Field.version),
    arg: records.int(at, Field.arg),
    hostId: records.int(at, Field.hostId),
    alignMb: records.int(at, Field.alignMb),
    glEnabled: records.int(at, Field.glEnabled) !== 0,
    size: records.float(at, Float.size),
    request: records.uint(at, Field.request),
    vgName: records.text(at, Text.vgName),
    vgUuid: records.text(at, Text.vgUuid),
    vgArgs: records.text(at, Text.vgArgs),
    lvName: records.text(at, Text.lvName),
    lvUuid: records.text(at, Text.lvUuid),
    lvArgs: records.text(at, Text.lvArgs),
    otherArgs: records.text(at, Text.otherArgs),
  };
}

function decodeRow(records: Records, at: number): InspectRow {
  switch (records.int(at, Field.kind)) {
    case Row.lockspace:
      return decodeLockspace(records, at);
    case Row.resource:
      return {
        kind: "resource",
        name: records.text(at, Text.lvName),
        type: records.int(at, Field.resourceType) as ResourceType,
        mode: records.int(at, Field.mode) as Mode,
        shCount: records.int(at, Field.shCount),
        version: records.uint(at, Field.version),
      };
    case Row.lock:
      return {
        kind: "lock",
        mode: records.int(at, Field.mode) as Mode,
        version: records.uint(at, Field.version),
        persistent: records.int(at, Field.flags) !== 0,
        clientId: records.uint(at, Field.client),
        takenBy: records.uint(at, Field.takenBy),
        sinceMs: records.float(at, Float.now),
      };
    default:
      return decodeAction(records, at);
  }
}

function decodeLockspace(records: Records, at: number): InspectRow {
  const state = lockspaceStates[records.int(at, Field.state)] ?? "failed";
  const bits = records.int(at, Field.bits);
  return {
    kind: "lockspace",
    name: records.text(at, Text.lvName),
    vgName: records.text(at, Text.vgName),
    vgUuid: records.text(at, Text.vgUuid),
    vgArgs: records.text(at, Text.vgArgs),
    lockType: records.int(at, Field.lockType) as LockType,
    hostId: records.int(at, Field.hostId),
    generation: records.uint(at, Field.generation),
    state,
    createFail: state === "failed",
    createDone: state !== "starting",
    threadWork: false,
    threadStop: state === "stopping",
    threadDone: false,
    killed: (bits & 1) !== 0,
    dropped: (bits & 2) !== 0,
    glEnabled: (bits & 4) !== 0,
    sinceMs: records.float(at, Float.now),
  };
}

function decodeAction(records: Records, at: number): InspectRow {
  return {
    kind: "action",
    resource: records.int(at, Field.bits) !== 0,
    clientId: records.uint(at, Field.client),
    requestId: records.uint(at, Field.request),
    flags: records.int(at, Field.flags),
    version: records.uint(at, Field.version),
    op: records.int(at, Field.op) as Op,
    type: records.int(at, Field.resourceType) as ResourceType,
    mode: records.int(at, Field.mode) as Mode,
    lockType: records.int(at, Field.lockType) as LockType,
    result: 0,
    lmResult: records.int(at, Field.lmResult),
    owner: decodeOwner(records, at),
    sinceMs: records.float(at, Float.now),
  };
}
