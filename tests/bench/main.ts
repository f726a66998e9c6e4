/**
 * `deno task bench`: this daemon and the stock one side by side on the same work, in one run on one
 * machine, through the native socket. Prints a table; asserts nothing about times.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { type DaemonName, daemonNames, killAll, type Site } from "./daemons.ts";
import { measureStage, type Pace, type StageResult } from "./measure.ts";
import { plan } from "./plan.ts";
import { compare, report } from "./report.ts";
import { compile, SetupError, stockVersion } from "./tools.ts";

const help =
  `Measures this daemon side by side with the stock lvmlockd. Needs root, cc and lvmlockd.

usage: deno task bench [options]
  --pairs N       rounds for each row (default 3)
  --seconds S     measured seconds in each round (default 2)
  --retake N      measure again up to N times what other programs disturbed (default 0)
  --held N,N,...  numbers of held locks to measure with, besides none (default 10000)
  --daemons LIST  of floor,stock,test,durable (default all)
  --all           also VG locks and the bare handshake
  --split         requests in two writes, as the lvm commands send them
  --pin CPU       bind the load generator and every server to one CPU
  --dir DIR       where sockets, state and compiled programs go (default /var/tmp)
  --json FILE     write all samples, medians and ratios
  --quick         under a minute: 2 rounds of 0.4 s
`;

/** Load average from which on it is said that the machine is busy. */
const BUSY = 0.5;

interface Options {
  pace: Pace;
  held: number[];
  daemons: DaemonName[];
  all: boolean;
  pinnedTo: number | undefined;
  directory: string;
  json: string | undefined;
}

function numberOf(name: string, text: string, least: number): number {
  const value = Number(text);
  if (text === "" || !(value >= least)) {
    throw new SetupError(`--${name} ${text}: a number of at least ${least} is needed`);
  }
  return value;
}

function readOptions(args: string[]): Options {
  const given = parseArgs(args, {
    boolean: ["all", "quick", "split", "help"],
    string: ["pairs", "seconds", "retake", "held", "daemons", "pin", "dir", "json"],
    unknown: (option) => {
      throw new SetupError(`Unknown option: ${option}\n\n${help}`);
    },
  });
  if (given.help) {
    console.log(help);
    Deno.exit(0);
  }
  const text = (name: string, otherwise: string) => String(given[name] ?? otherwise);
  const seconds = numberOf("seconds", text("seconds", given.quick ? "0.4" : "2"), 0.05);
  const daemons = text("daemons", daemonNames.join(",")).split(",");
  const unknown = daemons.find((name) => !daemonNames.includes(name as DaemonName));
  if (unknown !== undefined) throw new SetupError(`Unknown daemon: ${unknown}`);
  return {
    pace: {
      rounds: Math.floor(numberOf("pairs", text("pairs", given.quick ? "2" : "3"), 1)),
      seconds,
      warmup: seconds / 4,
      retakes: Math.floor(numberOf("retake", text("retake", "0"), 0)),
      split: given.split === true,
    },
    held: text("held", "10000").split(",").map((n) => Math.floor(numberOf("held", n, 0)))
      .filter((n) => n > 0),
    daemons: daemonNames.filter((name) => daemons.includes(name)),
    all: given.all === true,
    pinnedTo: given.pin === undefined ? undefined : Math.floor(numberOf("pin", text("pin", ""), 0)),
    directory: text("dir", "/var/tmp"),
    json: given.json === undefined ? undefined : String(given.json),
  };
}

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
    pinnedTo: options.pinnedTo,
    ...options.pace,
  };
}

function writeJson(file: string, about: object, stages: StageResult[]): void {
  const rowsWithRatios = (stage: StageResult) =>
    stage.rows.map((row) => ({
      ...row,
      timesStock: Object.fromEntries(daemonNames.map((name) => [name, compare(row, name)])),
    }));
  const full = stages.map((stage) => ({ ...stage, rows: rowsWithRatios(stage) }));
  Deno.writeTextFileSync(file, JSON.stringify({ about, stages: full }, null, 2) + "\n");
}

async function run(options: Options, directory: string): Promise<void> {
  const about = await circumstances(options, directory);
  const site: Site = { programs: await compile(directory), directory, pinnedTo: options.pinnedTo };
  for (const [name, value] of Object.entries(about)) {
    if (value !== undefined) console.log(`${name.padEnd(16)} ${value}`);
  }
  if (about.loadAverage[0]! > BUSY) {
    console.error("... other programs are busy on this machine: the figures will scatter");
  }
  const stages: StageResult[] = [];
  for (const stage of plan(options.held, options.all)) {
    const tell = (text: string) => console.error(`... ${text}`);
    stages.push(await measureStage(stage, options.daemons, site, options.pace, tell));
  }
  console.log(`\n${report(stages)}`);
  if (options.json !== undefined) writeJson(options.json, about, stages);
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
