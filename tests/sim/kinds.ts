/**
 * The kinds of lock manager that can be simulated.
 *
 * @module
 */
import { LockType } from "../../core/types.ts";
import type { SimulatedManager, Surroundings } from "./manager.ts";
import { SimulatedIdm } from "./managers/idm.ts";
import { SimulatedDlm } from "./managers/dlm.ts";
import { SimulatedSanlock } from "./managers/sanlock.ts";

export const kinds = { sanlock: LockType.sanlock, dlm: LockType.dlm, idm: LockType.idm } as const;
export type Kind = keyof typeof kinds;

export function makeManager(kind: LockType, surroundings: Surroundings): SimulatedManager {
  if (kind === LockType.sanlock) return new SimulatedSanlock(surroundings);
  if (kind === LockType.dlm) return new SimulatedDlm(surroundings);
  return new SimulatedIdm(surroundings);
}
