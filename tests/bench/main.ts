/**
 * `deno task bench`: this daemon and the stock one side by side on the same work, in one run on one
 * machine, through the native socket; then this daemon's memory, listings, HTTP API and more. Prints
 * tables; asserts nothing about times.
 *
 * @module
 */
import { chartOf } from "./chart.ts";
import { type DaemonName, daemonNames, killAll, type Site } from "./daemons.ts";
import { measureStage, type StageResult } from "./measure.ts";
import { help, type Options, readOptions } from "./options.ts";
import { plan } from "./plan.ts";
import { compare, report } from "./report.ts";
import { sections } from "./sections/mod.ts";
import type { Section } from "./sections/names.ts";
import { compile, SetupError, stockVersion } from "./tools.ts";

/** Load average from which on it is said that the machine is busy. */
const BUSY = 0.5;

/** The machine and the programs, for a reader of the figures. */
async function circumstances(options: Options, directory: string) {
  const cpuInfo = Deno.readTextFileSync("/proc/cpuinfo");
  const mount = Deno.readTextFileSync("/proc/mounts").trim().split("\n")
    .map((entry) => entry.split(" "))
    .filter(([, point]) => point === "/" || `${directory}/`.startsWith(`${point}/`))
    .sort(([, a], [, b]) => b!.length - a!.length)[0];
  return {
    date: new Date().toISOString(),
    cpu: /^model name\s*: (.*)$/m.exec(cpuInfo)?.[1] ?? "unknown",
    cpus: navigator.hardwareConcurrency,
    kernel: Deno.osRelease(),
    loadAverage: Deno.loadavg().map((value) => Number(value.toFixed(2))),
    stateFileSystem: mount?.[2] ?? "unknown",
    deno: Deno.version.deno,
    stock: options.daemons.includes("stock") ? await stockVersion() : "not measured",
    program: options.executable ?? "sources",
    pinnedTo: options.pinnedTo,
    ...options.pace,
  };
}

/** The rows of all stages with the ratios that the report shows. */
function withRatios(stages: readonly StageResult[]) {
  const ratios = (of: (name: DaemonName) => unknown) =>
    Object.fromEntries(daemonNames.map((name) => [name, of(name)]));
  return stages.map((stage) => ({
    ...stage,
    rows: stage.rows.map((row) => ({
      ...row,
      timesStock: ratios((name) => compare(row, name)),
      timesFloor: ratios((name) => compare(row, name, "floor")),
      p99TimesStock: ratios((name) => compare(row, name, "stock", "p99")),
    })),
  }));
}

const tell = (text: string) => console.error(`... ${text}`);

async function measureStages(options: Options, site: Site): Promise<StageResult[]> {
  const stages: StageResult[] = [];
  for (const stage of options.load ? plan(options.held, options.all) : []) {
    const names = options.daemons.filter((name) =>
      name !== "stock" || stage.held <= options.stockHeld
    );
    stages.push(await measureStage(stage, names, site, options.pace, tell));
  }
  if (stages.length > 0) console.log(`\n${report(stages)}`);
  return stages;
}

async function measureSections(options: Options, site: Site): Promise<Record<string, Section>> {
  const { requests, idleSeconds, tableSteps, pace: { rounds, seconds } } = options;
  const found: Record<string, Section> = {};
  for (const name of options.sections) {
    const settings = { site, rounds, seconds, requests, idleSeconds, tableSteps, tell };
    const section = found[name] = await sections[name](settings);
    console.log(`\n${section.title}\n${section.lines.join("\n")}`);
  }
  return found;
}

async function run(options: Options, directory: string): Promise<void> {
  const about = await circumstances(options, directory);
  const { pinnedTo, executable } = options;
  const site: Site = { programs: await compile(directory), directory, pinnedTo, executable };
  for (const [name, value] of Object.entries(about)) {
    if (value !== undefined) console.log(`${name.padEnd(16)} ${value}`);
  }
  if (about.loadAverage[0]! > BUSY) {
    console.error("... other programs are busy on this machine: the figures will scatter");
  }
  const stages = await measureStages(options, site);
  const note = `${about.cpus} CPUs (${about.cpu}), kernel ${about.kernel}, ${
    about.date.slice(0, 10)
  }`;
  const chart = chartOf(stages, note);
  if (options.svg !== undefined && chart !== undefined) Deno.writeTextFileSync(options.svg, chart);
  const others = await measureSections(options, site);
  if (options.json !== undefined) {
    const all = { about, stages: withRatios(stages), sections: others };
    Deno.writeTextFileSync(options.json, JSON.stringify(all, null, 2) + "\n");
  }
}

/** Runs the benchmark; leaves no process and no file behind, also when interrupted. */
async function main(): Promise<number> {
  let directory: string | undefined;
  const cleanUp = () => {
    killAll();
    if (directory !== undefined) Deno.removeSync(directory, { recursive: true });
    directory = undefined;
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => {
      cleanUp();
      Deno.exit(1);
    });
  }
  try {
    const options = readOptions(Deno.args);
    if (options === undefined) {
      console.log(help);
      return 0;
    }
    directory = Deno.makeTempDirSync({ dir: options.directory, prefix: "lvmlockd-bench-" });
    await run(options, directory);
    return 0;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`bench: ${error.message}`);
    return 1;
  } finally {
    cleanUp();
  }
}

Deno.exit(await main());
