/**
 * What a daemon does when nobody asks it anything: processor time and wake-ups of all its threads.
 *
 * @module
 */
import { Daemon, type DaemonName } from "../daemons.ts";
import { columns, type Section, type SectionOptions, settle } from "./names.ts";

const names: readonly DaemonName[] = ["stock", "test", "durable"];

/** Sums over all threads. */
interface Counters {
  cpuMs: number;
  /** Sleeps that ended: each is one wake-up. */
  voluntary: number;
  involuntary: number;
}

export async function idle({ site, tell, idleSeconds }: SectionOptions): Promise<Section> {
  await using servers = new AsyncDisposableStack();
  const daemons: Daemon[] = [];
  for (const name of names) daemons.push(servers.use(await Daemon.start(name, site)));
  tell(`idle for ${idleSeconds} s`);
  await settle();
  const before = daemons.map(countersOf);
  await new Promise((wake) => setTimeout(wake, idleSeconds * 1000));
  const figures = Object.fromEntries(daemons.map((daemon, i) => {
    const [from, to] = [before[i]!, countersOf(daemon)];
    return [daemon.name, {
      cpuMs: to.cpuMs - from.cpuMs,
      voluntary: to.voluntary - from.voluntary,
      involuntary: to.involuntary - from.involuntary,
      rssKib: daemon.usage().rssKib,
    }];
  }));
  const rows = Object.entries(figures).map(([name, { cpuMs, voluntary, involuntary }]) => [
    name,
    String(voluntary),
    String(involuntary),
    cpuMs.toFixed(1),
    `${(cpuMs / idleSeconds / 10).toFixed(4)} %`,
  ]);
  return {
    title: `Idle for ${idleSeconds} s with one VG started, no clients: all threads`,
    lines: columns([["", "wake-ups", "preempted", "CPU ms", "of one CPU"], ...rows]),
    figures: { idleSeconds, ...figures },
  };
}

function countersOf({ pid }: Daemon): Counters {
  const sum: Counters = { cpuMs: 0, voluntary: 0, involuntary: 0 };
  for (const { name } of Deno.readDirSync(`/proc/${pid}/task`)) {
    const task = `/proc/${pid}/task/${name}`;
    const status = Deno.readTextFileSync(`${task}/status`);
    const count = (kind: string) => Number(new RegExp(`^${kind}:\\s+(\\d+)`, "m").exec(status)![1]);
    sum.voluntary += count("voluntary_ctxt_switches");
    sum.involuntary += count("nonvoluntary_ctxt_switches");
    // Nanoseconds on a CPU come first.
    sum.cpuMs += Number(Deno.readTextFileSync(`${task}/schedstat`).split(" ")[0]) / 1e6;
  }
  return sum;
}
