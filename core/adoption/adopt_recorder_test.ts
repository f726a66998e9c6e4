/**
 * The adopt file that the recorder keeps, change by change.
 *
 * @module
 */
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { committed, lv, Place, spec } from "../../tests/adoption/place.ts";
import { Mode, ResourceType } from "../types.ts";
import { type AdoptVg, readAdoptFile } from "./adopt_file.ts";
import { AdoptRecorder } from "./adopt_recorder.ts";

/** A recorder with `vg0` joined and these LVs locked. */
function holding(place: Place, ...names: string[]): AdoptRecorder {
  const recorder = new AdoptRecorder(place.path);
  committed(recorder, () => {
    recorder.recordLockspace(spec("vg0"), true);
    for (const name of names) recorder.recordLock("lvm_vg0", lv(name, Mode.ex));
  });
  return recorder;
}

const vg0 = (...names: string[]): AdoptVg => {
  const { vgName, vgUuid, lockType, vgArgs } = spec("vg0");
  const locks = names.map((lvUuid) => ({ lvUuid, lvArgs: "1.0.0:70254592", mode: Mode.ex }));
  return { vgName, vgUuid, lockType, vgArgs, locks };
};

Deno.test("LV locks are in the file, locks of VGs and the global lock are not", () => {
  using place = new Place();
  const recorder = new AdoptRecorder(place.path, [], {
    pid: 77,
    now: () => new Date(2026, 10, 22, 22, 46, 23),
  });
  committed(recorder, () => {
    recorder.recordLockspace(spec(""), true);
    const global = { type: ResourceType.gl, name: "GLLK", lockArgs: "" };
    recorder.recordLock("lvm_global", { resource: global, mode: Mode.ex });
    recorder.recordLockspace(spec("vg0"), true);
    const vglk = { type: ResourceType.vg, name: "VGLK", lockArgs: "" };
    recorder.recordLock("lvm_vg0", { resource: vglk, mode: Mode.sh });
    recorder.recordLock("lvm_vg0", lv("L1", Mode.sh));
  });
  assertEquals(
    place.text,
    "lvmlockd adopt_version 1.0 pid 77 updates 1 Sun Nov 22 22:46:23 2026\n" +
      `VG: ${"uuid-of-vg0".padStart(38)} vg0 sanlock 1.0.0:lvmlock\n` +
      `LV: ${"uuid-of-vg0".padStart(38)} L1 1.0.0:70254592 sh 0\n`,
  );
  assertEquals(Deno.statSync(place.path).mode! & 0o777, 0o600);
  assertEquals(recorder.saved(), []);
});

Deno.test("a new lock is one line more, in the same file", () => {
  using place = new Place();
  const recorder = holding(place, "L1");
  const before = [place.text, Deno.statSync(place.path).ino];
  committed(recorder, () => recorder.recordLock("lvm_vg0", lv("L2", Mode.sh)));
  assertEquals(
    place.text,
    `${before[0]}LV: ${"uuid-of-vg0".padStart(38)} L2 1.0.0:70254592 sh 0\n`,
  );
  committed(recorder, () => {
    recorder.recordLockspace(spec("vg1"), true);
    recorder.recordLock("lvm_vg1", lv("L3", Mode.ex));
    recorder.recordLock("lvm_vg0", lv("L4", Mode.ex));
  });
  assertEquals([...place.locks.keys()], ["vg0/L1", "vg0/L2", "vg0/L4", "vg1/L3"]);
  assertEquals(Deno.statSync(place.path).ino, before[1]);
});

Deno.test("a lock that is gone stays until the file is made anew; taken again it costs nothing", () => {
  using place = new Place();
  const recorder = holding(place, "L1", "L2");
  const before = place.text;
  committed(recorder, () => recorder.recordLock("lvm_vg0", lv("L1", Mode.un)));
  assertEquals(place.text, before);
  committed(recorder, () => recorder.recordLock("lvm_vg0", lv("L1", Mode.ex)));
  assertEquals(place.text, before);
  recorder.tidy();
  assertEquals([...place.locks.keys()], ["vg0/L1", "vg0/L2"]);
  committed(recorder, () => recorder.recordLock("lvm_vg0", lv("L2", Mode.un)));
  recorder.tidy();
  assertEquals([...place.locks.keys()], ["vg0/L1"]);
});

Deno.test("a lock that came and went within a turn is not written", () => {
  using place = new Place();
  const recorder = holding(place, "L1");
  const before = place.text;
  committed(recorder, () => {
    recorder.recordLock("lvm_vg0", lv("L2", Mode.ex));
    recorder.recordLock("lvm_vg0", lv("L2", Mode.un));
  });
  assertEquals(place.text, before);
  committed(recorder, () => recorder.recordLock("lvm_vg0", lv("L2", Mode.sh)));
  assertEquals(place.locks.get("vg0/L2"), Mode.sh);
});

