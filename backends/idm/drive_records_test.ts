/**
 * What the next process finds in the file, however the last one ended.
 *
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import { LockType, Mode } from "../../core/types.ts";
import { DriveRecords } from "./drive_records.ts";
import { LV_UUID, VG_UUID } from "./test_lockspace.ts";

const vg = { vgName: "vg0", vgUuid: VG_UUID, pvPaths: ["/dev/a", "/dev/\xfcber"] };
const lock = { lvUuid: LV_UUID, lvArgs: "idm", mode: Mode.ex as Mode, pvPaths: ["/dev/a"] };
const known = new Set([LV_UUID]);
const left = {
  lockType: LockType.idm,
  vgName: "vg0",
  vgUuid: VG_UUID,
  vgArgs: "",
  hostId: 0,
  pvPaths: vg.pvPaths,
  locks: [lock],
};

async function withPath(body: (path: string) => void): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    body(`${directory}/records`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const leftAt = (path: string, boot = "boot1") => new DriveRecords(path, boot).leftBehind(known);

Deno.test("the next process finds VGs, locks and their drives", () =>
  withPath((path) => {
    const records = new DriveRecords(path, "boot1");
    records.joined(vg);
    records.locked("vg0", lock);
    assertEquals(leftAt(path), [left]);
    records.locked("vg0", { ...lock, mode: Mode.sh });
    assertEquals(leftAt(path), [{ ...left, locks: [{ ...lock, mode: Mode.sh }] }]);
    records.joined({ ...vg, pvPaths: ["/dev/c"] });
    assertEquals(leftAt(path)[0]?.pvPaths, ["/dev/c"]);
    assertEquals(leftAt(path)[0]?.locks.length, 1);
    records.released("vg0", LV_UUID);
    assertEquals(leftAt(path)[0]?.locks, []);
    records.left("vg0");
    assertEquals(leftAt(path), []);
    assertThrows(() => Deno.statSync(path), Deno.errors.NotFound);
    records.close();
  }));

Deno.test("only locks that were persistent are left behind", () =>
  withPath((path) => {
    const records = new DriveRecords(path, "boot1");
    records.joined(vg);
    records.locked("vg0", lock);
    records.close();
    assertEquals(new DriveRecords(path, "boot1").leftBehind(new Set())[0]?.locks, []);
  }));

Deno.test("after a boot, and in a new VG of the name, nothing is left", () =>
  withPath((path) => {
    const records = new DriveRecords(path, "boot1");
    records.joined(vg);
    records.locked("vg0", lock);
    assertEquals(leftAt(path, "boot2"), []);
    records.joined({ ...vg, vgUuid: VG_UUID.replace("1", "2") });
    assertEquals(leftAt(path)[0]?.locks, []);
    records.close();
  }));

Deno.test("a line that was not completed does not count", () =>
  withPath((path) => {
    const records = new DriveRecords(path, "boot1");
    records.joined(vg);
    records.locked("vg0", lock);
    records.close();
    Deno.writeTextFileSync(path, '{"left":"vg', { append: true });
    assertEquals(leftAt(path), [left]);
  }));

Deno.test("the file does not grow for ever, and the next process goes on with it", () =>
  withPath((path) => {
    let records = new DriveRecords(path, "boot1");
    records.joined(vg);
    for (let i = 0; i < 500; i++) {
      records.locked("vg0", lock);
      if (i === 250) {
        records.close();
        records = new DriveRecords(path, "boot1");
      }
    }
    assertEquals(leftAt(path), [left]);
    const lines = Deno.readTextFileSync(path).split("\n").length;
    assertEquals(lines < 100, true);
    records.close();
  }));

Deno.test("a file that is none is set aside", () =>
  withPath((path) => {
    Deno.writeTextFileSync(path, "what?\n");
    const records = DriveRecords.open(path);
    assertEquals(records.leftBehind(known), []);
    assertEquals(Deno.readTextFileSync(`${path}.unreadable`), "what?\n");
  }));

Deno.test("a line of JSON that says something else makes the file none", () =>
  withPath((path) => {
    const lines = [
      "null",
      '"text"',
      '{"boot":1}',
      '{"vg":"vg0","uuid":"u"}',
      '{"vg":"vg0","uuid":"u","paths":[1]}',
      '{"in":"vg0","lv":"l","args":"","mode":4,"paths":[]}',
      '{"in":"vg0","lv":{},"args":"","mode":3,"paths":[]}',
    ];
    for (const line of lines) {
      Deno.writeTextFileSync(path, `{"boot":"boot1"}\n${line}\n`);
      assertThrows(() => new DriveRecords(path, "boot1"), Error, "a line is none of ours");
    }
  }));
