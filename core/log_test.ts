/**
 * Where log lines go: standard error, with priorities when that is the journal, and the system log.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { configureLog, logger, type LogOptions, logText, trace } from "./log.ts";

/** What is written to standard error and to the system log while the log is set up like this. */
function written(options: Partial<LogOptions>, write: () => void) {
  const { error } = console;
  const stderr: string[] = [];
  const syslog: string[] = [];
  console.error = (text: string) => stderr.push(text);
  try {
    configureLog({
      debug: false,
      foreground: true,
      syslogPriority: 4,
      syslog: (priority, text) => syslog.push(`${priority} ${text}`),
      ...options,
    });
    write();
  } finally {
    console.error = error;
    configureLog({ debug: false, foreground: false, syslogPriority: 0 });
  }
  return { stderr, syslog };
}

const log = logger("test");

function three(): void {
  log.debug("detail");
  log.info("news");
  log.warn("two\nlines");
}

Deno.test("in the foreground lines from info on are shown, and warnings go to the system log", () => {
  assertEquals(written({}, three), { stderr: ["news", "two\nlines"], syslog: ["4 two\nlines"] });
});

Deno.test("the journal gets each line once, with its priority", () => {
  const { stderr, syslog } = written({ journal: true }, three);
  assertEquals(stderr, ["<6>news", "<4>two\n<4>lines"]);
  assertEquals(syslog, []);
});

Deno.test("the journal gets more if the system log would", () => {
  const { stderr } = written({ journal: true, syslogPriority: 7 }, three);
  assertEquals(stderr[0], "<7>detail");
});

Deno.test("with -D the journal gets every line", () => {
  const { stderr } = written({ journal: true, debug: true }, () => {
    trace((texts, numbers) => `${texts.join("")} ${numbers.join("")}`, ["recv ", "", "x", ""], [
      1,
      2,
      3,
      4,
    ]);
  });
  assertEquals(stderr, ["<7>recv x 1234"]);
});

Deno.test("what is shown are the newest lines that fit, oldest first", async () => {
  const line = (i: number) => `${i} `.padEnd(200, "x");
  for (let i = 0; i < 20_000; i++) trace(([text]) => text, [line(i), "", "", ""], [0, 0, 0, 0]);
  const text = (await logText()).toString("latin1");
  assert(text.length <= 1024 * 1024 - 4096);
  assert(text.length > 1024 * 1024 - 4096 - 212, `only ${text.length}`);
  assert(text.endsWith(`${line(19_999)}\n`));
  const first = Number(/^[0-9]+ ([0-9]+) /.exec(text)?.[1]);
  const kept = text.split("\n").slice(0, -1).map((line) => line.slice(11));
  assertEquals(kept, Array.from({ length: 20_000 - first }, (_, i) => line(first + i)));
});

Deno.test("who asks while lines are made for another gets what came since, with all who ask then", async () => {
  const line = (text: string) => trace(([text]) => text, [text, "", "", ""], [0, 0, 0, 0]);
  line("before");
  const first = logText();
  line("between");
  const [second, third] = [logText(), logText()];
  const ends = (text: { toString(encoding: "latin1"): string }) =>
    text.toString("latin1").split("\n").slice(-3, -1).map((line) => line.slice(11));
  assertEquals(ends(await first)[1], "before");
  assertEquals(ends(await second), ["before", "between"]);
  assert(await second === await third, "made twice");
  line("after");
  assertEquals(ends(await logText()), ["between", "after"]);
});