Deno.test("another mode waits until the file is made anew; another lease makes it so", () => {
  using place = new Place();
  const recorder = holding(place, "L1", "L2");
  committed(recorder, () => recorder.recordLock("lvm_vg0", lv("L1", Mode.sh)));
  assertEquals([...place.locks], [["vg0/L1", Mode.ex], ["vg0/L2", Mode.ex]]);
  committed(recorder, () => recorder.recordLock("lvm_vg0", lv("L2", Mode.un)));
  committed(recorder, () => recorder.recordLock("lvm_vg0", lv("L2", Mode.ex, "1.0.0:71303168")));
  assertEquals([...place.locks], [["vg0/L1", Mode.sh], ["vg0/L2", Mode.ex]]);
  const [vg] = readAdoptFile(place.path).vgs;
  assertEquals(vg!.locks.map(({ lvArgs }) => lvArgs), ["1.0.0:70254592", "1.0.0:71303168"]);
  assertEquals(place.text.split("\n").length, 5);
});

Deno.test("the file is made anew when many modes have changed", () => {
  using place = new Place();
  const recorder = holding(place, "L1");
  const before = place.text;
  for (let i = 1; i <= 65; i++) {
    committed(recorder, () => recorder.recordLock("lvm_vg0", lv("L1", i % 2 ? Mode.sh : Mode.ex)));
  }
  assertEquals(place.text, before);
  committed(recorder, () => recorder.recordLock("lvm_vg0", lv("L2", Mode.ex)));
  committed(recorder, () => recorder.recordLock("lvm_vg0", lv("L2", Mode.sh)));
  committed(recorder, () => recorder.recordLock("lvm_vg0", lv("L2", Mode.ex)));
  assertEquals([...place.locks], [["vg0/L1", Mode.sh], ["vg0/L2", Mode.ex]]);
});

Deno.test("stale lines are swept when they are many more than the others", () => {
  using place = new Place();
  const recorder = holding(place, "kept");
  const lines = () => place.text.split("\n").length - 3;
  for (let i = 0; i < 65; i++) {
    committed(recorder, () => recorder.recordLock("lvm_vg0", lv(`L${i}`, Mode.ex)));
    committed(recorder, () => recorder.recordLock("lvm_vg0", lv(`L${i}`, Mode.un)));
    assertEquals(lines(), i + 2);
  }
  committed(recorder, () => recorder.recordLock("lvm_vg0", lv("L65", Mode.ex)));
  committed(recorder, () => recorder.recordLock("lvm_vg0", lv("L65", Mode.un)));
  assertEquals([...place.locks.keys()], ["vg0/kept"]);
});

Deno.test("a lockspace that is left goes with its locks, and with the last one the file", () => {
  using place = new Place();
  const recorder = holding(place, "L1");
  committed(recorder, () => {
    recorder.recordLockspace(spec("vg1"), true);
    recorder.recordLock("lvm_vg1", lv("L2", Mode.ex));
  });
  committed(recorder, () => recorder.recordLockspace(spec("vg0"), false));
  assertEquals([...place.locks.keys()], ["vg1/L2"]);
  assertThrows(() => recorder.recordLock("lvm_vg0", lv("L1", Mode.ex)), Error, "not joined");
  committed(recorder, () => recorder.recordLockspace(spec("vg1"), false));
  assertEquals(place.files, []);
  committed(recorder, () => recorder.recordLockspace(spec("vg0"), true));
  assertEquals(readAdoptFile(place.path).vgs.map(({ vgName }) => vgName), ["vg0"]);
});

Deno.test("a VG that is made anew under the same name starts without locks", () => {
  using place = new Place();
  const recorder = new AdoptRecorder(place.path, [vg0("L1")]);
  committed(recorder, () => recorder.recordLockspace(spec("vg0", { vgUuid: "other" }), true));
  assertEquals(readAdoptFile(place.path).vgs.map(({ vgUuid, locks }) => [vgUuid, locks]), [
    ["other", []],
  ]);
});

Deno.test("lock args of a VG that have changed replace the line", () => {
  using place = new Place();
  const recorder = new AdoptRecorder(place.path, [vg0("L1")]);
  recorder.tidy();
  const vgArgs = "2.0.0:lvmlock:persist";
  committed(recorder, () => recorder.recordLockspace(spec("vg0", { vgArgs }), true));
  assertEquals(readAdoptFile(place.path).vgs, [{ ...vg0("L1"), vgArgs }]);
});

Deno.test("what is settled does not touch what is held, nor a new VG of the same name", () => {
  using place = new Place();
  const recorder = holding(place, "L1");
  committed(recorder, () => recorder.recordLock("lvm_vg0", lv("L1", Mode.sh)));
  recorder.settle(vg0("L1"));
  recorder.settle({ ...vg0("L1", "L2"), vgUuid: "older" });
  recorder.tidy();
  assertEquals([...place.locks], [["vg0/L1", Mode.sh]]);
  committed(recorder, () => recorder.recordLock("lvm_vg0", lv("L1", Mode.un)));
  recorder.tidy();
  assertEquals(place.locks.size, 0);
});

