/**
 * Adoption after any way in which a daemon may have died: nothing that somebody knows is lost without
 * a word.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Daemon, dashed, Host } from "../../tests/adoption/host.ts";
import { lockspaceOf } from "../../tests/adoption/manager.ts";
import { Errno } from "../errno.ts";
import { Mode, ResourceType } from "../types.ts";
import { AdoptRecorder } from "./adopt_recorder.ts";

/** One LV as the dead daemon, the manager, the file and device-mapper know it. */
const anyLv = fc.record({
  orphan: fc.constantFrom(Mode.un, Mode.sh, Mode.ex),
  listed: fc.boolean(),
  inFile: fc.constantFrom(Mode.un, Mode.sh, Mode.ex),
  active: fc.boolean(),
  elsewhere: fc.constantFrom(Mode.un, Mode.un, Mode.sh, Mode.ex),
  broken: fc.constantFrom(false, false, false, true),
});
const anyVg = fc.record({
  dlm: fc.boolean(),
  known: fc.constantFrom(true, true, true, false),
  joinable: fc.constantFrom(true, true, true, false),
  vgLock: fc.constantFrom(Mode.un, Mode.sh, Mode.ex),
  lvs: fc.array(anyLv, { maxLength: 5 }),
});
type AnyVg = typeof anyVg extends fc.Arbitrary<infer T> ? T : never;

/** Brings about what the VGs say. Returns `VG/LV` of all active LVs that somebody knows to lock. */
function arrange(host: Host, vgs: AnyVg[]): Set<string> {
  const mustHold = new Set<string>();
  const before = new AdoptRecorder(host.path);
  before.begin();
  vgs.forEach(({ dlm, known, joinable, vgLock, lvs }, number) => {
    const vgName = `vg${number}`;
    const manager = dlm ? host.dlm : host.sanlock;
    const lockspace = lockspaceOf(vgName, manager.type);
    const spec = { ...lockspace, id: 1, name: `lvm_${vgName}`, pvPaths: [] };
    before.recordLockspace(spec, true);
    if (known) manager.lockspaces.set(vgName, lockspace);
    if (known && vgLock !== Mode.un) manager.orphans.set(`${vgName}/VGLK`, vgLock);
    if (!joinable) manager.joinAnswers.set(vgName, { result: -Errno.EMANAGER });
    lvs.forEach((lv, i) => {
      const name = `V${number}L${i}`;
      const key = `${vgName}/${dashed(name)}`;
      if (lv.active) host.activate(vgName, name);
      if (lv.inFile !== Mode.un) {
        const resource = { type: ResourceType.lv, name: dashed(name), lockArgs: "a" };
        before.recordLock(spec.name, { resource, mode: lv.inFile });
      }
      const orphan = known && lv.orphan !== Mode.un;
      if (orphan) manager.orphans.set(key, lv.orphan);
      else manager.elsewhere.set(key, lv.elsewhere);
      if (orphan && lv.listed) manager.listed.add(key);
      if (lv.broken) manager.lockAnswers.set(key, { result: -Errno.ELOCKIO });
      if (lv.active && (lv.inFile !== Mode.un || (orphan && lv.listed))) mustHold.add(key);
    });
  });
  before.commit();
  return mustHold;
}

/** Nothing that somebody knows may be lost without a word. */
function check(host: Host, daemon: Daemon, mustHold: Set<string>, reported: Set<string>): void {
  const { locks } = daemon;
  for (const key of mustHold) {
    assert(locks.has(key) || reported.has(key.split("/")[1]!), `${key} is lost`);
  }
  const inFile = new Set(host.inFile);
  for (const key of [...locks.keys(), ...mustHold]) assert(inFile.has(key), `${key} not in file`);
  const held = [...host.sanlock.held, ...host.dlm.held].sort();
  assertEquals([...locks].sort(), held, "the table has what the manager gave");
}

Deno.test("no lock of an active LV is without owner after adoption, unless it is reported", async () => {
  const anyVgs = fc.array(anyVg, { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(anyVgs, fc.boolean(), async (vgs, slow) => {
      using host = new Host();
      const mustHold = arrange(host, vgs);
      const managers = [host.sanlock, host.dlm];
      for (const manager of managers) manager.slow = slow;
      const daemon = host.boot();
      const first = await daemon.adoptAll();
      check(host, daemon, mustHold, new Set(first.troubles.flatMap(({ lvUuids }) => lvUuids)));
      vgs.forEach(({ known, joinable, dlm }, number) => {
        const { orphans } = dlm ? host.dlm : host.sanlock;
        if (known && joinable) assert(!orphans.has(`vg${number}/VGLK`));
      });
      // Once more: whatever the first could not take is taken when nothing hinders any more.
      for (const manager of managers) {
        manager.crash();
        manager.joinAnswers.clear();
        manager.lockAnswers.clear();
        manager.elsewhere.clear();
        manager.listed.clear();
      }
      const second = host.boot();
      const report = await second.adoptAll();
      check(host, second, mustHold, new Set(report.troubles.flatMap(({ lvUuids }) => lvUuids)));
      const stillThere = (key: string) => vgs[Number(/^vg(\d+)/.exec(key)![1])]!.known;
      for (const key of mustHold) if (stillThere(key)) assert(second.locks.has(key), key);
    }),
    { numRuns: 100 },
  );
});
