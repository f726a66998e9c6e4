/**
 * Tests of the way into the library that need no sanlock: what is said when it is missing, memory of
 * libc, and SIGPIPE in processes of their own.
 *
 * @module
 */
import {
  assertEquals,
  assertLess,
  assertMatch,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { arrayOut, LibraryMissing, openLibrary } from "./ffi.ts";
import { uninterrupted } from "./library.ts";
import { decodeHost, layout } from "./structs.ts";

Deno.test("a missing library is told with the packages that have it and the loader's words", () => {
  const error = assertThrows(() => openLibrary("libsanlock_none.so.1"), LibraryMissing);
  assertStringIncludes(error.message, "libsanlock-client1 (Debian)");
  assertStringIncludes(error.message, "sanlock-lib (RPM)");
  assertStringIncludes(error.message, "libsanlock_none.so.1: cannot open shared object file");
});

Deno.test("a library without the functions is as good as none", () => {
  const error = assertThrows(() => openLibrary("libc.so.6"), LibraryMissing);
  assertMatch(error.message, /undefined symbol: sanlock_/);
});

const { malloc } = Deno.dlopen("libc.so.6", {
  malloc: { parameters: ["usize"], result: "pointer" },
}).symbols;

/** What a call leaves behind that has allocated `count` hosts with ids from 1 on. */
function allocated(count: number, size = Math.max(count, 1) * layout.host.size) {
  const out = arrayOut();
  const pointer = malloc(BigInt(size));
  const bytes = new DataView(
    Deno.UnsafePointerView.getArrayBuffer(pointer!, count * layout.host.size),
  );
  for (let i = 0; i < count; i++) bytes.setBigUint64(i * layout.host.size, BigInt(i + 1), true);
  out.address[0] = Deno.UnsafePointer.value(pointer);
  out.count[0] = count;
  return out;
}

Deno.test("structures that a call allocated are copied, none of none too", () => {
  const ids = (count: number, result: number) =>
    allocated(count).take(result, layout.host.size, decodeHost).map((host) => host.hostId);
  assertEquals(ids(3, 0), [1, 2, 3]);
  assertEquals(ids(0, 0), []);
  assertEquals(ids(3, -28), []);
  assertEquals(arrayOut().take(0, layout.host.size, decodeHost), []);
});

Deno.test("what a call allocated is freed, even if there is nothing in it", () => {
  const addressSpace = () => Number(Deno.readTextFileSync("/proc/self/statm").split(" ")[0]) * 4096;
  const before = addressSpace();
  const size = 2 ** 24;
  for (let i = 0; i < 64; i++) allocated(0, size).take(0, layout.host.size, decodeHost);
  assertLess(addressSpace() - before, 32 * size);
});

Deno.test("a question is asked again while signals interrupt it", async () => {
  const answers = [-4, -4, -11, 0];
  assertEquals(await uninterrupted(() => Promise.resolve(answers.shift()!)), -11);
  assertEquals(answers, [0]);
});

/** What is ignored and caught after `before` and then `surviveSigpipe()` ran in a new process. */
async function sigpipeAfter(before: string): Promise<{ ignored: boolean; caught: boolean }> {
  const code = `
    import { surviveSigpipe } from ${JSON.stringify(new URL("ffi.ts", import.meta.url).href)};
    ${before};
    surviveSigpipe();
    const status = Deno.readTextFileSync("/proc/self/status");
    const has = (name) => {
      const [, mask] = new RegExp("^" + name + ":\\\\s*([0-9a-f]+)$", "m").exec(status);
      return (BigInt("0x" + mask) & 0x1000n) !== 0n;
    };
    console.log(JSON.stringify({ ignored: has("SigIgn"), caught: has("SigCgt") }));
    Deno.exit();`;
  const { stdout, stderr, code: exit } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", code],
  }).output();
  assertEquals(exit, 0, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test("SIGPIPE is ignored afterwards, unless somebody handles it", async () => {
  const reset = `Deno.dlopen("libc.so.6", {
    signal: { parameters: ["i32", "usize"], result: "usize" },
  }).symbols.signal(13, 0n)`;
  const listen = `Deno.addSignalListener("SIGPIPE", () => {})`;
  assertEquals(await sigpipeAfter(""), { ignored: true, caught: false });
  assertEquals(await sigpipeAfter(reset), { ignored: true, caught: false });
  assertEquals(await sigpipeAfter(listen), { ignored: false, caught: true });
});
