/**
 * libdlm and libdlmcontrol through FFI, each opened when it is first needed.
 *
 * @module
 */
import { Errno } from "../../core/errno.ts";
import { Lane } from "../lanes.ts";
import type { ControlLibrary, DlmHandle, DlmLibrary, KernelVersion, LockState } from "./client.ts";
import {
  type DlmMode,
  IN_PROGRESS,
  LockFlag,
  NEW_EXCLUSIVE,
  RUN_COMMAND_LENGTH,
  RUN_UUID_LENGTH,
  RunStart,
} from "./constants.ts";
import {
  type ControlSymbols,
  errno,
  harmless,
  holding,
  type LockSymbols,
  openControlLibrary,
  openLockLibrary,
} from "./ffi.ts";
import { LockMemory } from "./lock_memory.ts";
import { Lanes } from "./lanes.ts";
import { cText, decodePendingChange, layout, textOf } from "./structs.ts";

/** Only root may use the device of a lockspace. */
const DEVICE_MODE = 0o600;
/** Locks of this host do not keep it in the lockspace: whoever leaves has released its own. */
const FORCE = 1;
/** What the library returns for a failure. */
const NOT_DONE = -1;

type Pointer = Deno.PointerObject;

class Handle implements DlmHandle {
  /**
   * One call at a time: each waits for the next completion of the lockspace, whosever it is, and two
   * would take each other's.
   */
  readonly #turn = new Lane(1);
  /** The library has freed the handle. */
  #released = false;

  constructor(
    private readonly symbols: LockSymbols,
    private readonly lanes: Lanes,
    private readonly name: Uint8Array<ArrayBuffer>,
    private readonly handle: Pointer,
  ) {}

  makeLock(name: string, withValue: boolean): LockState {
    return new LockMemory(name, withValue);
  }

  lock(lock: LockState, mode: DlmMode, flags: number): Promise<number> {
    const memory = memoryOf(lock);
    // The library looks at the length for new locks only, and refuses it for others.
    const length = (flags & LockFlag.convert) === 0 ? memory.nameLength : 0;
    // Also the answer where nothing can be asked any more.
    memory.status = IN_PROGRESS;
    return this.#wait(() => {
      const { lksb, name } = memory;
      const { handle } = this;
      return this.symbols
        .dlm_ls_lock_wait(handle, mode, lksb, flags, name, length, 0, null, null, null);
    });
  }

  adopt(lock: LockState, mode: DlmMode, flags: number): Promise<number> {
    const memory = memoryOf(lock);
    const allFlags = flags | LockFlag.persistent | LockFlag.orphan;
    return this.#turn.run(() => {
      if (this.#released) return Promise.resolve(Errno.ENOENT);
      const { lksb, name, nameLength } = memory;
      // Adoption needs callbacks. They come only if another program queues for the lock.
      const none = harmless();
      const { handle } = this;
      const result = this.symbols
        .dlm_ls_lockx(
          handle,
          mode,
          lksb,
          allFlags,
          name,
          nameLength,
          0,
          none,
          none,
          none,
          null,
          null,
        );
      return Promise.resolve(result === 0 ? 0 : errno() || Errno.EIO);
    });
  }

  unlock(lock: LockState): Promise<number> {
    const memory = memoryOf(lock);
    memory.status = IN_PROGRESS;
    return this.#wait(() =>
      this.symbols.dlm_ls_unlock_wait(this.handle, memory.lkid, 0, memory.lksb)
    );
  }

  drop(lock: LockState): void {
    memoryOf(lock).free();
  }

  close(): Promise<number> {
    return this.#end(() => this.symbols.dlm_close_lockspace(this.handle));
  }

  release(): Promise<number> {
    const native = () => this.symbols.dlm_release_lockspace(this.name, this.handle, FORCE);
    return this.#end(() => holding([this.name], native));
  }

  #end(native: () => Promise<number>): Promise<number> {
    return this.#turn.run(() => {
      if (this.#released) return Promise.resolve(NOT_DONE);
      this.#released = true;
      return this.lanes.leaves.run(native);
    });
  }

  #wait(native: () => Promise<number>): Promise<number> {
    return this.#turn.run(() =>
      this.#released ? Promise.resolve(NOT_DONE) : this.lanes.locks.run(native)
    );
  }
}

