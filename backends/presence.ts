/**
 * Is a lock manager that spans hosts running here? Asked before the embedded manager offers itself:
 * it serves only where there is none.
 *
 * @module
 */
import { LockType } from "../core/types.ts";

/** Readable while dlm_controld has set up a cluster. */
const DLM_CLUSTER = "/sys/kernel/config/dlm/cluster/cluster_name";

/** Types of the cluster lock managers that run here now and that no backend uses itself. */
export async function runningClusterManagers(): Promise<LockType[]> {
  const found: LockType[] = [];
  if (await dlmCluster() !== "") found.push(LockType.dlm);
  return found;
}

/** Name of the DLM cluster, `""` if there is none. */
export async function dlmCluster(): Promise<string> {
  try {
    return (await Deno.readTextFile(DLM_CLUSTER)).trim();
  } catch {
    return "";
  }
}
