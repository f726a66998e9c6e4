/**
 * Acquires that go wrong on the disk, and what sanlock does about them.
 *
 * @module
 */
import type { GrantAnswer } from "../../../../backends/lock_manager.ts";
import { Sanlk } from "../../../../backends/sanlock/constants.ts";
import { Errno } from "../../../../core/errno.ts";
import { Mode } from "../../../../core/types.ts";
import type { Cluster } from "./cluster.ts";
import type { Session } from "./session.ts";

/** A disk that is slow, or breaks; for shared locks also a race that was lost. */
export function acquireFailureOf(mode: Mode, { around: { chance } }: Cluster): number {
  const [slow, broken, raced] = [Sanlk.aioTimeout, Sanlk.leaderRead, Sanlk.acquireOwned];
  return chance.pick(mode === Mode.sh ? [slow, broken, raced] : [slow, broken]);
}

/**
 * The disk took the lease and the answer came too late: sanlock releases it by itself, and gives it
 * to nobody on this host until it has.
 */
export function takenInVain({ membership, held }: Session, name: string): GrantAnswer {
  const token = held.get(name)!;
  held.delete(name);
  membership!.tokens.delete(name);
  membership!.releasing.set(name, token);
  membership!.retryReleases();
  const lmResult = Sanlk.aioTimeout;
  return { result: -Errno.EIOTIMEOUT, lmResult, message: `${name}: the disk did not answer` };
}
