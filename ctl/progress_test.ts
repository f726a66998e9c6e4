/** The progress line of long waits, on a terminal and elsewhere. @module */
import { assertEquals } from "@std/assert";
import { formatElapsed, ProgressLine } from "./progress.ts";

/** What a wait of so many seconds writes, one look a second. */
function wait(seconds: number, errIsTerminal: boolean): string {
  let written = "";
  const line = new ProgressLine({ err: (text) => written += text, errIsTerminal });
  for (let at = 1; at <= seconds; at++) {
    if (line.isDue(at * 1000)) line.show("Waiting", at * 1000);
  }
  line.end();
  return written;
}

Deno.test("a short wait is not worth a word", () => {
  assertEquals(wait(1, true), "");
  assertEquals(wait(1, false), "");
});

Deno.test("on a terminal one line is written over, and removed at the end", () => {
  assertEquals(wait(3, true), "\r\x1b[KWaiting (2 s)\r\x1b[KWaiting (3 s)\r\x1b[K");
});

Deno.test("elsewhere there are whole lines, far apart", () => {
  assertEquals(wait(70, false), "Waiting (2 s)\nWaiting (32 s)\nWaiting (1 min 2 s)\n");
});

Deno.test("elapsed time in words", () => {
  assertEquals(
    [0, 59_999, 60_000, 3_599_000, 3_600_000, 90_061_000].map(formatElapsed),
    ["0 s", "59 s", "1 min 0 s", "59 min 59 s", "1 h 0 min", "25 h 1 min"],
  );
});
