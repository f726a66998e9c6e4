/** Making a VG safe, from devices as recorded in a real host on. @module */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { checkSafe, makeSafe } from "./mod.ts";
import { TestKernel } from "./test_kernel.ts";
import { recorded } from "./test_recorded.ts";

const timing = { patienceMs: 0, pauseMs: 0 };
const options = { signal: new AbortController().signal, report: () => {}, timing };

function bench(moment: "active" | "safe" = "active") {
  const kernel = new TestKernel(recorded(moment));
  const said: string[] = [];
  let listen = (_: string) => {};
  const report = (text: string) => {
    said.push(text);
    listen(text);
  };
  const { signal, abort } = newAbort();
  const make = () => makeSafe("vg-a", kernel.dmsetup, { signal, report, timing });
  /** Resolves when a sentence is reported that names `what`. */
  const heard = (what: string) =>
    new Promise<void>((resolve) => listen = (text) => text.includes(what) && resolve());
  return { kernel, said, make, heard, abort };
}

function newAbort() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}

Deno.test("every device of the VG is replaced, each before what it stands on", async () => {
  const { kernel, said, make } = bench();
  assertEquals(await make(), { devices: 21, dangers: [] });
  assertEquals(said, [
    "Replacing the tables of 21 devices of VG vg-a, so that all I/O fails.",
  ]);
  const at = (part: string) => kernel.begun.indexOf(`vg--a-${part}`);
  for (
    const [above, below] of [
      ["snap", "snap-cow"],
      ["snap", "lin-real"],
      ["lin", "lin-real"],
      ["thin", "pool-tpool"],
      ["pool", "pool-tpool"],
      ["pool-tpool", "pool_tmeta"],
      ["pool-tpool", "pool_tdata"],
      ["mir", "mir_rmeta_1"],
      ["data", "fast_cvol-cmeta"],
      ["fast_cvol-cmeta", "fast_cvol"],
    ] as const
  ) {
    assert(at(above) >= 0 && at(above) < at(below), `${above} before ${below}`);
  }
  const all = await kernel.dmsetup.list();
  const kept = all.filter(({ targets }) => targets?.some((kind) => kind !== "error"));
  assertEquals(
    kept.map(({ name }) => name),
    ["disk0", "disk1", "odd\\x20dev\\x7cx", "vg--a-home_crypt", "vg--a-lvmlock"],
  );
});

Deno.test("a VG that is safe stays as it is", async () => {
  const { kernel, said, make } = bench("safe");
  assertEquals(await make(), { devices: 21, dangers: [] });
  assertEquals([kernel.begun, said], [[], []]);
  const { kernel: empty } = bench("safe");
  assertEquals(await makeSafe("vg9", empty.dmsetup, options), {
    devices: 0,
    dangers: [],
  });
});

Deno.test("on disks that do not answer, idle pools, RAID and caches are replaced all the same", async () => {
  const { kernel, said, make } = bench();
  kernel.hangingDisks.add("254:0").add("254:1");
  assertEquals(await make(), { devices: 21, dangers: [] });
  assertEquals(said.slice(1), ["Disks of VG vg-a that do not answer: 254:0, 254:1."]);
});

Deno.test("a device that hangs does not keep the others from being replaced", async () => {
  const { kernel, said, make, heard, abort } = bench();
  kernel.hangingDisks.add("254:1");
  kernel.busy.add("vg--a-mir_rimage_1").add("vg--a-str");
  heard("vg--a-mir of").then(abort);
  const { devices, dangers } = await make();
  assertEquals(devices, 21);
  const waits = "dmsetup waits for its I/O to end";
  const suspended = (kind: string) => `it is suspended with a table that can write (${kind})`;
  assertEquals(dangers, [
    { device: "vg--a-mir", why: `${suspended("raid")}; ${waits}` },
    { device: "vg--a-mir_rimage_1", why: `${suspended("linear")}; ${waits}` },
    { device: "vg--a-str", why: `${suspended("striped")}; ${waits}` },
  ]);
  const told = said.filter((text) => text.includes("waits for its I/O"));
  assertEquals(told.length, 3);
  assertStringIncludes(said[2]!, "Device vg--a-mir_rimage_1 of VG vg-a waits for its I/O");
  kernel.release();
});

