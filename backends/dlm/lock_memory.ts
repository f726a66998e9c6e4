/**
 * Memory of one lock. The kernel keeps its address for as long as it knows the lock and hands it back
 * with every completion, so it comes from malloc: it never moves, and a lock that nobody refers to
 * any more, because a call never ended, is still valid memory.
 *
 * @module
 */
import type { LockState } from "./client.ts";
import { LVB_LENGTH, RESOURCE_NAME_LENGTH } from "./constants.ts";
import { libc } from "./ffi.ts";
import { layout } from "./structs.ts";

const { dlm_lksb } = layout;
/** Status, then value block, then the resource's name with a zero at its end. */
const VALUE_AT = dlm_lksb.size;
const NAME_AT = VALUE_AT + LVB_LENGTH;
const SIZE = NAME_AT + RESOURCE_NAME_LENGTH + 1;

export class LockMemory implements LockState {
  /** The `struct dlm_lksb`; `undefined` once it was given back. */
  #lksb: Deno.PointerObject | undefined;
  readonly #view: DataView;
  readonly #value: Uint8Array | undefined;
  readonly nameLength: number;

  /** @throws {RangeError} for a name that no resource can have. */
  constructor(name: string, withValue: boolean) {
    if (name.length === 0 || name.length > RESOURCE_NAME_LENGTH) {
      throw new RangeError(`"${name}" cannot be the name of a resource`);
    }
    const pointer = libc().calloc(1n, BigInt(SIZE));
    if (pointer === null) throw new Error("out of memory");
    this.#lksb = pointer;
    this.nameLength = name.length;
    const memory = Deno.UnsafePointerView.getArrayBuffer(pointer, SIZE);
    this.#view = new DataView(memory);
    for (let i = 0; i < name.length; i++) this.#view.setUint8(NAME_AT + i, name.charCodeAt(i));
    if (!withValue) return;
    this.#value = new Uint8Array(memory, VALUE_AT, LVB_LENGTH);
    const address = Deno.UnsafePointer.value(this.#at(VALUE_AT));
    this.#view.setBigUint64(dlm_lksb.sb_lvbptr, address, true);
  }

  #at(offset: number): Deno.PointerObject {
    return Deno.UnsafePointer.offset(this.lksb, offset)!;
  }

  /** The `struct dlm_lksb`. */
  get lksb(): Deno.PointerObject {
    if (this.#lksb === undefined) throw new Error("the lock was dropped");
    return this.#lksb;
  }

  get name(): Deno.PointerObject {
    return this.#at(NAME_AT);
  }

  /** Its bytes are gone with the memory. */
  #read(): DataView {
    void this.lksb;
    return this.#view;
  }

  get status(): number {
    return this.#read().getInt32(dlm_lksb.sb_status, true);
  }

  set status(status: number) {
    this.#read().setInt32(dlm_lksb.sb_status, status, true);
  }

  get lkid(): number {
    return this.#read().getUint32(dlm_lksb.sb_lkid, true);
  }

  get flags(): number {
    return this.#read().getUint8(dlm_lksb.sb_flags);
  }

  get value(): Uint8Array | undefined {
    void this.lksb;
    return this.#value;
  }

  free(): void {
    libc().free(this.lksb);
    this.#lksb = undefined;
  }
}
