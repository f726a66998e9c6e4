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
  /**
   * Neighbours with a lane run at the same time if their lanes differ: they wait more than they
   * compute. What the last of them prints is shown at once, the rest when they have ended.
   */
  lane?: number;
}

/** In this order: what is quick and most often wrong comes first. */
export const groups: Group[] = [
  { name: "format", args: ["fmt", "--check"], counts: false },
  { name: "lint", args: ["lint"], counts: false },
  { name: "types", args: ["task", "check"], counts: false },
  { name: "wasm build", args: ["task", "build:wasm", "--check"], counts: false },
  { name: "unit", args: ["task", "test:unit"], counts: true },
  { name: "explore", args: ["task", "test:explore"], counts: true },
  { name: "sim", args: ["task", "test:sim"], counts: true },
  { name: "install", args: ["test", "-A", "--quiet", "tests/install/"], counts: true },
  { name: "fuzz", args: ["task", "test:fuzz"], counts: true },
  { name: "integration", args: ["test", "-A", "--quiet", "tests/integration/"], counts: true },
  { name: "sanlock", args: ["test", "-A", "--quiet", "tests/sanlock/"], counts: true, lane: 1 },
  { name: "dlm", args: ["test", "-A", "--quiet", "tests/dlm/"], counts: true, lane: 1 },
  { name: "package", args: ["task", "test:package"], counts: true, lane: 1 },
  { name: "oracle", args: ["task", "test:oracle", "--seeds", "150"], counts: true, lane: 2 },
  { name: "idm", args: ["test", "-A", "--quiet", "tests/idm/"], counts: true, lane: 2 },
  { name: "faults", args: ["test", "-A", "--quiet", "tests/faults/"], counts: true, lane: 2 },
  { name: "uml", args: ["task", "test:uml"], counts: true, lane: 3 },
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
async function tee(from: ReadableStream<Uint8Array>, to: Output) {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of from) {
    for (let at = 0; at < chunk.length;) at += to.writeSync(chunk.subarray(at));
    text += decoder.decode(chunk, { stream: true });
  }
  return text;
}

/** Somewhere to print to. */
type Output = { writeSync(piece: Uint8Array): number };

/** Keeps what is printed until it may be shown. */
class Later implements Output {
  readonly #pieces: Uint8Array[] = [];

  writeSync(piece: Uint8Array): number {
    this.#pieces.push(piece.slice());
    return piece.length;
  }

  show(): void {
    for (const piece of this.#pieces) {
      for (let at = 0; at < piece.length;) at += Deno.stdout.writeSync(piece.subarray(at));
    }
  }
}

async function runGroup(group: Group, out: Output, errors = out): Promise<Counts> {
  const child = new Deno.Command(Deno.execPath(), {
    args: group.args,
    cwd: root,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const [stdout, stderr, status] = await Promise.all([
    tee(child.stdout, out),
    tee(child.stderr, errors),
    child.status,
  ]);
  return judge(group, status.success, `${stdout}\n${stderr}`);
}

async function timed(name: string, body: () => Promise<Counts>): Promise<Outcome> {
  const start = performance.now();
  const counts = await body();
  return { name, ...counts, seconds: (performance.now() - start) / 1000 };
}

function printHead(name: string): void {
  console.log(`\n=== ${name} ===`);
}

function printFoot({ name, failed, seconds }: Outcome): void {
  console.log(`=== ${name}: ${failed ? "FAILED" : "ok"}, ${seconds.toFixed(1)} s ===`);
}

/** Shows what is printed while it runs. */
async function shown(name: string, body: () => Promise<Counts>): Promise<Outcome> {
  printHead(name);
  const outcome = await timed(name, body);
  printFoot(outcome);
  return outcome;
}

/** Groups that run at the same time, next to one another. */
export function blocksOf(all: readonly Group[]): Group[][] {
  const blocks: Group[][] = [];
  for (const group of all) {
    const last = blocks.at(-1);
    if (group.lane !== undefined && last?.[0]?.lane !== undefined) last.push(group);
    else blocks.push([group]);
  }
  return blocks;
}

async function runBlock(block: Group[]): Promise<Outcome[]> {
  const [only] = block;
  if (block.length === 1) return [await runShown(only!)];
  console.log(`\nAt the same time: ${block.map(({ name }) => name).join(", ")}`);
  const lanes = Object.values(Object.groupBy(block, ({ lane }) => String(lane)));
  const last = block.at(-1)!;
  const outcomes = (await Promise.all(lanes.map((lane) => runLane(lane!, last)))).flat();
  return block.map(({ name }) => outcomes.find((outcome) => outcome.name === name)!);
}

async function runLane(lane: Group[], shownAtOnce: Group): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const group of lane) {
    outcomes.push(await (group === shownAtOnce ? runShown(group) : runQuietly(group)));
  }
  return outcomes;
}

function runShown(group: Group): Promise<Outcome> {
  return shown(group.name, () => runGroup(group, Deno.stdout, Deno.stderr));
}

async function runQuietly(group: Group): Promise<Outcome> {
  const output = new Later();
  const outcome = await timed(group.name, () => runGroup(group, output));
  printHead(group.name);
  output.show();
  printFoot(outcome);
  return outcome;
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
    await shown("packages", async () => {
      const ready = await ensurePackages(packageGroups);
      return { passed: Number(ready), failed: Number(!ready) };
    }),
  ];
  for (const block of blocksOf(groups)) outcomes.push(...await runBlock(block));
  console.log(`\n${summary(outcomes)}`);
  return outcomes.some((outcome) => outcome.failed > 0) ? 1 : 0;
}

if (import.meta.main) Deno.exit(await main());
