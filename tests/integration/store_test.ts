/**
 * The embedded lock manager's store when all is not well: another daemon has it, it is of an earlier
 * boot, it is damaged, or of another layout. A daemon that is refused leaves nothing behind.
 */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { TransportError } from "../../ctl/native_client.ts";
import type { Conversation } from "./conversation.ts";
import { CLUSTER, exists, Place } from "./daemon.ts";
import { Sandbox } from "./sandbox.ts";
import { listLocks, VG } from "./target.ts";

const LV = "abcdef-0123-4567-89ab-cdef-0123-456789";

/** A place where a daemon was killed that had a VG started and an LV locked. */
async function crashed(): Promise<Place> {
  const place = await Place.open("embedded");
  const daemon = await place.start();
  using client = await place.connect();
  await client.startVg(VG);
  assertEquals(await client.lockLv(VG, LV, "ex"), 0);
  await daemon.kill();
  return place;
}

/** Changes the store, without anything left in SQLite's log. */
function change(place: Place, sql: string): void {
  using db = new DatabaseSync(place.store);
  db.exec(sql);
  db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
}

/** A start that must fail: what was said, nothing left behind. */
async function refused(place: Place): Promise<string> {
  const daemon = place.spawn();
  const serves = daemon.serving().then(() => "it serves", () => daemon.ended());
  assertEquals(await Promise.race([serves, daemon.ended().then(({ code }) => code)]), 1);
  assertEquals(place.remains(), []);
  return daemon.errors.text;
}

Deno.test("a second daemon of the same name is refused, wherever its records are", async () => {
  await using place = await Place.open("embedded");
  await using elsewhere = await Place.open("embedded");
  const first = await place.start();
  const refusals = [
    [place.stateDir, 1, `Another daemon has the lock store ${place.store} open`],
    [elsewhere.stateDir, 13, `Cannot lock lockfile [/run/lock/lvmlockd-${CLUSTER}.pid]`],
  ] as const;
  for (const [stateDir, code, message] of refusals) {
    const second = elsewhere.spawn({ args: ["--state-dir", stateDir] });
    assertEquals((await second.ended()).code, code);
    assertStringIncludes(second.errors.text, message);
    assertEquals(elsewhere.remains(), []);
  }
  {
    using client = await place.connect();
    await client.startVg(VG);
    assertEquals(await client.lockLv(VG, LV, "ex"), 0);
  }
  await first.kill();
  const third = await elsewhere.start({ args: ["--state-dir", place.stateDir] });
  assertEquals((await listLocks(elsewhere.api)).held, [`${LV} ex persistent`]);
  await third.kill();
});

Deno.test("a daemon of another container is kept off the store while the first one runs", async () => {
  await using place = await Place.open("embedded");
  await using elsewhere = await Place.open("embedded");
  await using sandbox = await Sandbox.open();
  await place.start();
  const args = ["--state-dir", place.stateDir];
  const second = elsewhere.spawn({ args, before: sandbox.inside([]) });
  assertEquals((await second.ended()).code, 1);
  const message = `Another daemon has the lock store ${place.store} open`;
  assertStringIncludes(second.errors.text, message);
  assertEquals(elsewhere.remains(), []);
  using client = await place.connect();
  await client.startVg(VG);
  assertEquals(await client.lockLv(VG, LV, "ex"), 0);
});

Deno.test("what another boot left is discarded, and said so", async () => {
  await using place = await crashed();
  change(place, "UPDATE meta SET value = 'another' WHERE key = 'boot'");
  const daemon = await place.start();
  await daemon.errors.line(/^1 locks of an earlier boot are forgotten/);
  using client = await place.connect();
  assertEquals(await client.lvMode(VG, LV), "iv");
  await client.startVg(VG);
  assertEquals((await listLocks(place.api)).held, []);
  assertEquals(await client.lockLv(VG, LV, "ex"), 0);
});

const PAGE = 4096;

/** Overwrites a part of the store. */
function overwrite(place: Place, at: number, bytes: Uint8Array): void {
  using file = Deno.openSync(place.store, { write: true });
  file.seekSync(at, Deno.SeekMode.Start);
  file.writeSync(bytes);
}

