/**
 * Runs all checks and tests of the project, one group after the other, also after a failure, and
 * ends with a table and the line `N passed, N failed`. Nothing is left out: a group that cannot run
 * here has failed.
 *
 * @module
 */
import { join } from "node:path";
import { ensurePackages, groups as packageGroups } from "./packages.ts";

const root = join(import.meta.dirname!, "..");

/** A group of checks: a run of Deno. It passes if it exits with 0. */
export interface Group {
  name: string;
  /** Arguments of `deno`, run in the project's root. */
  args: string[];
  /**
   * The group prints counts, in the way of `deno test` or as `N passed, N failed`. Without them its
   * tests did not run. A group that does not count counts as one test.
   */
  counts: boolean;
}

/** In this order: what is quick and most often wrong comes first. */
export const groups: Group[] = [
  { name: "format", args: ["fmt", "--check"], counts: false },
  { name: "lint", args: ["lint"], counts: false },
  { name: "types", args: ["task", "check"], counts: false },
  { name: "wasm build", args: ["task", "build:wasm", "--check"], counts: false },
  { name: "unit", args: ["task", "test:unit"], counts: true },
  { name: "integration", args: ["test", "-A", "--quiet", "tests/integration/"], counts: true },
  { name: "sanlock", args: ["test", "-A", "--quiet", "tests/sanlock/"], counts: true },
  { name: "dlm", args: ["test", "-A", "--quiet", "tests/dlm/"], counts: true },
  { name: "oracle", args: ["task", "test:oracle", "--seeds", "150"], counts: true },
  { name: "uml", args: ["task", "test:uml"], counts: true },
];

/** How a group ended. */
export interface Outcome {
  name: string;
  passed: number;
  failed: number;
  seconds: number;
}

export interface Counts {
  passed: number;
  failed: number;
}

// The codes with which programs colour their output.
// deno-lint-ignore no-control-regex
const colours = /\x1b\[[\d;]*m/g;

/**
 * The counts in a group's output: those of its last line that has both. Tests that were ignored
 * count as failed.
 */
export function countsIn(output: string): Counts | undefined {
  const pattern = /(\d+) passed\b(?: \(\d+ steps?\))?(?: \||,) (\d+) failed\b(.*)/g;
  const last = [...output.replace(colours, "").matchAll(pattern)].at(-1);
  if (!last) return undefined;
  const [, passed, failed, rest] = last;
  const ignored = /(\d+) ignored/.exec(rest!)?.[1] ?? "0";
  return { passed: Number(passed), failed: Number(failed) + Number(ignored) };
}

/** Judges a group by its exit and its output. A failure that was not counted counts as one. */
export function judge(group: Group, success: boolean, output: string): Counts {
  if (!group.counts) return { passed: Number(success), failed: Number(!success) };
  const counts = countsIn(output) ?? { passed: 0, failed: 0 };
  const ran = success && counts.passed + counts.failed > 0;
  return { passed: counts.passed, failed: ran ? counts.failed : Math.max(counts.failed, 1) };
}

/** Copies a stream to ours while it comes and returns all of it as text. */
async function tee(from: ReadableStream<Uint8Array>, to: { writeSync(p: Uint8Array): number }) {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of from) {
    for (let at = 0; at < chunk.length;) at += to.writeSync(chunk.subarray(at));
    text += decoder.decode(chunk, { stream: true });
  }
  return text;
}

async function runGroup(group: Group): Promise<Counts> {
  const child = new Deno.Command(Deno.execPath(), {
    args: group.args,
    cwd: root,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const [stdout, stderr, status] = await Promise.all([
    tee(child.stdout, Deno.stdout),
    tee(child.stderr, Deno.stderr),
    child.status,
  ]);
  return judge(group, status.success, `${stdout}\n${stderr}`);
}

async function timed(name: string, body: () => Promise<Counts>): Promise<Outcome> {
  console.log(`\n=== ${name} ===`);
  const start = performance.now();
  const counts = await body();
  const seconds = (performance.now() - start) / 1000;
  console.log(`=== ${name}: ${counts.failed ? "FAILED" : "ok"}, ${seconds.toFixed(1)} s ===`);
  return { name, ...counts, seconds };
}

/** The table of all groups, followed by the line with the sums. */
export function summary(outcomes: Outcome[]): string {
  const row = (cells: (string | number)[]) =>
    cells.map((cell, i) => i < 2 ? String(cell).padEnd(12) : String(cell).padStart(8)).join(" ");
  const sum = (of: (o: Outcome) => number) => outcomes.reduce((total, o) => total + of(o), 0);
  return [
    row(["group", "result", "passed", "failed", "seconds"]),
    ...outcomes.map(({ name, passed, failed, seconds }) =>
      row([name, failed ? "FAILED" : "ok", passed, failed, seconds.toFixed(1)])
    ),
    "",
    `${sum((o) => o.passed)} passed, ${sum((o) => o.failed)} failed`,
  ].join("\n");
}

/**
 * Runs all groups.
 *
 * @returns The exit code.
 */
export async function main(): Promise<number> {
  const outcomes = [
    await timed("packages", async () => {
      const ready = await ensurePackages(packageGroups);
      return { passed: Number(ready), failed: Number(!ready) };
    }),
  ];
  for (const group of groups) outcomes.push(await timed(group.name, () => runGroup(group)));
  console.log(`\n${summary(outcomes)}`);
  return outcomes.some((outcome) => outcome.failed > 0) ? 1 : 0;
}

if (import.meta.main) Deno.exit(await main());
