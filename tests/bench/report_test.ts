/** Ratios between servers, and the report that people read. @module */
import { assertEquals, assertMatch } from "@std/assert";
import type { Sample } from "./load.ts";
import type { RowResult, StageResult } from "./measure.ts";
import { compare, report } from "./report.ts";

const sample = (requestsPerSecond: number, p99: number): Sample => ({
  total: 100,
  requests: 100,
  seconds: 1,
  requestsPerSecond,
  p50: 10,
  p90: 20,
  p99,
  max: 1234,
  loadCpuSeconds: 0.25,
  cpuMicros: 12.34,
  loadShare: 0.25,
  others: 0.03,
});

const row: RowResult = {
  work: "lv",
  connections: 16,
  samples: {
    floor: [sample(40_000, 10), sample(40_000, 10), sample(40_000, 10)],
    stock: [sample(10_000, 400), sample(20_000, 400), sample(10_000, 400)],
    test: [sample(20_000, 100), sample(20_000, 200), sample(50_000, 100)],
  },
};

Deno.test("a server is compared round by round", () => {
  assertEquals(compare(row, "test"), { each: [2, 1, 5], median: 2 });
  assertEquals(compare(row, "test", "floor")?.median, 0.5);
  assertEquals(compare(row, "test", "stock", "p99")?.each, [0.25, 0.5, 0.25]);
});

Deno.test("nothing is compared with itself or with what was not measured", () => {
  assertEquals(compare(row, "stock"), undefined);
  assertEquals(compare(row, "durable"), undefined);
  assertEquals(compare({ ...row, samples: { test: row.samples.test! } }, "test"), undefined);
});

Deno.test("the report has a line for each server that was measured, and their memory", () => {
  const memory = { started: 4096, holding: 14_336, end: 20_480 };
  const stage: StageResult = {
    held: 10_240,
    memory: { stock: memory, test: memory },
    taking: {},
    rows: [row],
  };
  const text = report([stage]);
  assertMatch(text, /^LV lock \+ unlock, 16 connections, 10,240 locks held$/m);
  assertMatch(
    text,
    /^ {2}test +20,000 +10 +100 +1,234 +12\.3 +25 +3 +0\.50 +0\.25 +2\.00 +2\.00 1\.00 5\.00$/m,
  );
  assertMatch(text, /^ {2}stock +10,240 +4\.0 +14\.0 +20\.0 +1\.00$/m);
  assertEquals(/^ {2}durable/m.test(text), false);
});
