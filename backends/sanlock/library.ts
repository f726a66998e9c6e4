/**
 * sanlock's client library as a {@link SanlockClient}, through FFI. One process can talk to one
 * sanlock daemon only: the library looks for its socket once (`SANLOCK_RUN_DIR`, else /run/sanlock).
 *
 * @module
 */
import type { ResourceArg, SanlockClient } from "./client.ts";
import { RegisteredConnection } from "./connection.ts";
import { NAME_LENGTH } from "./constants.ts";
import {
  arrayOut,
  type Feature,
  featuresOf,
  holding,
  openLibrary,
  surviveSigpipe,
  type Symbols,
} from "./ffi.ts";
import type { Lane } from "../lanes.ts";
import { Lanes } from "./lanes.ts";
import * as structs from "./structs.ts";
import { alloc, FieldError, layout } from "./structs.ts";

const EINTR = -4;
const noHead = { lockspace: "", name: "", lver: 0, flags: 0 };

/**
 * Makes a call again while signals interrupt it. For calls that only ask: whether an interrupted one
 * was carried out, or still will be, is not known.
 */
export async function uninterrupted(native: () => Promise<number>): Promise<number> {
  for (;;) {
    const result = await native();
    if (result !== EINTR) return result;
  }
}

/** Answers for an argument or an answer that does not fit its structure, instead of throwing. */
async function answering<T>(refused: (result: number) => T, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (error instanceof FieldError) return refused(error.result);
    throw error;
  }
}

const sameResult = (result: number) => result;

type Native = () => Promise<number>;
type Memory = readonly BufferSource[];

/** Makes a call that may change something. */
function change(lane: Lane, memory: Memory, native: Native, key?: string): Promise<number> {
  return lane.run(() => holding(memory, native), key);
}

/** Makes a call that changes nothing. */
function ask(lane: Lane, memory: Memory, native: Native, key?: string): Promise<number> {
  return change(lane, memory, () => uninterrupted(native), key);
}

class Library implements SanlockClient {
  readonly #lanes = new Lanes();

  constructor(private readonly symbols: Symbols) {}

