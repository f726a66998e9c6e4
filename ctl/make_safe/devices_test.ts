/** Which devices belong to a VG, and which of them can still write. @module */
import { assertEquals } from "@std/assert";
import { dangerOf, dangersOf } from "./danger.ts";
import { devicesOfVg, type DmDevice } from "./devices.ts";
import { recorded } from "./test_recorded.ts";

const vgId = "bffxiTe0Zjl9aAQSwIBsd0VUZmPPEHGZ";
const otherId = "0WbrHZo3dGBn3jcvCyRDTZdiBaHBEUkg";
const lvId = "D1so23TVvd0com53XkB0R9UnU6yif2zc";

const linear: DmDevice = {
  name: "vg0-lv",
  uuid: `LVM-${vgId}${lvId}`,
  devno: "254:0",
  uses: ["8:16"],
  live: true,
  inactive: false,
  suspended: false,
  targets: ["linear"],
};
const wiped: DmDevice = { ...linear, uses: [], targets: ["error"] };
const names = (devices: DmDevice[]) => devices.map(({ name }) => name);

Deno.test("a VG has its LVs and all their parts, without the lease LV and other programs' devices", () => {
  const { own, disks, strangers } = devicesOfVg("vg-a", recorded("active"));
  const parts = "data data_corig fast_cvol fast_cvol-cdata fast_cvol-cmeta lin lin-real mir " +
    "mir_rimage_0 mir_rimage_1 mir_rmeta_0 mir_rmeta_1 pool pool-tpool pool_tdata pool_tmeta ro " +
    "snap snap-cow str thin";
  assertEquals(names(own), parts.split(" ").map((part) => `vg--a-${part}`));
  assertEquals([...disks].sort(), ["254:0", "254:1"]);
  assertEquals(strangers, []);
});

Deno.test("a VG is not taken for another whose name begins or ends alike", () => {
  const device = (name: string) => ({ ...linear, name, uuid: `LVM-${name.padEnd(64)}` });
  const all = ["vg-lv", "vg--a-lv", "vg---lv", "vg2-lv", "vg--a--b-lv", "vg--a---lv"].map(device);
  const found = (vg: string) => names(devicesOfVg(vg, all).own);
  assertEquals(found("vg"), ["vg-lv"]);
  assertEquals(found("vg-a"), ["vg--a-lv"]);
  assertEquals(found("vg-"), ["vg---lv"]);
  assertEquals(found("vg-a-"), ["vg--a---lv"]);
  assertEquals(found("vg-a-b"), ["vg--a--b-lv"]);
  assertEquals(found("v"), []);
  assertEquals(found(""), []);
});

Deno.test("the lease LV tells the VG from another one of its name", () => {
  const lease = { ...linear, name: "vg0-lvmlock", devno: "254:1", uuid: `LVM-${vgId}${otherId}` };
  const other = { ...linear, uuid: `LVM-${otherId}${lvId}`, devno: "254:2", uses: ["8:32"] };
  const hidden = { ...linear, name: "renamed", devno: "254:3" };
  const { own, disks } = devicesOfVg("vg0", [linear, lease, other, hidden]);
  assertEquals(own, [linear, hidden]);
  assertEquals([...disks], ["8:16"]);
  assertEquals(devicesOfVg("vg0", [linear, other]).own, [linear, other]);
});

Deno.test("who uses the VG's disks without being of the VG is a stranger", () => {
  const raw = { ...linear, name: "byhand", uuid: "", devno: "254:5" };
  const oddUuid = { ...raw, name: "vg0-lv2", uuid: "LVM-short", devno: "254:6" };
  const path = { ...raw, name: "mpatha", uuid: "mpath-3600", devno: "254:7" };
  const elsewhere = { ...raw, name: "vg0-x", uuid: "", devno: "254:8", uses: ["8:32"] };
  const crypt = { ...raw, name: "vg0-lv_crypt", uuid: "CRYPT-x", devno: "254:9", uses: ["254:0"] };
  const lease = { ...linear, name: "vg0-lvmlock", devno: "254:1" };
  const all = [linear, raw, oddUuid, path, elsewhere, crypt, lease];
  const { strangers } = devicesOfVg("vg0", all);
  assertEquals(strangers, [raw, oddUuid]);
  assertEquals(dangersOf({ own: [wiped], disks: new Set(), strangers: [raw] }), [
    { device: "byhand", why: "it uses the VG's disks (8:16) and is no LV of the VG" },
  ]);
});

Deno.test("disks that were seen before count when no device of the VG uses them any more", () => {
  const raw = { ...linear, name: "byhand", uuid: "", devno: "254:5" };
  assertEquals(devicesOfVg("vg0", [wiped, raw]).strangers, []);
  assertEquals(devicesOfVg("vg0", [wiped, raw], new Set(["8:16"])).strangers, [raw]);
});

for (
  const [what, device, why] of [
    ["an error table", wiped, undefined],
    ["no table", { ...wiped, live: false, targets: [] }, undefined],
    ["a linear table", linear, "its table can write (linear)"],
    [
      "a table that fails I/O in a part only",
      { ...linear, targets: ["error", "linear", "striped", "linear"] },
      "its table can write (linear, striped)",
    ],
    [
      "a real table that is suspended",
      { ...linear, suspended: true },
      "it is suspended with a table that can write (linear)",
    ],
    [
      "an error table that is suspended",
      { ...wiped, suspended: true },
      "it is suspended, so that I/O waits in it",
    ],
    [
      "another table that is loaded",
      { ...wiped, inactive: true },
      "another table is loaded into it",
    ],
    [
      "only a table that is loaded",
      { ...wiped, live: false, inactive: true, targets: [] },
      "another table is loaded into it",
    ],
    ["an unknown table", { ...wiped, targets: undefined }, "its table cannot be read"],
    ["an error table that uses a disk", { ...wiped, uses: ["8:16"] }, "it uses 8:16"],
  ] as const
) {
  Deno.test(`${what} is ${why ? "a danger" : "no danger"}`, () => {
    assertEquals(dangerOf({ ...device, uses: [...device.uses] } as DmDevice), why);
  });
}

Deno.test("of the recorded moments only the last one is safe", () => {
  const dangers = (moment: "active" | "hung" | "safe") =>
    dangersOf(devicesOfVg("vg-a", recorded(moment)));
  assertEquals(dangers("active").length, 21);
  assertEquals(dangers("hung").length, 18);
  assertEquals(dangers("safe"), []);
});
