/**
 * The lease of the global lock in a VG: enabled or disabled by its name.
 *
 * @module
 */
import { Errno } from "../../core/errno.ts";
import type { Answer } from "../lock_manager.ts";
import type { SanlockClient } from "./client.ts";
import { AcquireFlag, ReleaseFlag, Res } from "./constants.ts";
import { GL_SLOT } from "./geometry.ts";
import { DISABLED_GL, ENABLED_GL, leaseAt, type SanlockLockspace } from "./lockspace.ts";

function glLease(lockspace: SanlockLockspace, name: string) {
  return leaseAt(lockspace, GL_SLOT * lockspace.geometry.alignSize, name);
}

/** 1 if it is enabled, 0 if not, else a negative result of sanlock (EINVAL: neither name). */
export async function isGlEnabled(
  client: SanlockClient,
  lockspace: SanlockLockspace,
): Promise<number> {
  const { result, head } = await client.readResource(glLease(lockspace, ""));
  if (result < 0) return result;
  if (head.name === ENABLED_GL) return 1;
  return head.name === DISABLED_GL ? 0 : -Errno.EINVAL;
}

/** Rewrites the lease; other hosts that hold it lose it. */
export async function switchGl(
  client: SanlockClient,
  lockspace: SanlockLockspace,
  enabled: boolean,
): Promise<Answer> {
  const result = await client.writeResource(
    glLease(lockspace, enabled ? ENABLED_GL : DISABLED_GL),
  );
  return { result, lmResult: result };
}

/** Takes the global lock for good, so that no other host holds it, and disables it as it goes. */
export async function retireGl(lockspace: SanlockLockspace): Promise<Answer> {
  const { connection } = lockspace;
  const lease = glLease(lockspace, ENABLED_GL);
  const acquired = await connection.acquire(lease, AcquireFlag.ownerNowait);
  if (acquired < 0) return { result: acquired, lmResult: acquired };
  const lmResult = await connection.release(
    { ...lease, flags: lease.flags & ~Res.shared },
    ReleaseFlag.rename,
    DISABLED_GL,
  );
  return { result: lmResult, lmResult };
}
