/**
 * Processes that died while sanlock was carrying out a call of theirs, such as a lock that two hosts
 * want at the same time. sanlock finishes the call first; until then none of their locks is an orphan,
 * and what the call will leave behind cannot be told.
 *
 * @module
 */
import { logger } from "../../core/log.ts";
import { sanlockStatus } from "./status_command.ts";

const log = logger("sanlock");

/** A call takes a second or two with contention, more with a disk that is slow. */
const LIMIT_MS = 60_000;
const POLL_MS = 50;

const lostTrack =
  "sanlock has lost track of a daemon that died: some of the locks that it held stay " +
  "taken, for this host too. Other hosts are kept from them. Stop all VGs on this host, or " +
  "deactivate their LVs, and start sanlock again";

/**
 * Process ids of clients that `status` lists although they are not alive.
 * @param status what `sanlock client status` prints: a line `p <pid> <name>` for each client.
 */
export function deadClients(status: string, isAlive = isProcess): number[] {
  const pids = [...status.matchAll(/^p (\d+) /gm)].map(([, pid]) => Number(pid));
  return pids.filter((pid) => !isAlive(pid));
}

/**
 * Whether sanlock has lost track of a lvmlockd that was killed while a conversion ended, as 3.8.5 does
 * at times: what that one held is no orphan, and nobody can release it.
 */
export function hasLostTrack(status: string): boolean {
  return /^p -1 lvmlockd$/m.test(status);
}

/** A process that has ended and was not waited for yet is none: its connections are closed. */
function isProcess(pid: number): boolean {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
  } catch {
    return false;
  }
}

/** Waits until sanlock has finished the calls of dead processes; not for ever. */
export async function deadClientsGone(
  status: () => Promise<string> = sanlockStatus,
): Promise<void> {
  const end = performance.now() + LIMIT_MS;
  for (let said = false;;) {
    const text = await status();
    const dead = deadClients(text);
    if (dead.length === 0) {
      if (hasLostTrack(text)) log.error(lostTrack);
      return;
    }
    if (performance.now() > end) {
      log.warn(`sanlock does not finish the calls of process ${dead.join(", ")}, which has died`);
      return;
    }
    if (!said) log.info(`sanlock is still carrying out a call of process ${dead.join(", ")}`);
    said = true;
    await new Promise((wake) => setTimeout(wake, POLL_MS));
  }
}
