/**
 * Many requests, with a look at the memory now and then: does it stay as it is?
 *
 * @module
 */
import { Daemon } from "../daemons.ts";
import { heapOf, withProbe } from "../heap.ts";
import { putLoad, type Work } from "../load.ts";
import { columns, mib, type Section, type SectionOptions, settle, whole } from "./names.ts";

const LOOKS = 20;
/** Each look comes after the same work again, on new connections. */
const MIX: readonly { work: Work; connections: number; share: number }[] = [
  { work: "lv", connections: 16, share: 0.5 },
  { work: "persistent", connections: 16, share: 0.3 },
  { work: "vg", connections: 4, share: 0.1 },
  { work: "lv", connections: 100, share: 0.1 },
];

export async function soak({ site, tell, requests }: SectionOptions): Promise<Section> {
  const probed = withProbe(site);
  await using daemon = await Daemon.start("test", probed);
  const begun = performance.now();
  const points = [await look(daemon, 0, 0)];
  let done = 0;
  for (let i = 0; i < LOOKS; i++) {
    for (const { work, connections, share } of MIX) {
      const part = { work, connections, requests: Math.ceil(requests / LOOKS * share) };
      done += (await putLoad(probed, daemon, part)).total;
    }
    const point = await look(daemon, done, (performance.now() - begun) / 1000);
    points.push(point);
    tell(`soak: ${whole(done)} requests, ${mib(point.rssKib)} MiB resident`);
  }
  tell("soak: waiting until the daemon has settled");
  await settle();
  points.push(await look(daemon, done, (performance.now() - begun) / 1000));
  const rows = points.map(({ requests, seconds, rssKib, ownKib, heapKib, usedKib }) => [
    whole(requests),
    whole(seconds),
    ...[rssKib, ownKib, heapKib, usedKib].map(mib),
  ]);
  return {
    title: "Memory over many requests, MiB; the last look after a rest",
    lines: columns([
      ["requests", "seconds", "resident", "no files", "heap", "after GC"],
      ...rows,
    ], 14),
    figures: points,
  };
}

async function look(daemon: Daemon, requests: number, seconds: number) {
  const { rssKib, ownKib } = daemon.usage();
  const { after } = await heapOf(daemon);
  return {
    requests,
    seconds,
    rssKib,
    ownKib,
    heapKib: after.heapTotal / 1024,
    usedKib: after.heapUsed / 1024,
  };
}