  async version() {
    const [version, protocol] = [new Uint32Array(new ArrayBuffer(4)), alloc(4)];
    const native = () => this.symbols.sanlock_version(0, version, protocol);
    const result = await ask(this.#lanes.main, [version, protocol], native);
    return { result, version: version[0]! };
  }

  addLockspace(...[lockspace, flags, ioTimeout]: Parameters<SanlockClient["addLockspace"]>) {
    return answering(sameResult, () => {
      const struct = structs.encodeLockspace(lockspace);
      const native = () => this.symbols.sanlock_add_lockspace_timeout(struct, flags, ioTimeout);
      return change(this.#lanes.joins, [struct], native);
    });
  }

  remLockspace(...[lockspace, flags]: Parameters<SanlockClient["remLockspace"]>) {
    return answering(sameResult, () => {
      const struct = structs.encodeLockspace(lockspace);
      const native = () => this.symbols.sanlock_rem_lockspace(struct, flags);
      return change(this.#lanes.leaves, [struct], native);
    });
  }

  setConfig(lockspaceName: string, command: number) {
    return answering(sameResult, () => {
      const name = structs.cText(lockspaceName, NAME_LENGTH);
      const native = () => this.symbols.sanlock_set_config(name, 0, command, null);
      return change(this.#lanes.main, [name], native);
    });
  }

  getHosts(lockspaceName: string, hostId: number) {
    return answering((result) => ({ result, hosts: [] }), async () => {
      const name = structs.cText(lockspaceName, NAME_LENGTH);
      const id = BigInt(hostId);
      const { address, count, ...out } = arrayOut();
      const native = () => this.symbols.sanlock_get_hosts(name, id, address, count, 0);
      const result = await ask(this.#lanes.main, [name, address, count], native);
      return { result, hosts: out.take(result, layout.host.size, structs.decodeHost) };
    });
  }

  getLockspaces() {
    return answering((result) => ({ result, lockspaces: [] }), async () => {
      const { address, count, ...out } = arrayOut();
      const native = () => this.symbols.sanlock_get_lockspaces(address, count, 0);
      const result = await ask(this.#lanes.main, [address, count], native);
      const lockspaces = out.take(result, layout.lockspace.size, structs.decodeLockspace);
      return { result, lockspaces };
    });
  }

  align(path: string) {
    return answering(sameResult, () => {
      const disk = structs.encodeDisk(path, 0);
      return ask(this.#lanes.disk, [disk], () => this.symbols.sanlock_align(disk), path);
    });
  }

  writeLockspace(...[lockspace, ioTimeout]: Parameters<SanlockClient["writeLockspace"]>) {
    return answering(sameResult, () => {
      const struct = structs.encodeLockspace(lockspace);
      const native = () => this.symbols.sanlock_write_lockspace(struct, 0, 0, ioTimeout);
      return change(this.#lanes.disk, [struct], native, lockspace.path);
    });
  }

  readLockspace(...[lockspace]: Parameters<SanlockClient["readLockspace"]>) {
    return answering((result) => ({ result, lockspace, ioTimeout: 0 }), async () => {
      const struct = structs.encodeLockspace(lockspace);
      const ioTimeout = new Uint32Array(new ArrayBuffer(4));
      const native = () => this.symbols.sanlock_read_lockspace(struct, 0, ioTimeout);
      const result = await ask(this.#lanes.disk, [struct, ioTimeout], native, lockspace.path);
      return { result, lockspace: structs.decodeLockspace(struct), ioTimeout: ioTimeout[0]! };
    });
  }

  writeResource(resource: ResourceArg) {
    return answering(sameResult, () => {
      const struct = structs.encodeResource(resource);
      const native = () => this.symbols.sanlock_write_resource(struct, 0, 0, 0);
      return change(this.#lanes.disk, [struct], native, resource.path);
    });
  }

  readResource(resource: ResourceArg) {
    return answering((result) => ({ result, head: noHead }), async () => {
      const struct = structs.encodeResource(resource);
      const native = () => this.symbols.sanlock_read_resource(struct, 0);
      const result = await ask(this.#lanes.disk, [struct], native, resource.path);
      return { result, head: structs.decodeResourceHead(struct) };
    });
  }

  readOwners(resource: ResourceArg) {
    return answering((result) => ({ result, head: noHead, owners: [] }), async () => {
      const struct = structs.encodeResource(resource);
      const { address, count, ...out } = arrayOut();
      const native = () => this.symbols.sanlock_read_resource_owners(struct, 0, address, count);
      const memory = [struct, address, count];
      const result = await ask(this.#lanes.disk, memory, native, resource.path);
      const owners = out.take(result, layout.host.size, structs.decodeHost);
      return { result, head: structs.decodeResourceHead(struct), owners };
    });
  }

  setLvb(resource: ResourceArg, bytes: Uint8Array) {
    return answering(sameResult, () => {
      const struct = structs.encodeResource(resource);
      const block = alloc(bytes.length);
      block.set(bytes);
      const native = () => this.symbols.sanlock_set_lvb(0, struct, block, block.length);
      return change(this.#lanes.disk, [struct, block], native);
    });
  }

  getLvb(resource: ResourceArg, length: number) {
    return answering((result) => ({ result, bytes: alloc(length) }), async () => {
      const struct = structs.encodeResource(resource);
      const bytes = alloc(length);
      const native = () => this.symbols.sanlock_get_lvb(0, struct, bytes, length);
      return { result: await ask(this.#lanes.disk, [struct, bytes], native), bytes };
    });
  }

  async register() {
    const fd = await change(this.#lanes.main, [], () => this.symbols.sanlock_register());
    if (fd < 0) return { result: fd };
    return new RegisteredConnection(fd, this.symbols, this.#lanes.disk);
  }
}

let symbols: Symbols | undefined;
let client: SanlockClient | undefined;

/** The library, opened when it is first needed. */
function library(): Symbols {
  symbols ??= openLibrary();
  return symbols;
}

/**
 * sanlock's library, opened when this is first called; every later call returns the same client.
 * @throws {LibraryMissing} if it is not installed.
 */
export function loadSanlock(): SanlockClient {
  if (client === undefined) {
    const opened = library();
    surviveSigpipe();
    client = new Library(opened);
  }
  return client;
}

/**
 * Which functions of sanlock 4 and later the installed library has. None of them is used.
 * @throws {LibraryMissing} if it is not installed.
 */
export function features(): Record<Feature, boolean> {
  return featuresOf(library());
}

export { LibraryMissing } from "./ffi.ts";
