/**
 * The structures of sanlock.h as bytes: little endian, 64 bit. Their sizes and offsets are in
 * {@link layout}, which the tests compare with what a C compiler makes of the headers.
 *
 * Texts are byte strings: one character of a string is one byte, whatever it stands for. Every
 * structure is made anew and zeroed, because names are compared over all their bytes.
 *
 * @module
 */
import type { HostEntry, LockspaceArg, ResourceArg, ResourceHead } from "./client.ts";
import { HOST_STATE_MASK, NAME_LENGTH, PATH_LENGTH } from "./constants.ts";

/** Bytes of the structures and where their fields are. `resource` is the part before the disks. */
export const layout = {
  disk: { size: 1040, path: 0, offset: 1024 },
  lockspace: { size: 1104, name: 0, host_id: 48, flags: 56, host_id_disk: 64 },
  resource: {
    size: 128,
    lockspace_name: 0,
    name: 48,
    lver: 96,
    flags: 120,
    num_disks: 124,
    disks: 128,
  },
  options: { size: 56, owner_name: 0, flags: 48, len: 52 },
  host: { size: 32, host_id: 0, generation: 8, timestamp: 16, io_timeout: 24, flags: 28 },
} as const;

type Bytes = Uint8Array<ArrayBuffer>;

/** A value that does not fit its field. `result` is the errno that says so. */
export class FieldError extends RangeError {
  override name = "FieldError";

  constructor(message: string, readonly result: number) {
    super(message);
  }

  /** An argument cannot be written: -22, what sanlock itself answers to bad arguments. */
  static argument(message: string): FieldError {
    return new FieldError(message, -22);
  }

  /** What was read is 2^53 or more: -75. */
  static overflow(message: string): FieldError {
    return new FieldError(message, -75);
  }
}

/** Zeroed memory for a native call. It has a buffer of its own, so that it never moves. */
export function alloc(size: number): Bytes {
  return new Uint8Array(new ArrayBuffer(size));
}

/** The bytes of a byte string. @throws {FieldError} if a character is not one, or is NUL. */
function toBytes(text: string): Bytes {
  const bytes = alloc(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0 || code > 0xff) throw FieldError.argument(`character ${code} in a text`);
    bytes[i] = code;
  }
  return bytes;
}

/**
 * A `const char *` of at most `limit` bytes; what is longer is cut.
 * @throws {FieldError} for characters that are not bytes.
 */
export function cText(text: string, limit = Infinity): Bytes {
  const bytes = toBytes(text.slice(0, limit));
  const terminated = alloc(bytes.length + 1);
  terminated.set(bytes);
  return terminated;
}

/** One structure inside of some bytes. */
class Fields {
  readonly #view: DataView;

  constructor(private readonly bytes: Bytes, private readonly start: number) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset + start);
  }

  /** A name; what is longer than its field is cut. */
  setName(at: number, name: string): void {
    this.bytes.set(toBytes(name.slice(0, NAME_LENGTH)), this.start + at);
  }

  setPath(at: number, path: string): void {
    if (path.length >= PATH_LENGTH) {
      throw FieldError.argument(`path of ${path.length} bytes; ${PATH_LENGTH - 1} fit`);
    }
    this.bytes.set(toBytes(path), this.start + at);
  }

  setU32(at: number, value: number): void {
    if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff) {
      throw FieldError.argument(`${value} is no unsigned 32 bit number`);
    }
    this.#view.setUint32(at, value, true);
  }

  setU64(at: number, value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw FieldError.argument(`${value} is no whole number from 0 to 2^53 - 1`);
    }
    this.#view.setBigUint64(at, BigInt(value), true);
  }

  /** The text up to the first NUL of a field, all of it if there is none. */
  text(at: number, size: number): string {
    const field = this.bytes.subarray(this.start + at, this.start + at + size);
    const end = field.indexOf(0);
    return String.fromCharCode(...field.subarray(0, end < 0 ? size : end));
  }

  name(at: number): string {
    return this.text(at, NAME_LENGTH);
  }

  u32(at: number): number {
    return this.#view.getUint32(at, true);
  }

  u64(at: number): number {
    const value = this.#view.getBigUint64(at, true);
    if (value > Number.MAX_SAFE_INTEGER) throw FieldError.overflow(`${value} is 2^53 or more`);
    return Number(value);
  }
}