Deno.test("locks of an earlier daemon are carried until they are taken or settled", () => {
  using place = new Place();
  holding(place, "L1", "L2", "L3");
  const { recorder, file, trouble } = AdoptRecorder.open(place.path);
  assertEquals([file.vgs, trouble], [[vg0("L1", "L2", "L3")], ""]);
  committed(recorder, () => recorder.recordLockspace(spec("vg0"), true));
  committed(recorder, () => recorder.recordLock("lvm_vg0", lv("L1", Mode.sh)));
  assertEquals([...place.locks.keys()], ["vg0/L1", "vg0/L2", "vg0/L3"]);
  recorder.settle(vg0("L3", "L4"));
  recorder.tidy();
  assertEquals([...place.locks.keys()], ["vg0/L1", "vg0/L3", "vg0/L4"]);
  assertEquals(place.locks.get("vg0/L1"), Mode.sh);
  recorder.settle(vg0());
  recorder.tidy();
  assertEquals([...place.locks.keys()], ["vg0/L1"]);
});

Deno.test("a leave that the manager refuses does not lose what is carried", () => {
  using place = new Place();
  const recorder = new AdoptRecorder(place.path, [vg0("orphan")]);
  committed(recorder, () => {
    recorder.recordLockspace(spec("vg0"), true);
    recorder.recordLock("lvm_vg0", lv("L1", Mode.ex));
  });
  committed(recorder, () => {
    recorder.recordLockspace(spec("vg0"), false);
    recorder.recordLockspace(spec("vg0"), true);
  });
  recorder.tidy();
  assertEquals([...place.locks.keys()], ["vg0/orphan"]);
  committed(recorder, () => recorder.recordLockspace(spec("vg0"), false));
  assertEquals(place.files, []);
});

Deno.test("at the end the file goes, unless it still has locks", () => {
  using place = new Place();
  const recorder = holding(place, "L1");
  committed(recorder, () => recorder.recordLock("lvm_vg0", lv("L1", Mode.un)));
  recorder.remove();
  assertEquals(place.files, []);
  new AdoptRecorder(place.path).remove();
  new AdoptRecorder(place.path, [vg0("L1")]).remove();
  assertEquals([...place.locks.keys()], ["vg0/L1"]);
});

Deno.test("an unreadable file is set aside", () => {
  using place = new Place();
  Deno.writeTextFileSync(place.path, "lvmlockd adopt_version 2.0\n");
  const { recorder, file, trouble } = AdoptRecorder.open(place.path);
  assertEquals(file.vgs, []);
  assertMatch(trouble, /line 1: the format has version 2\.0.*kept as .*adopt\.unreadable$/);
  committed(recorder, () => recorder.recordLockspace(spec("vg0"), true));
  assertEquals(place.files, ["adopt", "adopt.unreadable"]);
});

Deno.test("where no file can be written is known from the beginning", () => {
  using place = new Place();
  assertThrows(() => AdoptRecorder.open(`${place.directory}/no/adopt`), Error, "cannot be written");
  assertEquals(AdoptRecorder.open(place.path).trouble, "");
  assertEquals(place.files, []);
});

Deno.test("a file that somebody removed or replaced by a link is made anew", () => {
  using place = new Place();
  const recorder = holding(place, "L1");
  Deno.removeSync(place.path);
  committed(recorder, () => recorder.recordLock("lvm_vg0", lv("L2", Mode.ex)));
  assertEquals([...place.locks.keys()], ["vg0/L1", "vg0/L2"]);
  Deno.writeTextFileSync(`${place.directory}/victim`, "precious");
  for (const name of ["adopt", "adopt.new"]) {
    if (place.files.includes(name)) Deno.removeSync(`${place.directory}/${name}`);
    Deno.symlinkSync(`${place.directory}/victim`, `${place.directory}/${name}`);
  }
  recorder.tidy();
  assertEquals([...place.locks.keys()], ["vg0/L1", "vg0/L2"]);
  assertEquals(Deno.readTextFileSync(`${place.directory}/victim`), "precious");
});

Deno.test("names that the format cannot express are left out, the others are kept", () => {
  using place = new Place();
  const recorder = holding(place, "L1");
  committed(recorder, () => {
    recorder.recordLockspace(spec("a\nVG: b"), true);
    recorder.recordLock("lvm_a\nVG: b", lv("L2", Mode.ex));
    recorder.recordLock("lvm_vg0", lv("L 3", Mode.ex));
    recorder.recordLock("lvm_vg0", lv("L4", Mode.ex));
  });
  assertEquals([...place.locks.keys()], ["vg0/L1", "vg0/L4"]);
  committed(recorder, () => recorder.recordLockspace(spec("a\nVG: b"), false));
  assertEquals([...place.locks.keys()], ["vg0/L1", "vg0/L4"]);
});
