/**
 * `lvmlockctl --info` with many locks held: is it complete, how long does it take, and how long does
 * another client wait meanwhile.
 *
 * @module
 */
import { DumpReceiver } from "../../../ctl/dump_receiver.ts";
import { NativeClient } from "../../../ctl/native_client.ts";
import { Daemon } from "../daemons.ts";
import { putLoad, type Sample } from "../load.ts";
import { median } from "../stats.ts";
import { columns, mib, type Section, type SectionOptions, whole } from "./names.ts";

const HELD = 100_000;
const LISTINGS = 4;
const PATIENCE_MS = 20_000;
const ROOM = 256 * 1024 * 1024;
const LOCK_LINE = "info=lk ";
/** Measured time of the other client; it is loaded for longer than the listings take. */
const SECONDS = 4;

interface Listing {
  bytes: number;
  locks: number;
  /** Until the daemon's reply, and until the last byte, milliseconds. */
  replyMs: number;
  allMs: number;
}

export async function listing({ site, tell }: SectionOptions): Promise<Section> {
  tell(`--info with ${whole(HELD)} locks held`);
  await using daemon = await Daemon.start("test", site);
  await putLoad(site, daemon, { work: "hold", connections: 4, requests: HELD });
  // The first listing compiles and takes memory; it is measured too.
  const other = () => putLoad(site, daemon, { work: "lv", connections: 1, seconds: SECONDS });
  await other();
  const before = daemon.usage().rssKib;
  const alone = await other();
  const [meanwhile, listings] = await Promise.all([other(), listAgain(daemon)]);
  const after = daemon.usage().rssKib;
  const complete = listings.every(({ locks }) => locks >= HELD);
  return {
    title: `--info with ${whole(HELD)} locks held, while another client locks and unlocks an LV`,
    lines: [
      `  ${listings.length} listings, ${complete ? "all complete" : "NOT COMPLETE"}: ` +
      `${whole(listings[0]!.bytes)} bytes, reply after ` +
      `${whole(median(listings.map(({ replyMs }) => replyMs)))} ms, all of it after ` +
      `${whole(median(listings.map(({ allMs }) => allMs)))} ms`,
      ...columns([
        ["other client", "req/s", "p50 µs", "p99 µs", "max µs"],
        ["  without", ...cells(alone)],
        ["  with", ...cells(meanwhile)],
      ], 14),
      `  resident: ${mib(before)} MiB before, ${mib(after)} MiB after`,
    ],
    figures: { listings, complete, alone, meanwhile, rssKib: { before, after } },
  };
}

function cells({ requestsPerSecond, p50, p99, max }: Sample): string[] {
  return [requestsPerSecond, p50, p99, max].map(whole);
}

async function listAgain(daemon: Daemon): Promise<Listing[]> {
  const listings: Listing[] = [];
  await new Promise((wake) => setTimeout(wake, 300));
  for (let i = 0; i < LISTINGS; i++) listings.push(await listOnce(daemon.socket));
  return listings;
}

async function listOnce(socket: string): Promise<Listing> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  using client = await NativeClient.connect(socket, signal);
  using receiver = await DumpReceiver.bind(PATIENCE_MS, signal);
  const begun = performance.now();
  const reply = await client.request(`request = "info"\ndump_room = ${ROOM}\n`);
  const replyMs = performance.now() - begun;
  const bytes = await receiver.receive(Number(reply.get("dump_len")), PATIENCE_MS, signal);
  const allMs = performance.now() - begun;
  const locks = new TextDecoder("latin1").decode(bytes).split(`\n${LOCK_LINE}`).length - 1;
  return { bytes: bytes.length, locks, replyMs, allMs };
}