Deno.test("what hung is found safe when its I/O has ended", async () => {
  const { kernel, make, heard } = bench();
  kernel.hangingDisks.add("254:0");
  kernel.busy.add("vg--a-ro");
  const waits = heard("vg--a-ro");
  const making = make();
  await waits;
  kernel.release();
  assertEquals(await making, { devices: 21, dangers: [] });
  assertEquals(kernel.begun.filter((name) => name === "vg--a-ro").length, 1);
});

Deno.test("a pool waits for its thin devices, however long they take", async () => {
  const { kernel, make, heard } = bench();
  kernel.hangingDisks.add("254:0");
  kernel.busy.add("vg--a-thin").add("vg--a-pool_tdata");
  const waits = heard("vg--a-thin");
  const making = make();
  await waits;
  assert(!kernel.begun.includes("vg--a-pool-tpool"));
  kernel.release();
  assertEquals(await making, { devices: 21, dangers: [] });
});

Deno.test("a device that cannot be replaced is named with dmsetup's reason", async () => {
  const { kernel, make, abort } = bench();
  kernel.refused.add("vg--a-str");
  kernel.replacing("vg--a-str", 2).then(abort);
  const { dangers } = await make();
  assertEquals(dangers, [{
    device: "vg--a-str",
    why: "its table can write (striped); " +
      "dmsetup: device-mapper: reload ioctl on vg--a-str  failed: Invalid argument",
  }]);
  assertEquals(await checkSafe("vg-a", kernel.dmsetup), {
    devices: 21,
    dangers: [{ device: "vg--a-str", why: "its table can write (striped)" }],
  });
});

Deno.test("suspended devices and tables that wait to be used are dealt with", async () => {
  const { kernel, make } = bench("safe");
  kernel.change("vg--a-lin", { suspended: true });
  kernel.change("vg--a-str", { inactive: true });
  kernel.change("vg--a-ro", { live: false, inactive: true, targets: [] });
  assertEquals((await make()).dangers, []);
  assertEquals(kernel.begun.sort(), ["vg--a-lin", "vg--a-ro", "vg--a-str"]);
});

Deno.test("a device that goes meanwhile is no danger", async () => {
  const { kernel, make } = bench();
  kernel.refused.add("vg--a-ro");
  const replacing = kernel.replacing("vg--a-ro");
  const making = make();
  await replacing;
  kernel.remove("vg--a-ro");
  assertEquals(await making, { devices: 20, dangers: [] });
});

Deno.test("another program's device on the VG's disks is left alone, and is a danger", async () => {
  const { kernel, make } = bench();
  const byhand = { name: "byhand", uuid: "", devno: "254:90", uses: ["254:0"] };
  const state = { live: true, inactive: false, suspended: false, targets: ["linear"] };
  const withIt = new TestKernel([...recorded("active"), { ...byhand, ...state }]);
  const why = "it uses the VG's disks (254:0) and is no LV of the VG";
  assertEquals(
    await makeSafe("vg-a", withIt.dmsetup, options),
    { devices: 21, dangers: [{ device: "byhand", why }] },
  );
  assert(!withIt.begun.includes("byhand"));
  assertEquals((await make()).dangers, []);
  assertEquals(kernel.begun.length, 21);
});

Deno.test("where devices cannot be listed nothing is safe, but another attempt may do", async () => {
  const { kernel, make } = bench();
  kernel.unanswered = Infinity;
  const dangers = [{ device: "", why: "dmsetup: Device does not exist." }];
  assertEquals(await checkSafe("vg-a", kernel.dmsetup), { devices: 0, dangers });
  const signal = AbortSignal.abort();
  const outcome = await makeSafe("vg-a", kernel.dmsetup, { ...options, signal });
  assertEquals(outcome, { devices: 0, dangers });
  kernel.unanswered = 2;
  assertEquals((await make()).dangers, []);
  kernel.unanswered = 2;
  assertEquals((await checkSafe("vg-a", kernel.dmsetup)).dangers, []);
});
