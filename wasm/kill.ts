/**
 * A VG whose storage or leases this host has lost (kill_vg) gives no locks any more, not even to
 * requests that came before: what holds it now is made safe and let go, and whoever got in meanwhile
 * would be missed.
 */
import { Action } from "./action";
import { reply } from "./effects";
import { Lockspace } from "./lockspace";
import { Resource } from "./resource";
import { sweep } from "./sweep";
import {
  EVGKILLED,
  OP_BUSY,
  OP_DROP_VG,
  OP_FREE,
  OP_KILL_VG,
  OP_LOCK,
  OP_SETLOCKARGS_BEFORE,
  UN,
} from "./vocabulary";

export function kill(lockspace: Lockspace): void {
  lockspace.killed = true;
  for (let next = lockspace.resources; next != null;) {
    const r = next;
    next = r.listNext;
    if (r.waiting.size > 0) refuseWaiting(r);
  }
}

/** What the manager is being asked for is answered when it answers. */
function refuseWaiting(r: Resource): void {
  for (let next = r.waiting.first; next != null;) {
    const action = next;
    next = action.next;
    // An active LV had the lock that is adopted for it before.
    if (action.inFlight || action.adopts || permittedAfterKill(action)) continue;
    reply(action, -EVGKILLED);
  }
  sweep(r);
}

/** A killed VG only lets go. */
export function permittedAfterKill(action: Action): bool {
  switch (action.op) {
    case OP_LOCK:
      return action.mode == UN;
    case OP_FREE:
    case OP_BUSY:
    case OP_KILL_VG:
    case OP_DROP_VG:
    case OP_SETLOCKARGS_BEFORE:
      return true;
    default:
      return false;
  }
}