function putDisk(bytes: Bytes, start: number, path: string, offset: number): void {
  const disk = new Fields(bytes, start);
  disk.setPath(layout.disk.path, path);
  disk.setU64(layout.disk.offset, offset);
}

/** `struct sanlk_disk`. @throws {FieldError} for a path or offset that does not fit. */
export function encodeDisk(path: string, offset: number): Bytes {
  const bytes = alloc(layout.disk.size);
  putDisk(bytes, 0, path, offset);
  return bytes;
}

/** @param start where the structure begins in `bytes`. */
export function decodeDisk(bytes: Bytes, start = 0): { path: string; offset: number } {
  const disk = new Fields(bytes, start);
  return { path: disk.text(layout.disk.path, PATH_LENGTH), offset: disk.u64(layout.disk.offset) };
}

/** `struct sanlk_lockspace`. @throws {FieldError} for a path or number that does not fit. */
export function encodeLockspace(lockspace: LockspaceArg): Bytes {
  const bytes = alloc(layout.lockspace.size);
  const fields = new Fields(bytes, 0);
  fields.setName(layout.lockspace.name, lockspace.name);
  fields.setU64(layout.lockspace.host_id, lockspace.hostId);
  fields.setU32(layout.lockspace.flags, lockspace.flags);
  putDisk(bytes, layout.lockspace.host_id_disk, lockspace.path, 0);
  return bytes;
}

/** @param start where the structure begins in `bytes`. */
export function decodeLockspace(bytes: Bytes, start = 0): LockspaceArg {
  const fields = new Fields(bytes, start);
  return {
    name: fields.name(layout.lockspace.name),
    hostId: fields.u64(layout.lockspace.host_id),
    path: decodeDisk(bytes, start + layout.lockspace.host_id_disk).path,
    flags: fields.u32(layout.lockspace.flags),
  };
}

/**
 * `struct sanlk_resource` with its one disk.
 * @throws {FieldError} for a path or number that does not fit.
 */
export function encodeResource(resource: ResourceArg): Bytes {
  const bytes = alloc(layout.resource.size + layout.disk.size);
  const fields = new Fields(bytes, 0);
  fields.setName(layout.resource.lockspace_name, resource.lockspace);
  fields.setName(layout.resource.name, resource.name);
  fields.setU32(layout.resource.flags, resource.flags);
  fields.setU32(layout.resource.num_disks, 1);
  putDisk(bytes, layout.resource.disks, resource.path, resource.offset);
  return bytes;
}

/** The part of a `struct sanlk_resource` that sanlock writes to. */
export function decodeResourceHead(bytes: Bytes): ResourceHead {
  const fields = new Fields(bytes, 0);
  return {
    lockspace: fields.name(layout.resource.lockspace_name),
    name: fields.name(layout.resource.name),
    lver: fields.u64(layout.resource.lver),
    flags: fields.u32(layout.resource.flags),
  };
}

/** `struct sanlk_options`: under which name the sanlock daemon lists the owner of a lock. */
export function encodeOptions(ownerName: string): Bytes {
  const bytes = alloc(layout.options.size);
  new Fields(bytes, 0).setName(layout.options.owner_name, ownerName);
  return bytes;
}

/** `struct sanlk_host`. @param start where the structure begins in `bytes`. */
export function decodeHost(bytes: Bytes, start = 0): HostEntry {
  const fields = new Fields(bytes, start);
  return {
    hostId: fields.u64(layout.host.host_id),
    generation: fields.u64(layout.host.generation),
    timestamp: fields.u64(layout.host.timestamp),
    ioTimeout: fields.u32(layout.host.io_timeout),
    state: fields.u32(layout.host.flags) & HOST_STATE_MASK,
  };
}

/** Reads the structure that begins at `start`. */
export type Decoder<T> = (bytes: Bytes, start: number) => T;

/** Structures of `size` bytes that follow each other. */
export function decodeArray<T>(bytes: Bytes, size: number, decode: Decoder<T>): T[] {
  return Array.from({ length: bytes.length / size }, (_, i) => decode(bytes, i * size));
}
