/**
 * Where the memory of held locks goes: resident memory at the start, with locks held, and what of it
 * is the JavaScript heap after its garbage was collected.
 *
 * @module
 */
import { Daemon } from "../daemons.ts";
import { type Heap, heapOf, withProbe } from "../heap.ts";
import { putLoad } from "../load.ts";
import { columns, mib, type Section, type SectionOptions, settle } from "./names.ts";

/** Held at each step; the first step only warms the daemon up. */
const STEPS = [0, 10_000, 50_000, 100_000];

interface Point {
  held: number;
  /** Nothing was asked for a while. */
  settled: boolean;
  rssKib: number;
  ownKib: number;
  heap: Heap;
}

export async function memory({ site, tell }: SectionOptions): Promise<Section> {
  tell("memory of 100,000 held locks");
  const probed = withProbe(site);
  await using daemon = await Daemon.start("test", probed);
  const points: Point[] = [];
  let held = 0;
  for (const step of STEPS) {
    if (step > held) {
      const load = { work: "hold", connections: 4, from: held, requests: step - held } as const;
      await putLoad(probed, daemon, load);
      held = step;
    }
    points.push(await look(daemon, held));
  }
  tell("memory: waiting until the daemon has settled");
  await settle();
  points.push(await look(daemon, held, true));
  const rows = points.map(({ held, settled, rssKib, ownKib, heap: { before, after } }) => [
    held.toLocaleString("en") + (settled ? " idle" : ""),
    mib(rssKib),
    mib(ownKib),
    mib(after.heapTotal / 1024),
    mib(before.heapUsed / 1024),
    mib(after.heapUsed / 1024),
  ]);
  const [none, first, last, settled] = [points[0]!, points[1]!, points.at(-2)!, points.at(-1)!];
  const perLock = (last.rssKib - first.rssKib) / (last.held - first.held);
  const perLockSettled = (settled.rssKib - none.rssKib) / settled.held;
  return {
    title: "Memory of this daemon (test mode, from the sources), MiB",
    lines: [
      ...columns([
        ["locks held", "resident", "no files", "heap", "in use", "after GC"],
        ...rows,
      ], 14),
      `  each lock from ${first.held.toLocaleString("en")} on: ${
        perLock.toFixed(3)
      } KiB resident; ` +
      `once it is idle, of all: ${perLockSettled.toFixed(3)} KiB`,
    ],
    figures: { points, kibPerLock: perLock, kibPerLockSettled: perLockSettled },
  };
}

async function look(daemon: Daemon, held: number, settled = false): Promise<Point> {
  // What is resident is looked at first: to collect garbage takes some.
  const { rssKib, ownKib } = daemon.usage();
  return { held, settled, rssKib, ownKib, heap: await heapOf(daemon) };
}
