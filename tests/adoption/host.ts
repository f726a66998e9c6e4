/**
 * A host on which daemons die, for tests of adoption: device-mapper, the adopt file and the lock
 * managers outlive each daemon, which is the real lock table with dispatcher, service and recorder.
 *
 * @module
 */
import { readAdoptFile } from "../../core/adoption/adopt_file.ts";
import { AdoptRecorder } from "../../core/adoption/adopt_recorder.ts";
import type { Adoption } from "../../core/adoption/adopter.ts";
import { takeOver } from "../../core/adoption/mod.ts";
import type { LockManager } from "../../backends/lock_manager.ts";
import { Backends } from "../../backends/registry.ts";
import { Dispatcher } from "../../core/dispatcher.ts";
import { type StaticStatus, TableService } from "../../core/lock_service.ts";
import { LockType, Mode } from "../../core/types.ts";
import { newEngine } from "../interaction/table.ts";
import { lockspaceOf, TestManager } from "./manager.ts";

const DM_UUID_LENGTH = 32;

/** An LV's UUID as device-mapper has it. */
const uuidOf = (name: string) => name.padEnd(DM_UUID_LENGTH, "x");
/** The same in LVM's spelling. */
export const dashed = (name: string) =>
  uuidOf(name).replace(/^(.{6})(.{4})(.{4})(.{4})(.{4})(.{4})(.{6})$/, "$1-$2-$3-$4-$5-$6-$7");

/** A host: device-mapper, the adopt file and lock managers. All of it outlives the daemon. */
export class Host implements Disposable {
  readonly directory = Deno.makeTempDirSync();
  readonly path = `${this.directory}/adopt`;
  readonly sysBlock = `${this.directory}/block`;
  /** Of the newest daemon. */
  recorder = new AdoptRecorder(this.path);
  readonly sanlock: TestManager;
  readonly dlm: TestManager;

  constructor() {
    Deno.mkdirSync(this.sysBlock);
    // The managers belong to the host, the recorder to the daemon of the time.
    const recorder = new Proxy(this.recorder, {
      get: (_, name: keyof AdoptRecorder) => this.recorder[name].bind(this.recorder),
    });
    this.sanlock = new TestManager(LockType.sanlock, recorder);
    this.dlm = new TestManager(LockType.dlm, recorder);
  }

  activate(vgName: string, lv: string): void {
    const folder = `${this.sysBlock}/dm-${[...Deno.readDirSync(this.sysBlock)].length}/dm`;
    Deno.mkdirSync(folder, { recursive: true });
    Deno.writeTextFileSync(`${folder}/name`, `${vgName}-${lv}\n`);
    Deno.writeTextFileSync(`${folder}/uuid`, `LVM-${"v".repeat(DM_UUID_LENGTH)}${uuidOf(lv)}\n`);
  }

  /** The host is in the lockspace; a daemon held these locks (LVs by name) when it died. */
  leave(manager: TestManager, vgName: string, locks: Record<string, Mode> = {}): void {
    manager.lockspaces.set(vgName, lockspaceOf(vgName, manager.type));
    for (const [name, mode] of Object.entries(locks)) {
      const isLv = name !== "VGLK" && name !== "GLLK";
      const key = `${vgName}/${isLv ? dashed(name) : name}`;
      manager.orphans.set(key, mode);
      if (isLv) manager.listed.add(key);
    }
  }

  /** A daemon that has just started. */
  boot(managers: LockManager[] = [this.sanlock, this.dlm]): Daemon {
    return new Daemon(this, managers);
  }

  /** `VG/LV` of the file. */
  get inFile(): string[] {
    return readAdoptFile(this.path).vgs
      .flatMap(({ vgName, locks }) => locks.map(({ lvUuid }) => `${vgName}/${lvUuid}`)).sort();
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.directory, { recursive: true });
  }
}

export class Daemon {
  readonly service: TableService;
  readonly #opened: ReturnType<typeof AdoptRecorder.open>;

  constructor(readonly host: Host, readonly managers: LockManager[]) {
    this.#opened = AdoptRecorder.open(host.path);
    host.recorder = this.#opened.recorder;
    const events = {
      quit: () => {},
      shutdownRefused: () => {},
      fatal: (error: unknown) => {
        throw error;
      },
      changed: () => this.service?.changed(),
    };
    const engine = newEngine({ checked: true });
    const backends = new Backends(managers);
    const dispatcher = new Dispatcher(engine, backends, events, {
      defaultHostId: () => 1,
      soon: setImmediate,
    });
    this.service = new TableService(engine, dispatcher, {} as StaticStatus);
    dispatcher.configure({ test: false, glType: LockType.none });
  }

  adopt(limit?: AbortSignal): Promise<Adoption> {
    const { host: { sysBlock }, managers, service } = this;
    return takeOver({ ...this.#opened, service, managers, sysBlock, ...limit ? { limit } : {} });
  }

  async adoptAll() {
    return await (await this.adopt()).done;
  }

  /** Persistent and other locks in the table, as `VG/NAME` → mode. */
  get locks(): Map<string, Mode> {
    const locks = new Map<string, Mode>();
    let [vg, name] = ["", ""];
    for (const row of this.service.inspect()) {
      if (row.kind === "lockspace") vg = row.vgName;
      else if (row.kind === "resource") name = row.name;
      else if (row.kind === "lock") locks.set(`${vg}/${name}`, row.mode);
    }
    return locks;
  }

  /** Resolves when `condition` holds after a change. */
  when(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.service.onChange(() => {
        if (!condition()) return;
        stop();
        resolve();
      });
    });
  }
}
