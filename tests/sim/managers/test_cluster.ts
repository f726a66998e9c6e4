/**
 * Hosts with a simulated manager and a VG that is started, for tests.
 *
 * @module
 */
import type {
  Adopt,
  Answer,
  GrantAnswer,
  JoinAnswer,
  LockManager,
  LockspaceSpec,
  ResourceSpec,
} from "../../../backends/lock_manager.ts";
import { LockType, Mode, ResourceType } from "../../../core/types.ts";
import type { SimulatedManager, Surroundings } from "../manager.ts";
import { SimulatedDlm } from "./dlm.ts";
import { SimulatedIdm } from "./idm.ts";
import { SimulatedSanlock } from "./sanlock.ts";
import { answered, type TestWorld, testWorld } from "./test_clock.ts";

export const VG_UUID = "1h2pck-dj9J-XUbv-dInE-i33j-zG6x-XGe8F7";
export const LV_UUIDS = [
  "RBky4y-dXRY-113w-tlas-Snc3-hEnL-8Bscsf",
  "TKbbbv-CjxB-FvTw-xA6L-xrdx-1Tea-xJx5Qd",
];
export const PVS = ["/dev/pv0", "/dev/pv1", "/dev/pv2"];

export const vgLock: ResourceSpec = { type: ResourceType.vg, name: "VGLK", lockArgs: "" };
export const globalLock: ResourceSpec = { type: ResourceType.gl, name: "GLLK", lockArgs: "" };

const vgArgs: Record<string, string> = {
  [LockType.sanlock]: "1.0.0:lvmlock",
  [LockType.dlm]: "1.0.0:sim",
  [LockType.idm]: "",
};

export const makers: Record<string, (around: Surroundings) => SimulatedManager> = {
  sanlock: (around) => new SimulatedSanlock(around),
  dlm: (around) => new SimulatedDlm(around),
  idm: (around) => new SimulatedIdm(around),
};

let lastId = 0;

/** One daemon process and the VG that it has started. */
export class Daemon {
  readonly lost: string[] = [];
  vg: LockspaceSpec;

  constructor(
    readonly cluster: TestCluster,
    readonly host: number,
    readonly lm: LockManager,
    hostId = host,
    vgName = "vg",
  ) {
    const { type } = lm;
    this.vg = {
      id: ++lastId,
      name: vgName === "" ? "lvm_global" : `lvm_${vgName}`,
      vgName,
      vgUuid: vgName === "" ? "" : VG_UUID,
      vgArgs: vgArgs[type]!,
      lockType: type,
      hostId,
      pvPaths: vgName === "" ? [] : [...PVS],
    };
    lm.onLost = ({ vgName }, why, commandRuns) =>
      this.lost.push(`${vgName}${commandRuns === true ? " (command runs)" : ""}: ${why}`);
  }

  wait<T>(answer: T | Promise<T>): Promise<T> {
    return answered(this.cluster.clock, answer);
  }

  /** @returns the answer of the join, or of what was refused before. */
  async start(adopt: Adopt = "no"): Promise<JoinAnswer> {
    const how = { adopt, nodelay: false, repair: false };
    const prepared = await this.wait(this.lm.prepare(this.vg, how));
    return prepared.result < 0 ? prepared : await this.wait(this.lm.join(this.vg, how));
  }

  lock(
    resource: ResourceSpec,
    mode: Mode,
    adopt: Adopt = "no",
    persistent = false,
  ): Promise<GrantAnswer> {
    const how = { adopt, repair: false, checkGl: false, persistent };
    return this.wait(this.lm.lock(this.vg, resource, mode, how));
  }

  convert(resource: ResourceSpec, mode: Mode, version = 0): Promise<GrantAnswer> {
    return this.wait(this.lm.convert(this.vg, resource, mode, { version }));
  }

  unlock(resource: ResourceSpec, version = 0, freeVg = false): Promise<Answer> {
    return this.wait(this.lm.unlock(this.vg, resource, { version, freeVg }));
  }

  leave(force = false, freeVg = false): Promise<Answer> {
    return this.wait(this.lm.leave(this.vg, { force, freeVg }));
  }
}

export class TestCluster {
  readonly world: TestWorld;
  readonly manager: SimulatedManager;
  /** The resources of two LVs. */
  lvs: ResourceSpec[] = [];

  private constructor(kind: string) {
    this.world = testWorld((host) => this.manager.hostDied(host));
    this.manager = makers[kind]!(this.world);
  }

  get clock() {
    return this.world.clock;
  }

  get log(): string[] {
    return this.world.log;
  }

  /** A cluster whose VG was made by host 1, and is started on hosts 1 to `hosts`. */
  static async make(kind: string, hosts = 2): Promise<{ cluster: TestCluster; daemons: Daemon[] }> {
    const cluster = new TestCluster(kind);
    const daemons = Array.from({ length: hosts }, (_, i) => cluster.daemon(i + 1));
    await cluster.#makeVg(daemons[0]!);
    for (const daemon of daemons) {
      const { result, message } = await daemon.start();
      if (result < 0) throw new Error(message);
    }
    return { cluster, daemons };
  }

  async #makeVg(by: Daemon): Promise<void> {
    const about = { lockspaceName: "lvm_vg", vgName: "vg", vgArgs: "lvmlock" };
    await by.wait(by.lm.initVg({ ...about, otherArgs: "", alignMb: 0, enableGl: true }));
    this.lvs = [];
    for (const name of LV_UUIDS) {
      const made = await by.wait(
        by.lm.leases?.initLv({
          ...about,
          vgArgs: by.vg.vgArgs,
          lvName: name,
          lvUuid: name,
          prevLvArgs: this.lvs.at(-1)?.lockArgs ?? "",
          lockspaceId: 0,
        }),
      );
      const lockArgs = made?.lvArgs ?? "any";
      this.lvs.push({ type: ResourceType.lv, name, lockArgs, pvPaths: [...PVS] });
    }
  }

  daemon(host: number, hostId = host, vgName = "vg"): Daemon {
    return new Daemon(this, host, this.manager.connect(host), hostId, vgName);
  }

  /** The locks that count, a word for each, in a fixed order. */
  get held(): string[] {
    const words = [...this.manager.held()].map(({ host, resource, mode, orphan }) => {
      const short = resource.length > 4 ? `LV${LV_UUIDS.indexOf(resource)}` : resource;
      return `${host} ${short} ${mode === Mode.ex ? "ex" : "sh"}${orphan ? " orphan" : ""}`;
    });
    return words.sort();
  }

  async pass(seconds: number): Promise<void> {
    await this.clock.pass(seconds * 1000);
  }
}
