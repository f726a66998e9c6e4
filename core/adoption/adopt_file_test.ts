/**
 * The adopt file's format: what the stock daemon writes is read, what we write reads the same, and
 * whatever else there may be is refused with the number of the line.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import fc from "fast-check";
import { LockType, Mode } from "../types.ts";
import {
  AdoptFileError,
  type AdoptVg,
  headerLine,
  isWritableLock,
  isWritableVg,
  lvLine,
  parseAdoptFile,
  readAdoptFile,
  vgLine,
} from "./adopt_file.ts";

/** As a stock daemon of version 2.03.16 wrote it. */
const stockFile = `lvmlockd adopt_version 1.0 pid 10632 updates 2 Sun Nov 22 22:46:23 2026
VG: xNUoTC-Xg21-sYjn-RqId-VR0L-PCtu-zt2cDf vg0 sanlock 1.0.0:lvmlock
LV: xNUoTC-Xg21-sYjn-RqId-VR0L-PCtu-zt2cDf tcbOUf-Fbyu-moiS-nlEq-IDAi-DwQY-0tzHIO 1.0.0:70254592 ex 0
`;
const vgUuid = "xNUoTC-Xg21-sYjn-RqId-VR0L-PCtu-zt2cDf";
const lvUuid = "tcbOUf-Fbyu-moiS-nlEq-IDAi-DwQY-0tzHIO";
const header = "lvmlockd adopt_version 1.0 pid 1 updates 1 Sun Nov 22 22:46:23 2026\n";
const vg = `VG: ${vgUuid} vg0 dlm 1.0.0:test\n`;
const lv = `LV: ${vgUuid} ${lvUuid} dlm ex 0\n`;

const write = (vgs: AdoptVg[]) =>
  headerLine(1, 1, new Date()) +
  vgs.map((vg) => vgLine(vg) + vg.locks.map((lock) => lvLine(vg.vgUuid, lock)).join("")).join("");

/** The number of the line that is complained about, and why. */
function refused(text: string): [number, string] {
  const error = assertThrows(() => parseAdoptFile(text), AdoptFileError);
  return [error.line, error.message];
}

Deno.test("a file of the stock daemon is read", () => {
  assertEquals(parseAdoptFile(stockFile), {
    pid: 10632,
    cut: false,
    vgs: [{
      vgName: "vg0",
      vgUuid,
      lockType: LockType.sanlock,
      vgArgs: "1.0.0:lvmlock",
      locks: [{ lvUuid, lvArgs: "1.0.0:70254592", mode: Mode.ex }],
    }],
  });
});

Deno.test("the same content is written as the stock daemon writes it", () => {
  const { vgs: [vg] } = parseAdoptFile(stockFile);
  const lines = [
    headerLine(10632, 2, new Date(2026, 10, 22, 22, 46, 23)),
    vgLine(vg!),
    lvLine(vg!.vgUuid, vg!.locks[0]!),
  ];
  assertEquals(lines.join(""), stockFile);
  assertEquals(
    headerLine(7, 1, new Date(2027, 1, 3, 4, 5, 6)),
    "lvmlockd adopt_version 1.0 pid 7 updates 1 Wed Feb  3 04:05:06 2027\n",
  );
});

Deno.test("what is absent is written as none, UUIDs stand to the right", () => {
  const vg = { vgName: "vg0", vgUuid: "", lockType: LockType.dlm, vgArgs: "" };
  assertEquals(vgLine(vg), `VG: ${" ".repeat(34)}none vg0 dlm none\n`);
  const line = lvLine("u", { lvUuid: "l", lvArgs: "", mode: Mode.sh });
  assertEquals(line, `LV: ${" ".repeat(37)}u l none sh 0\n`);
});

Deno.test("args that the stock writer leaves out are absent", () => {
  const text = `${header}VG: ${vgUuid} vg0 dlm \nLV: ${vgUuid} ${lvUuid}  sh 0\n`;
  const [vg] = parseAdoptFile(text).vgs;
  assertEquals([vg!.vgArgs, vg!.locks], ["", [{ lvUuid, lvArgs: "", mode: Mode.sh }]]);
});

