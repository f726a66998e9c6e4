/**
 * Measures one stage: all servers run side by side, and every round puts the same load on each in
 * turn, so that whatever else the machine does meets all of them alike.
 *
 * @module
 */
import { Daemon, type DaemonName, type Site } from "./daemons.ts";
import { putLoad, type Sample } from "./load.ts";
import { type Row, rowTitle, type Stage } from "./plan.ts";

export interface Pace {
  /** How often each row is measured with each server. */
  rounds: number;
  seconds: number;
  warmup: number;
  /** How often a sample is taken again when other programs were busy meanwhile. */
  retakes: number;
  /** Requests in two writes, as the lvm commands send them. */
  split: boolean;
}

/** Other programs may take this share of the CPU time before a sample counts as disturbed. */
const QUIET = 0.05;
/** Time given to other programs before a disturbed sample is taken again. */
const RETAKE_PAUSE_MS = 1000;

export type PerDaemon<T> = Partial<Record<DaemonName, T>>;

export interface RowResult extends Row {
  /** One sample a round, in order. */
  samples: PerDaemon<Sample[]>;
}

/** Resident memory in KiB. */
export interface Memory {
  /** Warmed up, nothing held. */
  started: number;
  /** After the locks to be held were taken; the same as `started` if there are none. */
  holding: number;
  /** After all rows. */
  end: number;
}

export interface StageResult {
  held: number;
  memory: PerDaemon<Memory>;
  /** How the held locks were taken, over 4 connections. */
  taking: PerDaemon<Sample>;
  rows: RowResult[];
}

/** Runs a stage; `tell` gets a line before each step. */
export async function measureStage(
  stage: Stage,
  names: readonly DaemonName[],
  site: Site,
  pace: Pace,
  tell: (line: string) => void,
): Promise<StageResult> {
  await using servers = new AsyncDisposableStack();
  const daemons: Daemon[] = [];
  const result: StageResult = { held: stage.held, memory: {}, taking: {}, rows: [] };
  for (const name of names) {
    tell(`starting ${name}${stage.held ? `, taking ${stage.held} locks` : ""}`);
    const daemon = servers.use(await Daemon.start(name, site));
    daemons.push(daemon);
    await prepare(daemon, stage.held, site, pace, result);
  }
  for (const row of stage.rows) {
    tell(rowTitle(row, stage.held));
    result.rows.push(await measureRow(row, daemons, site, pace));
  }
  for (const daemon of daemons) result.memory[daemon.name]!.end = daemon.usage().rssKib;
  return result;
}

/**
 * Warms the server up, so that compilers and heaps have had their chance, then takes the locks to be
 * held: what its memory grows by is theirs.
 */
async function prepare(daemon: Daemon, held: number, site: Site, pace: Pace, result: StageResult) {
  await putLoad(site, daemon, { work: "lv", connections: 16, seconds: pace.seconds });
  const started = daemon.usage().rssKib;
  if (held && daemon.name !== "floor") {
    const load = { work: "hold", connections: 4, requests: held } as const;
    result.taking[daemon.name] = await putLoad(site, daemon, load);
  }
  const holding = daemon.usage().rssKib;
  result.memory[daemon.name] = { started, holding, end: holding };
}

async function measureRow(row: Row, daemons: readonly Daemon[], site: Site, pace: Pace) {
  const result: RowResult = { ...row, samples: {} };
  for (let round = 0; round < pace.rounds; round++) {
    // Every other round goes backwards: no server is always the one after the same other.
    for (const daemon of round % 2 ? daemons.toReversed() : daemons) {
      const sample = await quietSample(row, daemon, site, pace);
      (result.samples[daemon.name] ??= []).push(sample);
    }
  }
  return result;
}

/** A sample that other programs did not disturb, or the least disturbed one of those allowed. */
async function quietSample(row: Row, daemon: Daemon, site: Site, pace: Pace): Promise<Sample> {
  let best = await putLoad(site, daemon, { ...row, ...pace });
  for (let left = pace.retakes; left > 0 && best.others > QUIET; left--) {
    await new Promise((resume) => setTimeout(resume, RETAKE_PAUSE_MS));
    const again = await putLoad(site, daemon, { ...row, ...pace });
    if (again.others < best.others) best = again;
  }
  return best;
}
