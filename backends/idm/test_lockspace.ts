/**
 * Lockspaces, locks and a manager of simulated drives, for tests.
 *
 * @module
 */
import { LockType, ResourceType } from "../../core/types.ts";
import type { LockspaceSpec, ResourceSpec } from "../lock_manager.ts";
import { IdmManager, type IdmSettings } from "./mod.ts";
import { SimulatedDrives, SimulatedIlm } from "./test_ilm.ts";

export const VG_UUID = "1h2pck-dj9J-XUbv-dInE-i33j-zG6x-XGe8F7";
export const LV_UUID = "RBky4y-dXRY-113w-tlas-Snc3-hEnL-8Bscsf";

export const vgLock: ResourceSpec = { type: ResourceType.vg, name: "VGLK", lockArgs: "" };
export const globalLock: ResourceSpec = { type: ResourceType.gl, name: "GLLK", lockArgs: "" };
export const lvLock = (drives = ["/dev/a"], name = LV_UUID): ResourceSpec => ({
  type: ResourceType.lv,
  name,
  lockArgs: "idm",
  pvPaths: drives,
});

let lastId = 0;

/** A lockspace as the table describes it; `vgName` `""` is the global one. */
export function lockspaceOf(vgName: string, pvPaths = ["/dev/a", "/dev/b"]): LockspaceSpec {
  return {
    id: ++lastId,
    name: vgName === "" ? "lvm_global" : `lvm_${vgName}`,
    vgName,
    vgUuid: vgName === "" ? "" : VG_UUID,
    vgArgs: "",
    lockType: LockType.idm,
    hostId: 0,
    pvPaths: vgName === "" ? [] : pvPaths,
  };
}

export const no = { adopt: "no" as const };
export const unlocking = { version: 0 };

/** A daemon's manager on a host of its own. */
export class TestHost {
  readonly ilm: SimulatedIlm;
  readonly manager: IdmManager;
  /** VGs whose locks were reported lost, with the reason. */
  readonly lost: string[] = [];
  /** Microseconds. */
  now = 1_000_000n;

  constructor(drives = new SimulatedDrives(), settings: Partial<IdmSettings> = {}) {
    this.ilm = new SimulatedIlm(drives);
    this.manager = new IdmManager({
      library: () => this.ilm,
      clock: () => this.now,
      killCommand: { path: "/kill", args: (vgName) => `--kill ${vgName}` },
      ...settings,
    });
    this.manager.onLost = ({ vgName }, why) => this.lost.push(`${vgName}: ${why}`);
  }

  /** A VG that is started. */
  async start(vgName = "vg0", pvPaths?: string[]): Promise<LockspaceSpec> {
    const spec = lockspaceOf(vgName, pvPaths);
    const { result, message } = await this.manager.join(spec);
    if (result < 0) throw new Error(message);
    return spec;
  }
}