function memoryOf(lock: LockState): LockMemory {
  if (lock instanceof LockMemory) return lock;
  throw new Error("the lock is not of this library");
}

class Library implements DlmLibrary {
  #version: Promise<KernelVersion | undefined> | undefined;

  constructor(private readonly symbols: LockSymbols, private readonly lanes: Lanes) {}

  /** Asked once, and first: the library opens the control device then, which two must not do. */
  kernelVersion(): Promise<KernelVersion | undefined> {
    this.#version ??= this.#askVersion();
    return this.#version;
  }

  async #askVersion(): Promise<KernelVersion | undefined> {
    const numbers = [0, 0, 0].map(() => new Uint32Array(new ArrayBuffer(4)));
    const [major, minor, patch] = numbers;
    const native = () => this.symbols.dlm_kernel_version(major!, minor!, patch!);
    const result = await this.lanes.control.run(() => holding(numbers, native));
    if (result === 0) return { major: major![0]!, minor: minor![0]!, patch: patch![0]! };
    this.#version = undefined;
    return undefined;
  }

  create(name: string): Promise<DlmHandle | undefined> {
    const native = (bytes: Uint8Array<ArrayBuffer>) =>
      this.symbols.dlm_new_lockspace(bytes, DEVICE_MODE, NEW_EXCLUSIVE);
    return this.#enter(name, this.lanes.joins, native);
  }

  open(name: string): Promise<DlmHandle | undefined> {
    const native = (bytes: Uint8Array<ArrayBuffer>) => this.symbols.dlm_open_lockspace(bytes);
    return this.#enter(name, this.lanes.locks, native);
  }

  async #enter(
    name: string,
    lane: Lane,
    native: (name: Uint8Array<ArrayBuffer>) => Promise<Deno.PointerValue>,
  ): Promise<DlmHandle | undefined> {
    const bytes = cText(name);
    const handle = await lane.run(() => holding([bytes], () => native(bytes)));
    return handle === null ? undefined : new Handle(this.symbols, this.lanes, bytes, handle);
  }
}

class Control implements ControlLibrary {
  constructor(private readonly symbols: ControlSymbols, private readonly lanes: Lanes) {}

  async runStart(command: string) {
    const text = padded(command, RUN_COMMAND_LENGTH);
    const uuid = padded("", RUN_UUID_LENGTH);
    const anyNode = 0;
    const result = await this.#ask(
      [text, uuid],
      () => this.symbols.dlmc_run_start(text, command.length, anyNode, RunStart.nodeNone, uuid),
    );
    return { result, uuid: result < 0 ? "" : textOf(uuid) };
  }

  async runCheck(uuid: string, flags: number) {
    const text = padded(uuid, RUN_UUID_LENGTH);
    const status = new Uint32Array(new ArrayBuffer(4));
    const noWait = 0;
    const result = await this.#ask(
      [text, status],
      () => this.symbols.dlmc_run_check(text, uuid.length, noWait, flags, status),
    );
    return { result, status: status[0]! };
  }

  async pendingChange(lockspaceName: string) {
    const name = padded(lockspaceName, RUN_UUID_LENGTH);
    const info = new Uint8Array(new ArrayBuffer(layout.dlmc_lockspace.size));
    const native = () => this.symbols.dlmc_lockspace_info(name, info);
    const result = await this.#ask([name, info], native);
    return result === 0 ? decodePendingChange(info) : undefined;
  }

  #ask(memory: readonly BufferSource[], native: () => Promise<number>): Promise<number> {
    return this.lanes.control.run(() => holding(memory, native));
  }
}

/** The library may read a field of this length, whatever the text's own is. */
function padded(text: string, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(new ArrayBuffer(length + 1));
  bytes.set(cText(text.slice(0, length)));
  return bytes;
}

const lanes = new Lanes();
let lockLibrary: DlmLibrary | undefined;
let controlLibrary: ControlLibrary | undefined;

/**
 * libdlm; every call returns the same client.
 * @throws {LibraryMissing} if it is not installed.
 */
export function loadDlm(): DlmLibrary {
  return lockLibrary ??= new Library(openLockLibrary(), lanes);
}

/**
 * libdlmcontrol; every call returns the same client.
 * @throws {LibraryMissing} if it is not installed.
 */
export function loadControl(): ControlLibrary {
  return controlLibrary ??= new Control(openControlLibrary(), lanes);
}
