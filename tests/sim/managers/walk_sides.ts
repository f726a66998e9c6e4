/**
 * Hosts to walk through: of the simulated managers, and of the real backends over what stands in for
 * their managers in their own tests.
 *
 * @module
 */
import { DlmLockspace } from "../../../backends/dlm/lockspace.ts";
import { convertLock, releaseLock, takeLock } from "../../../backends/dlm/locks.ts";
import { SimulatedDrives } from "../../../backends/idm/test_ilm.ts";
import * as idm from "../../../backends/idm/test_lockspace.ts";
import type { LockManager, LockspaceSpec, ResourceSpec } from "../../../backends/lock_manager.ts";
import * as leases from "../../../backends/sanlock/locks.ts";
import type { MemoryConnection } from "../../../backends/sanlock/test_client.ts";
import { formatted, joined, lvAt, vg } from "../../../backends/sanlock/test_lockspace.ts";
import { SimulatedDlm } from "../../dlm/simulated_dlm.ts";
import { lockspaceOf, lvLock, vgLock } from "../../dlm/test_host.ts";
import { type Daemon, LV_UUIDS, PVS, TestCluster } from "./test_cluster.ts";
import type { Place, Side } from "./walk.ts";

/** Two hosts of a simulated manager. `restarts`: daemons may be killed. */
export async function simulatedSides(kind: string, restarts: boolean): Promise<Side[]> {
  const { cluster, daemons } = await TestCluster.make(kind);
  return daemons.map((first): Side => {
    let daemon: Daemon = first;
    const at = (place: Place) => place === "vg" ? vgLock : cluster.lvs[place === "lv0" ? 0 : 1]!;
    const side: Side = {
      lock: (place, mode, how) => daemon.lock(at(place), mode, how.adopt, how.persistent),
      convert: (place, mode, version) => daemon.convert(at(place), mode, version),
      unlock: (place, version) => daemon.unlock(at(place), version),
    };
    if (!restarts) return side;
    side.restart = async () => {
      cluster.manager.daemonDied(daemon.host);
      daemon = cluster.daemon(daemon.host);
      await daemon.start("ok");
    };
    return side;
  });
}

/** The real sanlock backend, with leases in memory. */
export async function sanlockSides(path: string): Promise<Side[]> {
  const storage = await formatted(path, ["lv67", "lv68"]);
  return await Promise.all([1, 2].map(async (hostId): Promise<Side> => {
    const { client, lockspace } = await joined(storage, hostId);
    let current = lockspace;
    const at = (place: Place) => place === "vg" ? vg : lvAt(place === "lv0" ? 67 : 68);
    return {
      lock: (place, mode, how) =>
        leases.takeLock(client, current, at(place), mode, { ...how, repair: false }),
      convert: (place, mode, version) =>
        leases.convertLock(client, current, at(place), mode, { version }),
      unlock: (place, version) =>
        leases.releaseLock(client, current, at(place), { version, freeVg: false }),
      restart: async () => {
        await current.connection.close();
        const connection = await client.register() as MemoryConnection;
        current = { ...current, connection, held: new Map() };
      },
    };
  }));
}

/** The real DLM backend, with kernels in memory. */
export async function dlmSides(): Promise<Side[]> {
  const cluster = new SimulatedDlm();
  const spec = lockspaceOf("vg");
  return await Promise.all([1, 2].map(async (id): Promise<Side> => {
    const node = cluster.node(id);
    let lockspace = new DlmLockspace(spec, spec.name, (await node.create(spec.name))!);
    const at = (place: Place) => place === "vg" ? vgLock : lvLock(place);
    return {
      lock: (place, mode, how) => takeLock(lockspace, at(place), mode, how),
      convert: (place, mode, version) => convertLock(lockspace, at(place), mode, { version }),
      unlock: (place, version) => releaseLock(lockspace, at(place), { version, freeVg: false }),
      restart: async () => {
        node.killProcess();
        lockspace = new DlmLockspace(spec, spec.name, (await node.open(spec.name))!);
      },
    };
  }));
}

/** The real IDM backend, with drives in memory. */
export async function idmSides(): Promise<Side[]> {
  const drives = new SimulatedDrives();
  // The hosts' clocks agree and never stand still.
  let micros = 1_000_000n;
  return await Promise.all([1, 2].map(async (): Promise<Side> => {
    const host = new idm.TestHost(drives, { clock: () => micros += 1000n });
    return sideOf(
      host.manager,
      await host.start("vg", [...PVS]),
      (place) => place === "vg" ? idm.vgLock : idm.lvLock(PVS, LV_UUIDS[place === "lv0" ? 0 : 1]!),
    );
  }));
}

/** A backend as it is. */
export function sideOf(
  manager: LockManager,
  spec: LockspaceSpec,
  at: (place: Place) => ResourceSpec,
): Side {
  const none = { repair: false, checkGl: false };
  return {
    lock: async (place, mode, how) =>
      await manager.lock(spec, at(place), mode, { ...none, ...how }),
    convert: async (place, mode, version) =>
      await manager.convert(spec, at(place), mode, { version }),
    unlock: async (place, version) =>
      await manager.unlock(spec, at(place), { version, freeVg: false }),
  };
}
