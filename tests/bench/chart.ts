/**
 * What the chart shows: LV lock and unlock over four connections with more and more locks held.
 *
 * @module
 */
import { type DaemonName, daemonTitles } from "./daemons.ts";
import type { Sample } from "./load.ts";
import type { StageResult } from "./measure.ts";
import { median } from "./stats.ts";
import { type Chart, drawChart, type Point, type Series } from "./svg.ts";

const CONNECTIONS = 4;
const shown: readonly DaemonName[] = ["stock", "test"];
const colours: Record<DaemonName, string> = {
  floor: "#999",
  stock: "#c0392b",
  test: "#1f6fb2",
  durable: "#27814b",
};

type Figure = "requestsPerSecond" | "p50" | "p99";

/** The chart as SVG; undefined if nothing of it was measured. */
export function chartOf(stages: readonly StageResult[], note: string): string | undefined {
  const series = (figure: Figure, suffix = "", dashed = false): Series[] =>
    shown.map((name) => ({
      name: `${daemonTitles[name]}${suffix}`,
      colour: colours[name],
      dashed,
      points: pointsOf(stages, name, figure),
    }));
  const chart: Chart = {
    title: "LV lock + unlock, 4 connections",
    note,
    xTitle: "locks held meanwhile",
    panels: [
      { title: "requests a second", series: series("requestsPerSecond") },
      { title: "latency, µs", series: [...series("p50"), ...series("p99", ", p99", true)] },
    ],
  };
  const measured = chart.panels[0]!.series.some(({ points }) => points.length > 0);
  return measured ? drawChart(chart) : undefined;
}

function pointsOf(stages: readonly StageResult[], name: DaemonName, figure: Figure): Point[] {
  return stages.flatMap(({ held, rows }) =>
    rows.filter(({ work, connections }) => work === "lv" && connections === CONNECTIONS)
      .flatMap(({ samples }) => {
        const values = samples[name]?.map((sample: Sample) => sample[figure]) ?? [];
        return values.length === 0 ? [] : [{ x: held, y: median(values) }];
      })
  );
}