const damages: Record<string, (place: Place) => void> = {
  "text in its place": ({ store }) => Deno.writeTextFileSync(store, "not a database\n".repeat(999)),
  "its first page overwritten": (place) => overwrite(place, 100, new Uint8Array(PAGE).fill(0x55)),
  "its other pages overwritten": (place) => {
    const { size } = Deno.statSync(place.store);
    overwrite(place, PAGE, new Uint8Array(size - PAGE).fill(0xaa));
  },
  "its second half cut off": ({ store }) => {
    Deno.truncateSync(store, Math.floor(Deno.statSync(store).size / 2 / PAGE) * PAGE);
  },
  "a directory in its place": ({ store }) => {
    for (const suffix of ["", "-wal", "-shm"]) {
      if (exists(store + suffix)) Deno.removeSync(store + suffix);
    }
    Deno.mkdirSync(store);
  },
  "a newer layout": (place) => change(place, "UPDATE meta SET value = '2' WHERE key = 'format'"),
  "a table with other columns": (place) => change(place, "ALTER TABLE lock DROP COLUMN args"),
  "a table that is missing": (place) => change(place, "DROP TABLE meta"),
  "a mode that does not exist": (place) => change(place, "UPDATE lock SET mode = 9"),
  "a mode that is none": (place) => change(place, "UPDATE lock SET mode = 'ex'"),
  "a lock of nothing": (place) => change(place, "UPDATE lock SET type = 7"),
  "a lock without a lockspace": (place) => change(place, "DELETE FROM lockspace"),
};

for (const [damage, inflict] of Object.entries(damages)) {
  Deno.test(`a store with ${damage} is refused`, async () => {
    await using place = await crashed();
    change(place, "SELECT 1");
    inflict(place);
    for (const remaining of place.remains()) Deno.removeSync(remaining);
    assertMatch(await refused(place), new RegExp(`lock store ${place.store}\\b`));
  });
}

Deno.test("a state directory that does not exist or cannot be written is refused", async () => {
  await using place = await Place.open("embedded");
  for (const directory of [`${place.directory}/nosuch`, "/proc"]) {
    const daemon = place.spawn({ args: ["--state-dir", directory] });
    assertEquals((await daemon.ended()).code, 1);
    assertMatch(daemon.errors.text, new RegExp(`lock store ${directory}/${CLUSTER}\\.db\\b`));
    assertEquals(place.remains(), []);
  }
});

/** Locks one LV after the other until the daemon ends; returns how many it was told that it has. */
async function lockUntilTheEnd(client: Conversation): Promise<number> {
  for (let locks = 0;; locks++) {
    try {
      assertEquals(await client.lockLv(VG, `lv${locks}`, "ex"), 0);
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      return locks;
    }
  }
}

Deno.test("a full disk ends the daemon rather than a promise", async () => {
  await using place = await Place.open("embedded");
  await using sandbox = await Sandbox.open();
  const make = "mkdir /run/small && mount -t tmpfs -o size=300k tmpfs /run/small";
  assertEquals((await sandbox.run(["sh", "-c", make])).code, 0);
  const options = { before: sandbox.inside([]), args: ["--state-dir", "/run/small"] };
  const daemon = await place.start(options);
  using client = await place.connect();
  await client.startVg(VG);
  const locks = await lockUntilTheEnd(client);
  assertEquals((await daemon.ended()).code, 1);
  await daemon.errors.line(/^fatal: .*disk is full/);
  assertEquals(place.remains(), []);
  const enlarge = ["mount", "-o", "remount,size=10m", "/run/small"];
  assertEquals((await sandbox.run(enlarge)).code, 0);
  await place.start(options);
  const { held } = await listLocks(place.api);
  // The last one was not answered and may be there or not.
  const answered = Array.from({ length: locks }, (_, i) => `lv${i} ex persistent`);
  assertEquals(held.filter((lock) => !lock.startsWith(`lv${locks} `)).sort(), answered.sort());
});

Deno.test("a name that a real cluster could have is refused", async () => {
  await using place = await Place.open("embedded");
  for (const name of ["mycluster", "embedded-", "embedded-a b", `embedded-${"x".repeat(41)}`]) {
    const daemon = place.spawn({ args: ["--embedded-name", name] });
    assertEquals((await daemon.ended()).code, 1);
    assertStringIncludes(daemon.errors.text, `Invalid embedded cluster name "${name}"`);
    assertEquals(place.remains(), []);
  }
});
