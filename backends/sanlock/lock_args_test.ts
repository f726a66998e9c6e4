/**
 * Lock args are read as LVM writes them, everything else is refused, and device names lead back to the
 * VG and LV that they are made of.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import * as args from "./lock_args.ts";

const plain = { leaseLv: "lvmlock", options: [] };

/** Lock args of a VG and what is in them. */
const vgArgs: [string, args.VgArgs | undefined][] = [
  ["1.0.0:lvmlock", plain],
  ["0.9.12:lvmlock", plain],
  ["2.0.0:lvmlock", plain],
  ["1.7.3:my-lock.1", { leaseLv: "my-lock.1", options: [] }],
  ["2.0.0:lvmlock:notimeout", { leaseLv: "lvmlock", options: ["notimeout"] }],
  ["2.0.0:lvmlock:notimeout:persist", { leaseLv: "lvmlock", options: ["notimeout", "persist"] }],
  ...[
    "",
    "1.0.0",
    "1.0.0:",
    "1.0:lvmlock",
    "3.0.0:lvmlock",
    "99999999999.0.0:lvmlock",
    "-1.0.0:lvmlock",
    "1.0.0:lvmlock:",
    "1.0.0:lvmlock:fast",
    "1.0.0:lvm lock",
    "1.0.0:../lock",
    "1.0.0:..",
    "lvmlock",
    " 1.0.0:lvmlock",
    "1.0.0:lvmlock\n",
  ].map((text): [string, undefined] => [text, undefined]),
];

Deno.test("lock args of VGs", () => {
  for (const [text, expected] of vgArgs) assertEquals(args.parseVgArgs(text), expected, text);
});

Deno.test("lock args of VGs are written in the oldest format that says it all", () => {
  assertEquals(args.formatVgArgs(plain), "1.0.0:lvmlock");
  assertEquals(args.formatVgArgs({ ...plain, options: ["persist"] }), "2.0.0:lvmlock:persist");
  for (const [, parsed] of vgArgs) {
    if (parsed !== undefined) assertEquals(args.parseVgArgs(args.formatVgArgs(parsed)), parsed);
  }
});

Deno.test("lock args of LVs", () => {
  const cases: [string, number | undefined][] = [
    ["1.0.0:70254592", 70254592],
    ["0.0.1:0", 0],
    ["1.5.0:9007199254740991", Number.MAX_SAFE_INTEGER],
    ["1.0.0:9007199254740992", undefined],
    ["2.0.0:70254592", undefined],
    ["1.0.0:", undefined],
    ["1.0.0:-1", undefined],
    ["1.0.0:1e6", undefined],
    ["1.0.0:lvmlock:70254592", undefined],
    ["none", undefined],
    ["", undefined],
  ];
  for (const [text, expected] of cases) assertEquals(args.parseLvArgs(text), expected, text);
  assertEquals(args.parseLvArgs(args.formatLvArgs(562036736)), 562036736);
});

Deno.test("the device of the leases, and back", () => {
  const device = (vg: string, lv: string) => args.leaseDevice(vg, lv, "/dev/");
  assertEquals(device("vg1", "lvmlock"), "/dev/mapper/vg1-lvmlock");
  assertEquals(device("my-vg", "lvmlock"), "/dev/mapper/my--vg-lvmlock");
  const names = ["vg", "a-b", "a--b", "a-", "9+_.", "x".repeat(59)];
  for (const vgName of names) {
    for (const lvName of ["lvmlock", "lvm-lock", "lock-"]) {
      assertEquals(args.lvOfDevice(device(vgName, lvName)!), { vgName, lvName });
    }
  }
  for (const path of ["/dev/sda", "/dev/mapper/vg--lvmlock", "", "/dev/mapper/a-b-c", "/dev/-b"]) {
    assertEquals(args.lvOfDevice(path), undefined, path);
  }
});

Deno.test("names that LVM does not accept have no device, nor have paths that are too long", () => {
  for (const name of ["", "..", ".", "a/b", "../a", "a b", "-a", "a:b", "a\0", "\xe9", "a\n"]) {
    assertEquals(args.isLvmName(name), false, name);
    assertEquals(args.leaseDevice(name, "lvmlock"), undefined, name);
    assertEquals(args.leaseDevice("vg", name), undefined, name);
  }
  const room = 1023 - "/mapper/vg-lvmlock".length;
  const longest = `/${"d".repeat(room - 1)}`;
  assertEquals(args.leaseDevice("vg", "lvmlock", longest)?.length, 1023);
  assertEquals(args.leaseDevice("vg", "lvmlock", `${longest}d`), undefined);
});

Deno.test("words of set_lock_args", () => {
  assertEquals(args.parseSetLockArgs(""), new Set());
  assertEquals(args.parseSetLockArgs("persist,notimeout"), new Set(["persist", "notimeout"]));
  assertEquals(args.parseSetLockArgs("caw,,nocaw,timeout,nopersist")?.size, 4);
  assertEquals(args.parseSetLockArgs("persist,fast"), undefined);
  assertEquals(args.parseSetLockArgs("persist notimeout"), undefined);
});
