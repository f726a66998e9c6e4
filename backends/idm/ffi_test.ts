/**
 * A library that is missing or another one, and a connection that has ended.
 *
 * @module
 */
import { assert, assertMatch, assertThrows } from "@std/assert";
import { libc, LibraryMissing, openLibrary } from "./ffi.ts";

Deno.test("a library that is not there is named, with what it is", () => {
  const error = assertThrows(() => openLibrary("libnot_there.so.0"), LibraryMissing);
  assertMatch(error.message, /libnot_there\.so\.0.*Seagate Propeller.*seagate_ilm/);
});

Deno.test("a library without the calls is another one", () => {
  assertThrows(() => openLibrary("libc.so.6"), LibraryMissing, "libc.so.6");
});

Deno.test("writing to a connection that has ended does not end this process", () => {
  const ignored = /^SigIgn:\s*([0-9a-f]+)$/m.exec(Deno.readTextFileSync("/proc/self/status"))![1]!;
  const SIGPIPE = 13n;
  assert((BigInt(`0x${ignored}`) >> (SIGPIPE - 1n) & 1n) === 1n, "the runtime ignores SIGPIPE");
  assert(libc().close(-1) < 0);
});
