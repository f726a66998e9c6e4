/**
 * Waits for a lock that another process of this host has, as no LVM daemon does: the kernel then sends
 * the holder a message that it asked for if it has adopted the lock. Says when it waits, and waits until
 * it is killed.
 *
 *     deno run -A queue_for.ts LOCKSPACE RESOURCE
 *
 * @module
 */
import { DlmMode, LockFlag } from "../../../backends/dlm/constants.ts";
import { loadDlm } from "../../../backends/dlm/library.ts";

const { convert, expedite, noqueue } = LockFlag;
const [lockspace = "", resource = ""] = Deno.args;

/** A lock in mode NL, with a handle of its own. */
async function idle() {
  const handle = await loadDlm().open(lockspace);
  if (handle === undefined) throw new Error(`no lockspace ${lockspace}`);
  const lock = handle.makeLock(resource, false);
  if (await handle.lock(lock, DlmMode.nl, expedite) !== 0) throw new Error(`no ${resource}`);
  return { handle, lock };
}

const waiting = await idle();
const other = await idle();
const granted = waiting.handle.lock(waiting.lock, DlmMode.ex, convert);
// Nothing tells that the request is in the queue. This one comes later.
if (await other.handle.lock(other.lock, DlmMode.ex, convert | noqueue) === 0) {
  throw new Error(`nobody has ${resource}`);
}
console.log("waiting");
await granted;
console.log("granted");
