/**
 * The HTTP API under load: LV lock and unlock through sessions, as the typed client asks for them.
 *
 * @module
 */
import { Daemon } from "../daemons.ts";
import { putHttpLoad } from "../http_load.ts";
import type { Sample } from "../load.ts";
import { median } from "../stats.ts";
import { columns, type Section, type SectionOptions, whole } from "./names.ts";

const CONNECTIONS = [1, 16];

export async function http({ site, tell, rounds, seconds }: SectionOptions): Promise<Section> {
  await using daemon = await Daemon.start("test", site);
  await putHttpLoad(site, daemon, { connections: 16, seconds, warmup: 0 });
  const figures: { connections: number; samples: Sample[] }[] = [];
  for (const connections of CONNECTIONS) {
    tell(`HTTP, ${connections} connections`);
    const samples: Sample[] = [];
    for (let round = 0; round < rounds; round++) {
      samples.push(await putHttpLoad(site, daemon, { connections, seconds, warmup: seconds / 4 }));
    }
    figures.push({ connections, samples });
  }
  const rows = figures.map(({ connections, samples }) => {
    const middle = (key: keyof Sample) => median(samples.map((sample) => sample[key]));
    const main = (["requestsPerSecond", "p50", "p99", "max"] as const).map((key) =>
      whole(middle(key))
    );
    const share = (middle("loadShare") * 100).toFixed(0);
    return [String(connections), ...main, middle("cpuMicros").toFixed(1), share];
  });
  return {
    title: "HTTP API, LV lock + unlock, each connection through a session of its own",
    lines: columns([
      ["connections", "req/s", "p50 µs", "p99 µs", "max µs", "CPU µs/req", "load %"],
      ...rows,
    ]),
    figures,
  };
}
