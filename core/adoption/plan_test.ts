/**
 * What is taken over, from what managers, adopt file and device-mapper say.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import type { LeftBehind } from "../../backends/lock_manager.ts";
import { LockType, Mode } from "../types.ts";
import type { ActiveLvs } from "./active_lvs.ts";
import type { AdoptLock, AdoptVg } from "./adopt_file.ts";
import { type Found, makePlan, someOf } from "./plan.ts";

const lock = (lvUuid: string, mode: Mode = Mode.ex, lvArgs = "args"): AdoptLock => ({
  lvUuid,
  lvArgs,
  mode,
});

function inFile(vgName: string, locks: AdoptLock[], more: Partial<AdoptVg> = {}): AdoptVg {
  const about = { vgName, vgUuid: `uuid-of-${vgName}`, vgArgs: "1.0.0:lvmlock" };
  return { ...about, lockType: LockType.sanlock, locks, ...more };
}

function left(vgName: string, locks: AdoptLock[], more: Partial<LeftBehind> = {}): LeftBehind {
  return { ...inFile(vgName, locks), vgUuid: "", vgArgs: "", hostId: 7, ...more };
}

const activeOf = (...uuids: string[]): ActiveLvs =>
  new Map(uuids.map((lvUuid) => [lvUuid, { vgUuid: "", lvUuid, name: `vg0/name-of-${lvUuid}` }]));

function plan(found: Partial<Found>) {
  const listed = new Set<LockType>([LockType.sanlock, LockType.dlm]);
  return makePlan({ leftBehind: [], listed, file: [], active: activeOf(), ...found });
}

const brief = ({ vgs }: { vgs: { locks: AdoptLock[] }[] }) =>
  vgs.map(({ locks }) => locks.map(({ lvUuid, lvArgs, mode }) => `${lvUuid} ${lvArgs} ${mode}`));

Deno.test("file and manager together: the manager is right where both know", () => {
  const made = plan({
    leftBehind: [left("vg0", [lock("L1", Mode.sh, ""), lock("L2", Mode.ex, "new")])],
    file: [inFile("vg0", [lock("L1", Mode.ex, "old"), lock("L2"), lock("L3", Mode.sh)])],
    active: activeOf("L3"),
  });
  assertEquals(brief(made), [[
    `L3 args ${Mode.sh}`,
    `L1 old ${Mode.sh}`,
    `L2 new ${Mode.ex}`,
  ]]);
  const { locks, ...vg } = made.vgs[0]!;
  assertEquals(vg, {
    vgName: "vg0",
    vgUuid: "uuid-of-vg0",
    lockType: LockType.sanlock,
    vgArgs: "1.0.0:lvmlock",
    hostId: 7,
  });
  assertEquals(locks.map(({ active, name }) => [active, name]), [
    [true, "vg0/name-of-L3"],
    [false, "L1"],
    [false, "L2"],
  ]);
  assertEquals([made.troubles, made.settled, made.notes], [[], [], []]);
});

Deno.test("without a file, what the manager knows is enough", () => {
  const more = { vgUuid: "u", vgArgs: "1.0.0:lvmlock" };
  const made = plan({ leftBehind: [left("vg0", [lock("L1")], more), left("vg1", [], more)] });
  assertEquals(brief(made), [[`L1 args ${Mode.ex}`], []]);
  assertEquals(made.vgs.map(({ vgUuid }) => vgUuid), ["u", "u"]);
  assertEquals(made.troubles, []);
});

Deno.test("a VG without lock args is left alone, which is said, and its locks are not forgotten", () => {
  const made = plan({
    leftBehind: [left("vg0", [lock("L1"), lock("L2")])],
    active: activeOf("L2"),
  });
  assertEquals(made.vgs, []);
  assertEquals(made.troubles.map(({ lvUuids }) => lvUuids), [["L2"]]);
  assertMatch(made.troubles[0]!.text, /VG vg0 was left behind.*sanlock.*left alone/);
  assertEquals(made.settled.map(({ locks }) => locks.length), [2]);
});

Deno.test("dlm VGs come first; the global lockspace is none, but is known", () => {
  const dlm = { lockType: LockType.dlm, vgArgs: "1.0.0:c" };
  const made = plan({
    leftBehind: [
      left("a", [], { vgArgs: "x" }),
      left("", [], dlm),
      left("b", [], dlm),
    ],
  });
  assertEquals(made.vgs.map(({ vgName }) => vgName), ["b", "a"]);
  assertEquals(made.globals, [LockType.dlm]);
});

Deno.test("VGs are the same by UUID, and by name where one has no UUID", () => {
  const cut = plan({
    leftBehind: [left("a-long-na", [], { vgUuid: "uuid-of-a-long-name" })],
    file: [inFile("a-long-name", [lock("L1")])],
  });
  assertEquals(cut.vgs.map(({ vgName, locks }) => [vgName, locks.length]), [["a-long-name", 1]]);
  const older = inFile("vg0", [lock("L1")], { vgUuid: "older" });
  const byName = plan({ leftBehind: [left("vg0", [])], file: [older, inFile("vg0", [])] });
  assertEquals(byName.vgs.map(({ vgUuid }) => vgUuid), ["uuid-of-vg0"]);
  assertEquals(byName.settled.map(({ vgUuid }) => vgUuid), ["older"]);
});

Deno.test("the locks of another VG of the same name are not taken over", () => {
  const recreated = { vgUuid: "new", vgArgs: "1.0.0:lvmlock" };
  const otherType = inFile("vg1", [lock("L2")], { lockType: LockType.dlm });
  const made = plan({
    leftBehind: [left("vg0", [], recreated), left("vg1", [], recreated)],
    file: [inFile("vg0", [lock("L1")]), otherType],
    active: activeOf("L1", "L2"),
  });
  assertEquals(brief(made), [[], []]);
  assertEquals(made.troubles.map(({ lvUuids }) => lvUuids), [["L1"], ["L2"]]);
});

Deno.test("a VG that the manager has no more: a note, or an error when LVs are active", () => {
  const file = [inFile("vg0", [lock("L1"), lock("L2")])];
  const quiet = plan({ file });
  assertEquals(quiet.troubles, []);
  assertMatch(quiet.notes[0]!, /VG vg0 .* is not started any more: nothing to adopt/);
  assertEquals(quiet.settled.map(({ locks }) => locks), [[]]);
  const loud = plan({ file, active: activeOf("L2") });
  assertEquals(loud.troubles.map(({ vgName, lvUuids }) => [vgName, lvUuids]), [["vg0", ["L2"]]]);
  assertMatch(
    loud.troubles[0]!.text,
    /^VG vg0: sanlock does not have .* LVs are active: vg0\/name-of-L2\. .* without protection/,
  );
  assertEquals(loud.settled.map(({ locks }) => locks.map(({ lvUuid }) => lvUuid)), [["L2"]]);
});

Deno.test("of a manager that cannot be asked everything is kept", () => {
  const file = [inFile("vg0", [lock("L1"), lock("L2")])];
  const none = { file, listed: new Set<LockType>() };
  const quiet = plan(none);
  assertEquals([quiet.troubles.length, quiet.settled[0]!.locks.length], [0, 2]);
  assertMatch(quiet.notes[0]!, /needs sanlock, which cannot be asked now/);
  const loud = plan({ ...none, active: activeOf("L1") });
  assertMatch(loud.troubles[0]!.text, /^VG vg0: sanlock cannot be asked, but LVs are active/);
  assertEquals(loud.settled[0]!.locks.length, 2);
});

Deno.test("while it is not known what is active, everything is taken for active", () => {
  const made = makePlan({
    leftBehind: [left("vg0", [lock("L1")], { vgArgs: "x" })],
    listed: new Set([LockType.sanlock]),
    file: [inFile("vg1", [lock("L2")])],
    active: undefined,
  });
  assertEquals(made.vgs[0]!.locks.map(({ active }) => active), [true]);
  assertEquals(made.troubles.map(({ lvUuids }) => lvUuids), [["L2"]]);
});

Deno.test("a line names some of many, and only what can be printed", () => {
  assertEquals(someOf(["a", "b"]), "a, b");
  assertEquals(someOf(["a", "b", "c", "d", "e", "f", "g"]), "a, b, c, d, e and 2 more");
  assertEquals(someOf(["a\x1b[2J\nb"]), "a?[2J?b");
});

Deno.test("idm: VGs have no lock args, and their locks need the drives that the manager names", () => {
  const idm = { lockType: LockType.idm, vgArgs: "" };
  const made = plan({
    leftBehind: [{
      ...left("vg0", [], idm),
      pvPaths: ["/dev/a"],
      locks: [{ ...lock("L1"), pvPaths: ["/dev/b"] }],
    }],
    file: [inFile("vg0", [lock("L1", Mode.sh), lock("L2")], idm)],
  });
  assertEquals(made.troubles, []);
  const [vg] = made.vgs;
  assertEquals([vg?.vgArgs, vg?.pvPaths], ["", ["/dev/a"]]);
  assertEquals(vg?.locks.map(({ lvUuid, mode, pvPaths }) => [lvUuid, mode, pvPaths]), [
    ["L1", Mode.ex, ["/dev/b"]],
    ["L2", Mode.ex, undefined],
  ]);
});
