/**
 * Turns stage results into the table that people read: for each row and server the medians of its
 * rounds, and against the stock daemon the ratio of requests a second in each round.
 *
 * @module
 */
import { type DaemonName, daemonNames, daemonTitles } from "./daemons.ts";
import type { Sample } from "./load.ts";
import type { RowResult, StageResult } from "./measure.ts";
import { rowTitle } from "./plan.ts";
import { median, pairRatios } from "./stats.ts";

export interface Comparison {
  /** Ratio to the other server in each round. */
  each: number[];
  median: number;
}

type Figure = "requestsPerSecond" | "p99";

/** A figure of one server against that of another; absent when either was not measured. */
export function compare(
  row: RowResult,
  name: DaemonName,
  other: DaemonName = "stock",
  figure: Figure = "requestsPerSecond",
): Comparison | undefined {
  const ours = row.samples[name];
  const theirs = row.samples[other];
  if (!ours || !theirs || name === other) return undefined;
  const figures = (samples: Sample[]) => samples.map((sample) => sample[figure]);
  const each = pairRatios(figures(ours), figures(theirs));
  return { each, median: median(each) };
}

/** The whole report as text. */
export function report(stages: readonly StageResult[]): string {
  const used = daemonNames.filter((name) => stages.some((stage) => stage.memory[name]));
  const legend = used.map((name) => `${name.padEnd(8)} ${daemonTitles[name]}`);
  const rows = stages.flatMap((stage) =>
    stage.rows.flatMap((row) => [rowTitle(row, stage.held), ...rowLines(row), ""])
  );
  return [...legend, "", header, ...rows, ...memoryLines(stages)].join("\n");
}

const columns = [
  "req/s",
  "p50 µs",
  "p99 µs",
  "max µs",
  "CPU µs/req",
  "load %",
  "others %",
  "x floor",
  "p99 x stock",
  "x stock",
];
const header = line("", columns, "each round");

function line(first: string, cells: readonly string[], last = ""): string {
  return `  ${first.padEnd(8)}${cells.map((cell) => cell.padStart(12)).join("")}  ${last}`
    .trimEnd();
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en");
}

function rowLines(row: RowResult): string[] {
  return daemonNames.flatMap((name) => {
    const samples = row.samples[name];
    if (!samples) return [];
    const middle = (key: keyof Sample) => median(samples.map((sample) => sample[key]));
    const ratio = compare(row, name);
    const times = (comparison?: Comparison) => comparison ? comparison.median.toFixed(2) : "";
    const cells = [
      whole(middle("requestsPerSecond")),
      whole(middle("p50")),
      whole(middle("p99")),
      whole(middle("max")),
      middle("cpuMicros").toFixed(1),
      (middle("loadShare") * 100).toFixed(0),
      (middle("others") * 100).toFixed(0),
      times(compare(row, name, "floor")),
      times(compare(row, name, "stock", "p99")),
      times(ratio),
    ];
    return [line(name, cells, ratio?.each.map((value) => value.toFixed(2)).join(" "))];
  });
}

function memoryLines(stages: readonly StageResult[]): string[] {
  const mib = (kib: number) => (kib / 1024).toFixed(1);
  const lines = stages.flatMap((stage) =>
    daemonNames.flatMap((name) => {
      const memory = stage.memory[name];
      if (!memory || name === "floor") return [];
      const { started, holding, end } = memory;
      const perLock = stage.held ? ((holding - started) / stage.held).toFixed(2) : "";
      const taking = stage.taking[name]?.requestsPerSecond;
      const cells = [whole(stage.held), mib(started), mib(holding), mib(end), perLock];
      return [line(name, [...cells, taking ? whole(taking) : ""])];
    })
  );
  const heads = ["locks held", "warm MiB", "hold MiB", "end MiB", "KiB/lock", "taken/s"];
  return ["Resident memory: warmed up, with the locks held, after all rows", line("", heads)]
    .concat(lines);
}
