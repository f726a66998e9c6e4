/** Reading what dmsetup prints, as recorded in a real host, and what it is asked. @module */
import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import type { RunEnd } from "../child.ts";
import { Dmsetup, DmsetupError, parseInfo, withTables } from "./dmsetup.ts";
import { recorded, recordedText } from "./test_recorded.ts";

const named = (moment: Parameters<typeof recorded>[0], name: string) =>
  recorded(moment).find((device) => device.name === name);

Deno.test("each device is read with its table", () => {
  assertEquals(named("active", "vg--a-mir"), {
    name: "vg--a-mir",
    uuid: "LVM-bffxiTe0Zjl9aAQSwIBsd0VUZmPPEHGZCDbx1oIyPeBRejAvzaIa32gUfLsquFxz",
    devno: "254:8",
    uses: ["254:7", "254:6", "254:5", "254:4"],
    live: true,
    inactive: false,
    suspended: false,
    targets: ["raid"],
  });
  const { live, targets, uuid } = named("active", "empty")!;
  assertEquals([live, targets, uuid], [false, [], ""]);
  assertEquals(named("active", "odd\\x20dev\\x7cx")?.targets, ["linear"]);
  assertEquals(recorded("active").length, recordedText("active", "info").trim().split("\n").length);
  assert(recorded("active").every((device) => device.targets !== undefined));
});

Deno.test("devices that are being replaced are suspended, and those that were have an error table", () => {
  const suspended = recorded("hung").filter((device) => device.suspended);
  const expected = ["disk0", "disk1", "vg--a-data", "vg--a-mir", "vg--a-pool-tpool"];
  assertEquals(suspended.map(({ name }) => name), expected);
  assertEquals(named("hung", "vg--a-thin")?.targets, ["error"]);
});

Deno.test("a table of several targets, and marks within names and UUIDs", () => {
  const info = "254:1/Both/Active//q\\x2cr\\x3bs\\x5ct/odd\n254:2/Live/Active/98:0//two\n" +
    "254:0/Inactive/Suspended//a\\x2fb\\x20c\\x2cd\\x3be/x\n";
  const tables = "odd,q\\,r\\;s\\\\t,1,rw,0 8 error ;two,,2,rw,0 8 error ,8 8 linear 98:0 0;" +
    "x,a/b c\\,d\\;e,0,rw\n";
  const read = withTables(parseInfo(info), tables);
  assertEquals(read.map(({ targets }) => targets), [["error"], ["error", "linear"], []]);
  assertEquals(read.map(({ live, inactive, suspended }) => [live, inactive, suspended]), [
    [true, true, false],
    [true, false, false],
    [false, true, true],
  ]);
});

Deno.test("no devices at all", () => {
  assertEquals(withTables(parseInfo("No devices found\n"), "No devices found\n"), []);
});

Deno.test("a device that was replaced between the questions has no known table", () => {
  const info = parseInfo("254:1/Live/Active/98:0//now\n254:2/Live/Active/98:0//gone\n");
  const read = withTables(info, "before,,1,rw,0 8 error \n");
  assertEquals(read.map(({ targets }) => targets), [undefined, undefined]);
});

for (
  const line of ["254:1/Alive/Active///x", "254:1/Live/Frozen///x", "x", "254:1/Live/Active//"]
) {
  Deno.test(`a line that is not understood is refused: ${line}`, () => {
    const error = assertThrows(() => parseInfo(`${line}\n`), DmsetupError);
    assertStringIncludes(error.message, JSON.stringify(line));
  });
}

/** A dmsetup of which every run ends alike; what it was asked lands in `asked`. */
function always(end: RunEnd) {
  const asked: { words: readonly string[]; limitMs: number | undefined }[] = [];
  const dmsetup = new Dmsetup((words, limitMs) => {
    asked.push({ words, limitMs });
    return Promise.resolve(end);
  }, "/sbin/dmsetup");
  return { dmsetup, asked };
}

const exit = (code: number, stdout = "", stderr = ""): RunEnd => ({
  kind: "exit",
  code,
  stdout,
  stderr,
});
const late: RunEnd = { kind: "late", ended: Promise.resolve() };

Deno.test("questions have a limit, and say why they were not answered", async () => {
  const noKernel = "/dev/mapper/control: open failed: No such device\nCommand failed.\n";
  for (
    const [end, why] of [
      [exit(1, "", noKernel), "/dev/mapper/control: open failed: No such device"],
      [exit(3), "exit code 3"],
      [late, "no answer in time"],
      [{ kind: "signal", signal: "SIGSEGV" }, "ended by SIGSEGV"],
    ] as const
  ) {
    const { dmsetup, asked } = always(end);
    await assertRejects(() => dmsetup.list(), DmsetupError, why);
    assert(asked.every(({ limitMs }) => limitMs !== undefined));
  }
});

Deno.test("a table is replaced without a limit, and without writing anything back", async () => {
  const [device] = recorded("active");
  const { dmsetup, asked } = always(exit(0));
  assertEquals(await dmsetup.wipe(device!), "");
  assertEquals(await dmsetup.wipe({ ...device!, live: false, inactive: true }), "");
  assertEquals(asked.map(({ words, limitMs }) => `${words.join(" ")} ${limitMs}`), [
    "/sbin/dmsetup wipe_table --force --noflush --nolockfs --noudevsync disk0 undefined",
    "/sbin/dmsetup clear disk0 undefined",
  ]);
  const failed = always(
    exit(1, "", "device-mapper: reload ioctl on disk0 failed\nCommand failed.\n"),
  );
  assertEquals(
    await failed.dmsetup.wipe(device!),
    "dmsetup: device-mapper: reload ioctl on disk0 failed",
  );
});

Deno.test("a disk answers when a read of it ends, also with an error", async () => {
  assertEquals(await always(exit(0)).dmsetup.answers("8:16"), true);
  assertEquals(await always(exit(1)).dmsetup.answers("8:16"), true);
  const { dmsetup, asked } = always(late);
  assertEquals(await dmsetup.answers("8:16"), false);
  assert(asked[0]!.words.includes("if=/dev/block/8:16"));
});
