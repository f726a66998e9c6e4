/**
 * What goes wrong in a contention campaign, and how it is made good again. Each fault tells the host
 * what stays certain of its locks.
 *
 * @module
 */
import type { Prng } from "../oracle/prng.ts";
import { type Contender, now } from "./contention_host.ts";

/** Seconds of a host's I/O: all of sanlock's times are multiples. */
const T = 1000;
/** A host renews every 2 T and gives its leases up after 8 T: till then they count. */
const CERTAIN_MS = 6 * T;
/** The leases of a host that was lost are taken 8 T and 60 s after its last renewal at the earliest. */
const PROTECTED_MS = 60_000;
/** By then they can be taken for sure. */
const EXPIRED_MS = 8 * T + 60_000 + 12_000;

export type Fault =
  | "pause of our daemon"
  | "pause of sanlock"
  | "long pause of our daemon"
  | "crash of our daemon"
  | "sanlock paused beyond its leases"
  | "crash of the host, back at once"
  | "crash of the host, leases expire";

/** Faults that are due at the same time happen one after the other within this. */
const SPREAD_MS = 1500;

/** Faults after which the host has none of its locks; one at a time in the whole campaign. */
export const severe: readonly Fault[] = [
  "sanlock paused beyond its leases",
  "crash of the host, back at once",
  "crash of the host, leases expire",
];

const wait = (ms: number) => new Promise<void>((wake) => setTimeout(wake, ms));

/** Calls back when the leases of a crashed host have expired, before the host is brought back. */
export type Expired = (contender: Contender) => Promise<void>;

/** Lets a fault happen and resolves when the host is well again. */
export async function inflict(
  fault: Fault,
  contender: Contender,
  random: Prng,
  expired: Expired,
): Promise<void> {
  await wait(random.below(SPREAD_MS));
  switch (fault) {
    case "pause of our daemon":
      return await pauseDaemon(contender, 20 + random.below(900));
    case "long pause of our daemon":
      // sanlock renews the leases by itself: nothing is lost.
      return await pauseDaemon(contender, 12 * T);
    case "pause of sanlock":
      return await pauseSanlock(contender, 20 + random.below(1800));
    case "crash of our daemon":
      return await crashDaemon(contender);
    case "sanlock paused beyond its leases":
      return await pauseBeyondLeases(contender);
    case "crash of the host, back at once":
      await crashHost(contender);
      return await bringBack(contender);
    case "crash of the host, leases expire": {
      await crashHost(contender);
      contender.uncertainFrom(now() + PROTECTED_MS);
      await wait(EXPIRED_MS);
      await expired(contender);
      return await bringBack(contender);
    }
  }
}

async function pauseDaemon(contender: Contender, ms: number): Promise<void> {
  contender.note(`our daemon is paused for ${ms} ms`);
  contender.host.daemon.signal("SIGSTOP");
  await wait(ms);
  contender.host.daemon.signal("SIGCONT");
  contender.note("our daemon goes on");
}

async function pauseSanlock(contender: Contender, ms: number): Promise<void> {
  contender.note(`sanlock is paused for ${ms} ms`);
  contender.host.sanlock.stop();
  await wait(ms);
  contender.host.sanlock.proceed();
  contender.note("sanlock goes on");
}

/** What clients hold goes with them; persistent locks stay, also while nobody serves. */
async function crashDaemon(contender: Contender): Promise<void> {
  contender.goesDown("our daemon crashes");
  await contender.host.daemon.kill();
  await contender.host.startDaemon();
  const { errors } = contender.host.daemon;
  if (await contender.sanlockHasGhosts()) {
    contender.ghosts++;
    await crashHost(contender);
    return await bringBack(contender);
  }
  if (!await contender.hasAdopted()) throw new Error(`the VG was not adopted:\n${errors.text}`);
  // A lock of a client that is gone cannot be told from a persistent one: whoever finds it releases it.
  for (const lv of contender.transientLvs) {
    const fields = contender.lvFields(lv, { mode: "un", opts: "persistent" });
    const result = await contender.result("lock_lv", fields);
    if (result !== 0 && result !== -2) throw new Error(`release of lv${lv}: ${result}`);
  }
  contender.isBack();
}

/**
 * When it goes on, sanlock finds its leases expired and wants the VG to be given up, or it renews them
 * just before it looks. Either way the VG is dropped and started again, as an operator would.
 */
async function pauseBeyondLeases(contender: Contender): Promise<void> {
  contender.note("sanlock is paused beyond its leases");
  contender.uncertainFrom(now() + CERTAIN_MS);
  contender.troubled = true;
  contender.host.sanlock.stop();
  await wait(12 * T);
  contender.host.sanlock.proceed();
  contender.note("sanlock goes on");
  // It looks once a second.
  await wait(3 * T);
  contender.goesDown("its VG is given up");
  await contender.result("kill_vg");
  await contender.dropVg();
  contender.forgetLocks();
  await contender.startVg();
  contender.isBack();
}

async function crashHost(contender: Contender): Promise<void> {
  contender.goesDown("the host crashes");
  await Promise.all([contender.host.sanlock.kill(), contender.host.daemon.kill()]);
}

/** The host starts with the name that it had: it need not wait for its own leases. */
async function bringBack(contender: Contender): Promise<void> {
  await contender.host.startSanlock();
  await contender.host.startDaemon();
  contender.forgetLocks();
  contender.note("joins again");
  await contender.startVg();
  contender.isBack();
}
