/** The chart of the benchmark's figures. @module */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { chartOf } from "./chart.ts";
import type { Sample } from "./load.ts";
import type { StageResult } from "./measure.ts";
import { drawChart } from "./svg.ts";

const sample = (requestsPerSecond: number): Sample => ({
  total: 1,
  requests: 1,
  seconds: 1,
  requestsPerSecond,
  p50: 50,
  p90: 90,
  p99: 100,
  max: 1000,
  loadCpuSeconds: 0.5,
  cpuMicros: 10,
  loadShare: 0.5,
  others: 0,
});

const stage = (held: number, stock: number[], test: number[]): StageResult => ({
  held,
  memory: {},
  taking: {},
  rows: [{
    work: "lv",
    connections: 4,
    samples: { stock: stock.map(sample), test: test.map(sample) },
  }],
});

/** The points of each line. */
function linesOf(svg: string): number[][][] {
  return [...svg.matchAll(/<polyline points="([^"]*)"/g)].map(([, points]) =>
    points!.split(" ").map((point) => point.split(",").map(Number))
  );
}

Deno.test("more requests a second are drawn higher, more locks further right", () => {
  const stages = [stage(0, [10_000], [50_000]), stage(10_000, [1000], [50_000])];
  const [stock, test] = linesOf(chartOf(stages, "a machine")!);
  const [[stockX0, stockY0], [stockX1, stockY1]] = stock as [[number, number], [number, number]];
  const [[testX0, testY0], [, testY1]] = test as [[number, number], [number, number]];
  assertEquals(stockX0, testX0);
  assert(stockX1 > stockX0);
  assert(stockY1 > stockY0, "fewer requests are lower, where y is greater");
  assert(testY0 < stockY0);
  assertEquals(testY0, testY1);
});

Deno.test("each point is the median of its rounds", () => {
  const one = chartOf([stage(0, [1000, 5000, 9000], [10_000])], "")!;
  assertEquals(linesOf(one)[0], linesOf(chartOf([stage(0, [5000], [10_000])], "")!)[0]);
});

Deno.test("a server that was not measured with so many locks has fewer points", () => {
  const stages = [stage(0, [10_000], [50_000]), stage(100_000, [], [50_000])];
  assertEquals(linesOf(chartOf(stages, "")!).map(({ length }) => length).slice(0, 2), [1, 2]);
});

Deno.test("there is no chart of nothing", () => {
  assertEquals(chartOf([], ""), undefined);
  assertEquals(chartOf([stage(0, [], [])], ""), undefined);
});

Deno.test("texts cannot break the document", () => {
  const svg = drawChart({
    title: "a < b & c",
    note: "",
    xTitle: "x",
    panels: [{ title: "p", series: [{ name: "s", colour: "red", points: [{ x: 1, y: 7 }] }] }],
  });
  assertStringIncludes(svg, "a &lt; b &amp; c");
  assertEquals(linesOf(svg)[0]!.length, 1);
  assert(!/NaN|undefined|Infinity/.test(svg));
});
