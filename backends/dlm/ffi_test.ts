/**
 * The way into the libraries, as far as it goes without them: what is said when they are missing, and
 * the memory of locks.
 *
 * @module
 */
import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { LibraryMissing, openControlLibrary, openLockLibrary } from "./ffi.ts";
import { LockMemory } from "./lock_memory.ts";
import { layout } from "./structs.ts";

Deno.test("a missing library is told with the packages that have it and the loader's words", () => {
  const lock = assertThrows(() => openLockLibrary("libdlm_none.so.3"), LibraryMissing);
  assertStringIncludes(lock.message, "libdlm3 (Debian) or dlm-lib (RPM)");
  assertStringIncludes(lock.message, "libdlm_none.so.3: cannot open shared object file");
  const control = assertThrows(() => openControlLibrary("libdlm_none.so.3"), LibraryMissing);
  assertStringIncludes(control.message, "libdlmcontrol3 (Debian) or dlm-lib (RPM)");
});

Deno.test("a library without the functions is as good as none", () => {
  const error = assertThrows(() => openLockLibrary("libc.so.6"), LibraryMissing);
  assertMatch(error.message, /undefined symbol: dlm_/);
});

Deno.test("memory of a lock is laid out as the library reads it", () => {
  const lock = new LockMemory("VGLK", true);
  const view = new Deno.UnsafePointerView(lock.lksb);
  lock.value!.set([1, 2, 3]);
  const { sb_lvbptr } = layout.dlm_lksb;
  const value = Deno.UnsafePointer.create(view.getBigUint64(sb_lvbptr));
  assertEquals(new Deno.UnsafePointerView(value!).getUint32(), 0x030201);
  assertEquals(new Deno.UnsafePointerView(lock.name).getCString(), "VGLK");
  assertEquals([lock.status, lock.lkid, lock.flags, lock.nameLength], [0, 0, 0, 4]);
  lock.status = 0x10003;
  assertEquals(view.getInt32(layout.dlm_lksb.sb_status), 0x10003);
  lock.free();
});

Deno.test("an LV's lock has no value block", () => {
  const lock = new LockMemory("x".repeat(64), false);
  assertEquals(lock.value, undefined);
  const view = new Deno.UnsafePointerView(lock.lksb);
  assertEquals(view.getBigUint64(layout.dlm_lksb.sb_lvbptr), 0n);
  assertEquals(new Deno.UnsafePointerView(lock.name).getCString(), "x".repeat(64));
  lock.free();
});

Deno.test("memory that was given back is not touched any more", () => {
  const lock = new LockMemory("VGLK", true);
  lock.free();
  for (const use of [() => lock.lksb, () => lock.status, () => lock.value, () => lock.free()]) {
    assertThrows(use, Error, "the lock was dropped");
  }
});

Deno.test("a name that no resource can have is refused before anything is allocated", () => {
  assertThrows(() => new LockMemory("", false), RangeError);
  assertThrows(() => new LockMemory("x".repeat(65), false), RangeError);
});
