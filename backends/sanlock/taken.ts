/**
 * Lockspaces that sanlock is taking from us because their leases were lost. While it does so it sends
 * SIGTERM to whoever holds leases in them, again and again.
 *
 * @module
 */
import type { LockspaceArg } from "./client.ts";
import { Lsf, NAME_LENGTH } from "./constants.ts";

/**
 * Is one of our lockspaces being removed that we are not leaving ourselves?
 * @param listed what sanlock says of its lockspaces; their names are cut to 48 bytes.
 * @param ours names of those that we are in.
 * @param leaving names of those that we are leaving.
 */
export function isTakenAway(
  listed: readonly LockspaceArg[],
  ours: Iterable<string>,
  leaving: Iterable<string>,
): boolean {
  const short = (names: Iterable<string>) =>
    new Set(Array.from(names, (name) => name.slice(0, NAME_LENGTH)));
  const [mine, mineLeaving] = [short(ours), short(leaving)];
  return listed.some(({ name, flags }) =>
    (flags & Lsf.rem) !== 0 && mine.has(name) && !mineLeaving.has(name)
  );
}