Deno.test("a file that does not exist is empty, one that cannot be read is an error", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const path = `${directory}/adopt`;
    assertEquals(readAdoptFile(path), { pid: 0, vgs: [], cut: false });
    Deno.writeTextFileSync(path, stockFile);
    assertEquals(readAdoptFile(path), parseAdoptFile(stockFile));
    assertThrows(() => readAdoptFile(directory));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("comments, unknown lines, further fields and holders in no mode are passed over", () => {
  const other = lv.replace(lvUuid, "other");
  const text = `# ${"x".repeat(600)}\n${header}# a\nhello\n\n${vg} VG: indented\n` +
    `${lv.replace(" ex ", " sh ")}${lv.trimEnd()} more\nLVX\n` +
    other.replace(" ex ", " un ") + other.replace(" ex ", " nl ");
  assertEquals(parseAdoptFile(text).vgs[0]!.locks, [{ lvUuid, lvArgs: "dlm", mode: Mode.ex }]);
});

Deno.test("an LV belongs to the last VG line with its UUID; the same VG is one", () => {
  const old = vg.replace("vg0", "old").replace("1.0.0:test", "1.0.0:gone");
  const second = vg.replace("zt2cDf", "zt2cDg").replace("vg0", "vg1").replace("dlm", "sanlock");
  const other = lv.replace("zt2cDf", "zt2cDg").replace("0tzHIO", "0tzHIP");
  const { vgs } = parseAdoptFile(header + old + old + second + vg + lv + other);
  const found = vgs.map(({ vgName, lockType, locks }) => [vgName, lockType, locks.length]);
  assertEquals(found, [
    ["old", LockType.dlm, 0],
    ["vg1", LockType.sanlock, 1],
    ["vg0", LockType.dlm, 1],
  ]);
});

Deno.test("a malformed line is named", () => {
  const cases: [string, number, RegExp][] = [
    [vg, 1, /no header/],
    ["lvmlockd adopt_version x\n", 1, /header is not understood/],
    [header.replace("1.0", "2.0") + vg, 1, /version 2\.0, only 1\.x/],
    [header.replace("1.0", "0.9"), 1, /version 0\.9/],
    [header + vg + header.replace("1.0", "3.1"), 3, /version 3\.1/],
    [header + lv + vg, 2, new RegExp(`no VG line before it with UUID ${vgUuid}`)],
    [header + vg.replace("dlm", "clvm"), 2, /"clvm" is no lock type/],
    [`${header}VG: ${vgUuid} vg0\n`, 2, /needs UUID, name/],
    [header + vg.replace("vg0", "none"), 2, /no name/],
    [header + vg + lv.replace(" ex ", " xx "), 3, /"xx" is no lock mode/],
    [header + vg + lv.replace(" 0\n", "\n"), 3, /no version/],
    [header + vg + lv.replace(" 0\n", " x\n"), 3, /no version/],
    [header + vg + lv.replace(" 0\n", ` ${"9".repeat(11)}\n`), 3, /no version/],
    [`${header}${vg}\n#\nLV: ${vgUuid}\n`, 5, /needs VG UUID, LV UUID/],
    [header + vg + lv.replace(lvUuid, "none"), 3, /no UUID/],
    [header + vg.replace("vg0", "v".repeat(65)), 2, /longer than 64/],
    [header + vg.replace("vg0", "v\x1b[2J"), 2, /unprintable/],
    [header + vg.replace("vg0", "v\0"), 2, /unprintable/],
  ];
  for (const [text, line, why] of cases) {
    const [found, message] = refused(text);
    assertEquals(found, line, text);
    assertMatch(message, why);
    assertMatch(message, new RegExp(`^line ${line}: `));
  }
  assertEquals(parseAdoptFile(header.replace("1.0", "1.7") + vg).vgs.length, 1);
});

Deno.test("cut anywhere, a file gives the lines that were complete, and says so", () => {
  const text = stockFile + lv.replace(lvUuid, "second");
  const whole = parseAdoptFile(text).vgs[0]!.locks;
  for (let length = 0; length <= text.length; length++) {
    const { vgs, cut } = parseAdoptFile(text.slice(0, length));
    const lines = text.slice(0, length).split("\n").length - 1;
    assertEquals(cut, length === 0 || text[length - 1] !== "\n");
    assertEquals(vgs.length, lines >= 2 ? 1 : 0);
    assertEquals(vgs[0]?.locks ?? [], whole.slice(0, Math.max(lines - 2, 0)));
  }
});

const word = fc.string({
  unit: fc.integer({ min: 0x21, max: 0xff }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 64,
}).filter((text) => !text.includes("\x7f") && text !== "none");
const optional = fc.oneof(fc.constant(""), word);
const lock = fc.record({
  lvUuid: word,
  lvArgs: optional,
  mode: fc.constantFrom(Mode.sh, Mode.ex),
});
const anyVg: fc.Arbitrary<AdoptVg> = fc.record({
  vgName: word,
  vgUuid: optional,
  lockType: fc.constantFrom(LockType.dlm, LockType.sanlock, LockType.idm, LockType.none),
  vgArgs: optional,
  locks: fc.uniqueArray(lock, { selector: ({ lvUuid }) => lvUuid, maxLength: 8 }),
});

Deno.test("whatever can be written reads the same", () => {
  const anyVgs = fc.uniqueArray(anyVg, { selector: ({ vgUuid }) => vgUuid, maxLength: 6 });
  fc.assert(fc.property(anyVgs, (vgs) => {
    assert(vgs.every((vg) => isWritableVg(vg) && vg.locks.every(isWritableLock)));
    assertEquals(parseAdoptFile(write(vgs)).vgs, vgs);
  }));
});

Deno.test("what would read differently is not writable", () => {
  const vg = { vgName: "vg0", vgUuid, lockType: LockType.dlm, vgArgs: "" };
  for (const bad of ["", "none", "a b", "a\n", "a\tb", "\x7f", "\0", "x".repeat(65)]) {
    assertEquals(isWritableVg({ ...vg, vgName: bad }), false, bad);
    assertEquals(isWritableLock({ lvUuid: bad, lvArgs: "", mode: Mode.ex }), false, bad);
  }
  for (const bad of ["a b", "a\nVG: b", "x".repeat(65)]) {
    assertEquals(isWritableVg({ ...vg, vgUuid: bad }), false, bad);
    assertEquals(isWritableVg({ ...vg, vgArgs: bad }), false, bad);
    assertEquals(isWritableLock({ lvUuid, lvArgs: bad, mode: Mode.ex }), false, bad);
  }
  assertEquals(isWritableVg({ ...vg, lockType: LockType.unknown }), false);
});

Deno.test("no bytes make the reader do anything but read or refuse", () => {
  const bytes = fc.string({
    unit: fc.oneof(
      fc.constantFrom("VG:", "LV:", "\n", " ", "none", "dlm", "ex", "0", "u", header, vg, lv),
      fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
    ),
    maxLength: 40,
  });
  fc.assert(fc.property(bytes, (text) => {
    try {
      for (const vg of parseAdoptFile(text).vgs) assert(vg.vgName !== "");
    } catch (error) {
      assert(error instanceof AdoptFileError);
      assert(error.line >= 1 && error.line <= text.split("\n").length);
    }
  }));
});
