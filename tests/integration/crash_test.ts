/**
 * The daemon with the embedded lock manager is killed at random points under load, again and again:
 * what it has answered holds after the restart. Clients keep a journal to know what that is.
 */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { Prng } from "../oracle/prng.ts";
import { type Conversation, vgFields } from "./conversation.ts";
import { CLUSTER, Place } from "./daemon.ts";
import { listLocks, VG } from "./target.ts";

/** Daemons beside each other, so that the processors have enough to do while one starts. */
const SERIES = 2;
const ROUNDS = 50;
const CLIENTS = 6;
const LVS_OF_A_CLIENT = 8;
/** Load before a kill, milliseconds. */
const [SHORTEST_MS, LONGEST_MS] = [5, 60];
/** One start in so many is killed before it is done, within this time in milliseconds. */
const [BROKEN_STARTS, BROKEN_START_MS] = [10, 300];
const SEED = 20_300;

type HeldMode = "un" | "sh" | "ex";
const others: Record<HeldMode, HeldMode[]> = {
  un: ["sh", "ex"],
  sh: ["ex", "un"],
  ex: ["sh", "un"],
};

/** What is known of one LV's lock. */
interface Entry {
  lvUuid: string;
  /** As was answered last. */
  mode: HeldMode;
  /** Asked for and not answered. */
  asked?: HeldMode;
}

function uuid(client: number, lv: number): string {
  return `client-${client}000-0000-0000-0000-0000-lv000${lv}`;
}

function newJournal(): Entry[][] {
  return Array.from({ length: CLIENTS }, (_, client) =>
    Array.from(
      { length: LVS_OF_A_CLIENT },
      (_, lv) => ({ lvUuid: uuid(client, lv), mode: "un" as const }),
    ));
}

const counts = { answered: 0, checked: 0, held: 0, inDoubt: 0, changed: 0 };

/** Takes, converts and releases until the connection breaks. */
async function work(client: Conversation, entries: Entry[], random: Prng): Promise<never> {
  for (;;) {
    if (random.chance(0.1)) {
      await client.lockVg(VG, random.pick(["sh", "ex"]));
      await client.lockVg(VG, "un");
    }
    const entry = random.pick(entries);
    entry.asked = random.pick(others[entry.mode]);
    const result = await client.lockLv(VG, entry.lvUuid, entry.asked);
    if (result !== 0) throw new Error(`${entry.mode} to ${entry.asked}: ${result}`);
    entry.mode = entry.asked;
    delete entry.asked;
    counts.answered++;
  }
}

/** A broken connection is what every client ends with; anything else is a failure. */
async function ended(worker: Promise<never>): Promise<void> {
  await worker.catch((error) => {
    if (error.name !== "TransportError") throw error;
  });
}

async function loadAndKill(place: Place, journal: Entry[][], random: Prng): Promise<void> {
  const daemon = await place.start();
  await checkAll(place, journal);
  const clients = await Promise.all(journal.map(() => place.connect()));
  const workers = clients.map((client, i) => ended(work(client, journal[i]!, random)));
  const load = SHORTEST_MS + random.below(LONGEST_MS - SHORTEST_MS + 1);
  await new Promise((resolve) => setTimeout(resolve, load));
  await daemon.kill();
  await Promise.all(workers);
  for (const client of clients) client[Symbol.dispose]();
}

/** Everything that is held now is what the journal says, and nothing else. */
async function checkAll(place: Place, journal: Entry[][]): Promise<void> {
  const { held, waiting } = await listLocks(place.api);
  assertEquals(waiting, []);
  const found = new Map<string, HeldMode>();
  for (const line of held) {
    const [name, mode, who] = line.split(" ") as [string, HeldMode, string];
    assertEquals(who, "persistent", line);
    found.set(name, mode);
  }
  for (const entry of journal.flat()) {
    checkOne(entry, found.get(entry.lvUuid) ?? "un");
    found.delete(entry.lvUuid);
  }
  assertEquals([...found], []);
}

function checkOne(entry: Entry, now: HeldMode): void {
  const { lvUuid, mode, asked } = entry;
  counts.checked++;
  if (asked !== undefined) counts.inDoubt++;
  if (asked !== undefined && now === asked) counts.changed++;
  if (now !== "un") counts.held++;
  assert(now === mode || now === asked, `${lvUuid}: ${mode}, asked ${asked}, found ${now}`);
  entry.mode = now;
  delete entry.asked;
}

async function killAgainAndAgain(seed: number): Promise<void> {
  await using place = await Place.open("embedded", `${CLUSTER}-${seed}`);
  const random = new Prng(seed);
  const journal = newJournal();
  const first = await place.start();
  {
    using client = await place.connect();
    await client.startVg(VG);
  }
  await first.kill();
  for (let round = 0; round < ROUNDS; round++) {
    if (round % BROKEN_STARTS === BROKEN_STARTS - 1) {
      const broken = place.spawn();
      const killTime = random.below(BROKEN_START_MS);
      await new Promise((resolve) => setTimeout(resolve, killTime));
      await broken.kill();
    }
    await loadAndKill(place, journal, random);
  }
  await endInOrder(place, journal);
}

/** The lockspace runs without having been started, and everything can be given back. */
async function endInOrder(place: Place, journal: Entry[][]): Promise<void> {
  const daemon = await place.start();
  await checkAll(place, journal);
  using client = await place.connect();
  const start = { ...vgFields(VG, `1.0.0:${place.cluster}`), opts: "none" };
  assertEquals(await client.result("start_vg", start), -17);
  for (const { lvUuid, mode } of journal.flat()) {
    assertEquals(await client.lockLv(VG, lvUuid, "un"), mode === "un" ? -2 : 0);
  }
  daemon.signal("SIGTERM");
  assertEquals((await daemon.ended()).code, 0);
}

Deno.test(`${SERIES * ROUNDS} kills under load lose no persistent lock, and leave none`, async () => {
  const series = Array.from({ length: SERIES }, (_, i) => killAgainAndAgain(SEED + i));
  // All must have ended, also when one has failed: they run daemons.
  await Promise.allSettled(series);
  await Promise.all(series);
  console.log(`seeds from ${SEED}:`, counts);
  assertGreater(counts.answered, 10 * SERIES * ROUNDS);
  assertGreater(counts.inDoubt, SERIES * ROUNDS);
});
