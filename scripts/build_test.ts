/**
 * The parts of the build that need nothing installed. What it makes is tested in tests/package.
 *
 * @module
 */
import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { main } from "./build.ts";
import { BuildError, run } from "./build/bundle.ts";
import { checksums } from "./build/launcher.ts";

Deno.test("options that there are not are refused", async () => {
  for (const args of [["--bogus"], ["--target", "vax"], ["--way", "other"], ["word"]]) {
    assertEquals(await main(args), 1, args.join(" "));
  }
});

Deno.test("a step that fails says so with its own words", async () => {
  await assertRejects(() => run("no-such-compiler", [], "/"), BuildError, "is not installed");
  await assertRejects(() => run("sh", ["-c", "echo why >&2; exit 1"], "/"), BuildError, "why");
});

Deno.test("the sums are those of Fletcher in eight lanes", () => {
  const words = new Uint32Array(16).map((_, i) => i + 1);
  const first = [10, 12, 14, 16, 18, 20, 22, 24];
  const second = [11, 14, 17, 20, 23, 26, 29, 32];
  assertEquals(checksums(words), [...first, ...second]);
  const large = new Uint32Array(16).fill(0xffffffff);
  assertEquals(checksums(large)[0], 0xfffffffe);
});

Deno.test("a bit that changes and words that change places change the sums", () => {
  const words = new Uint32Array(64).map((_, i) => i * 2654435761);
  const before = checksums(words);
  for (let word = 0; word < words.length; word++) {
    words[word]! ^= 1 << word % 32;
    assertNotEquals(checksums(words), before);
    words[word]! ^= 1 << word % 32;
  }
  [words[3], words[11]] = [words[11]!, words[3]!];
  assertNotEquals(checksums(words), before);
});
