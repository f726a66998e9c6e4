/** Locks of nodes with a simulated DLM, for tests. @module */
import type { Mode } from "../../core/types.ts";
import { SimulatedDlm, type SimulatedNode } from "./simulated_dlm.ts";
import { lockspaceOf, lvLock } from "./test_host.ts";
import type { ResourceSpec } from "../../backends/lock_manager.ts";
import { convertLock, releaseLock, takeLock } from "../../backends/dlm/locks.ts";
import { DlmLockspace } from "../../backends/dlm/lockspace.ts";

export const LS = "lvm_vg0";
export const lv = lvLock("abcdef-aaaa-bbbb-cccc-dddd-eeee-abcdef");

export async function joined(
  node: SimulatedNode,
  { slowExclusive = false, idleLimit = 0, active = true } = {},
): Promise<DlmLockspace> {
  const handle = await node.create(LS) ?? await node.open(LS);
  return new DlmLockspace(lockspaceOf("vg0"), LS, handle!, slowExclusive, () => active, idleLimit);
}

export const take = (at: DlmLockspace, resource: ResourceSpec, mode: Mode) =>
  takeLock(at, resource, mode, { adopt: "no" });
export const adopt = async (at: DlmLockspace, resource: ResourceSpec, mode: Mode) =>
  (await takeLock(at, resource, mode, { adopt: "only" })).result;
export const release = (at: DlmLockspace, resource: ResourceSpec, version = 0, freeVg = false) =>
  releaseLock(at, resource, { version, freeVg });
export const convert = async (at: DlmLockspace, resource: ResourceSpec, mode: Mode, version = 0) =>
  (await convertLock(at, resource, mode, { version })).result;

/** Everything that was asked for without waiting is done. */
export const settle = (at: DlmLockspace) =>
  at.call((handle) => handle.lock(handle.makeLock("x", false), 0, 0x400));

export async function twoNodes(idleLimit = 0) {
  const dlm = new SimulatedDlm();
  const [one, two] = [
    await joined(dlm.node(1), { idleLimit }),
    await joined(dlm.node(2), { idleLimit }),
  ];
  return { dlm, one, two };
}
