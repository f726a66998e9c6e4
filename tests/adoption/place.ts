/**
 * A place for one adopt file, and what is recorded in it, for tests of the recorder.
 *
 * @module
 */
import type { LockspaceSpec } from "../../backends/lock_manager.ts";
import { type AdoptVg, readAdoptFile } from "../../core/adoption/adopt_file.ts";
import type { AdoptRecorder } from "../../core/adoption/adopt_recorder.ts";
import { LockType, Mode, ResourceType } from "../../core/types.ts";

export class Place implements Disposable {
  readonly directory = Deno.makeTempDirSync();
  readonly path = `${this.directory}/adopt`;

  get text(): string {
    return Deno.readTextFileSync(this.path);
  }

  get files(): string[] {
    return [...Deno.readDirSync(this.directory)].map(({ name }) => name).sort();
  }

  /** `VG/LV` → mode, as a daemon that adopts would read them. */
  get locks(): Map<string, Mode> {
    return locksOf(readAdoptFile(this.path).vgs);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.directory, { recursive: true });
  }
}

export function locksOf(vgs: AdoptVg[]): Map<string, Mode> {
  return new Map(
    vgs.flatMap(({ vgName, locks }) =>
      locks.map(({ lvUuid, mode }): [string, Mode] => [`${vgName}/${lvUuid}`, mode])
    ),
  );
}

export function spec(vgName: string, more: Partial<LockspaceSpec> = {}): LockspaceSpec {
  return {
    id: 1,
    name: vgName === "" ? "lvm_global" : `lvm_${vgName}`,
    vgName,
    vgUuid: `uuid-of-${vgName}`,
    vgArgs: "1.0.0:lvmlock",
    lockType: LockType.sanlock,
    hostId: 1,
    pvPaths: [],
    ...more,
  };
}

export const lv = (name: string, mode: Mode, lockArgs = "1.0.0:70254592") => ({
  resource: { type: ResourceType.lv, name, lockArgs },
  mode,
});

export function committed(recorder: AdoptRecorder, body: () => void): void {
  recorder.begin();
  body();
  recorder.commit();
}
