/**
 * The lock managers that a cluster may have.
 *
 * @module
 */
import { dlm } from "./dlm.ts";
import { idm } from "./idm.ts";
import type { LockManager, LockManagerKind } from "./lock_manager.ts";
import { none } from "./none.ts";
import { sanlock } from "./sanlock.ts";

export const lockManagers: Record<LockManagerKind, LockManager> = {
  dlm,
  idm,
  none,
  sanlock,
};
