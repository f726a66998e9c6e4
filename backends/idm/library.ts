/**
 * libseagate_ilm through FFI, opened when it is first needed.
 *
 * @module
 */
import type { IlmConnection, IlmLibrary, LockId, LockWish } from "./client.ts";
import { Answered, type IlmMode } from "./constants.ts";
import { closeOnExec, holding, type IlmSymbols, libc, openLibrary } from "./ffi.ts";
import { HangUps, hasEnded } from "./hang_up.ts";
import { Lane } from "../lanes.ts";
import { Lanes } from "./lanes.ts";
import { bytesOf, copyOf, cText, layout, lockOp } from "./structs.ts";

/** What all connections of the process share. */
interface Shared {
  symbols: IlmSymbols;
  lanes: Lanes;
  hangUps: HangUps;
}

class Connection implements IlmConnection {
  /** The library writes a request and reads the answer: two calls would take each other's. */
  readonly #turn = new Lane(1);
  readonly #onEnd = Promise.withResolvers<void>();
  readonly #unwatch: () => void;
  #ended = false;
  #closed = false;

  constructor(private readonly shared: Shared, private readonly fd: number) {
    this.#unwatch = shared.hangUps.watch(fd, () => this.#end());
  }

  get onEnd(): Promise<void> {
    return this.#onEnd.promise;
  }

  get ended(): boolean {
    if (!this.#ended && !this.#closed && hasEnded(this.fd)) this.#end();
    return this.#ended || this.#closed;
  }

  #end(): void {
    this.#ended = true;
    this.#onEnd.resolve();
  }

  lock(id: LockId, wish: LockWish): Promise<number> {
    const idBytes = copyOf(id);
    const { op, memory } = lockOp(wish.mode, wish.drives, wish.leaseMs);
    return this.#call(
      this.shared.lanes.locks,
      [idBytes, memory],
      ({ ilm_lock }) => ilm_lock(this.fd, idBytes, op),
    );
  }

  unlock(id: LockId): Promise<number> {
    const idBytes = copyOf(id);
    const native = ({ ilm_unlock }: IlmSymbols) => ilm_unlock(this.fd, idBytes);
    return this.#call(this.shared.lanes.others, [idBytes], native);
  }

  convert(id: LockId, mode: IlmMode): Promise<number> {
    const idBytes = copyOf(id);
    const native = ({ ilm_convert }: IlmSymbols) => ilm_convert(this.fd, idBytes, mode);
    return this.#call(this.shared.lanes.locks, [idBytes], native);
  }

  writeValue(id: LockId, value: bigint): Promise<number> {
    const idBytes = copyOf(id);
    const bytes = bytesOf(layout.lvb.size);
    new DataView(bytes.buffer).setBigUint64(0, value, true);
    return this.#call(
      this.shared.lanes.others,
      [idBytes, bytes],
      ({ ilm_write_lvb }) => ilm_write_lvb(this.fd, idBytes, bytes, bytes.length),
    );
  }

  async readValue(id: LockId): Promise<{ result: number; value: bigint }> {
    const idBytes = copyOf(id);
    const bytes = bytesOf(layout.lvb.size);
    const result = await this.#call(
      this.shared.lanes.others,
      [idBytes, bytes],
      ({ ilm_read_lvb }) => ilm_read_lvb(this.fd, idBytes, bytes, bytes.length),
    );
    const value = result < 0 ? 0n : new DataView(bytes.buffer).getBigUint64(0, true);
    return { result, value };
  }

  async hostCount(id: LockId, wish: LockWish) {
    const idBytes = copyOf(id);
    const { op, memory } = lockOp(wish.mode, wish.drives, wish.leaseMs);
    const [others, self] = [new Int32Array(new ArrayBuffer(4)), new Int32Array(new ArrayBuffer(4))];
    const result = await this.#call(
      this.shared.lanes.others,
      [idBytes, memory, others, self],
      ({ ilm_get_host_count }) => ilm_get_host_count(this.fd, idBytes, op, others, self),
    );
    return { result, others: others[0]!, self: self[0] !== 0 };
  }

  setKillPath(path: string, args: string): Promise<number> {
    const [pathBytes, argBytes] = [cText(path), cText(args)];
    return this.#call(
      this.shared.lanes.others,
      [pathBytes, argBytes],
      ({ ilm_set_killpath }) => ilm_set_killpath(this.fd, pathBytes, argBytes),
    );
  }

  stopWatching(): void {
    this.#unwatch();
  }

  close(): Promise<void> {
    return this.#turn.run(async () => {
      if (this.#closed) return;
      this.#closed = true;
      this.#unwatch();
      await disconnect(this.shared, this.fd);
    });
  }

  #call(
    lane: Lane,
    memory: readonly (BufferSource | ArrayBuffer)[],
    native: (symbols: IlmSymbols) => Promise<number>,
  ): Promise<number> {
    return this.#turn.run(() =>
      lane.run(() => {
        if (this.#ended || this.#closed) return Promise.resolve(Answered.notConnected);
        return holding(memory, () => native(this.shared.symbols));
      })
    );
  }
}

/** The library leaves the descriptor open unless the manager has taken leave. */
async function disconnect({ symbols, lanes }: Shared, fd: number): Promise<void> {
  const result = await lanes.leaves.run(() => symbols.ilm_disconnect(fd));
  if (result < 0) libc().close(fd);
}

class Library implements IlmLibrary {
  constructor(private readonly shared: Shared) {}

  async connect(): Promise<IlmConnection | number> {
    const fd = new Int32Array(new ArrayBuffer(4)).fill(-1);
    const { symbols, lanes } = this.shared;
    const result = await lanes.connections.run(() => holding([fd], () => symbols.ilm_connect(fd)));
    if (result < 0) return result;
    closeOnExec(fd[0]!);
    return new Connection(this.shared, fd[0]!);
  }
}

let library: IlmLibrary | undefined;

/**
 * The library; every call returns the same client.
 * @throws {LibraryMissing} if it is not installed.
 */
export function loadIlm(): IlmLibrary {
  library ??= new Library({
    symbols: openLibrary(),
    lanes: new Lanes(),
    hangUps: new HangUps(),
  });
  return library;
}
