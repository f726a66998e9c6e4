/**
 * Which VGs the embedded lock manager serves: those made here, and no other. A command that makes a
 * VG gets what it needs.
 */
import { assertEquals } from "@std/assert";
import { terminator } from "../../ctl/native_text.ts";
import { CLUSTER, Place } from "./daemon.ts";
import { listLocks, VG } from "./target.ts";
import { reply, Wire } from "./wire.ts";

const uuid = "mf7wdr-KUOb-r8pp-wu2N-ok8K-EOmf-367w7l";
const serves = `the embedded lock manager of this host serves only VGs of "${CLUSTER}"`;
const noCluster = "but no DLM cluster runs on this host";

/** Lock type and args of a VG, the result of its start, and what is logged about it. */
const foreign: [string, string, number, string?][] = [
  ["dlm", "1.0.0:mycluster", -214, `it belongs to the DLM cluster "mycluster", ${noCluster}`],
  ["dlm", "1.0.0:embedded-other", -212, `VG vg0 belongs to the dlm cluster "embedded-other"`],
  ["dlm", `1.0.0:${CLUSTER}x`, -212, `belongs to the dlm cluster "${CLUSTER}x"; ${serves}`],
  ["dlm", `1.0.0:${CLUSTER}:x`, -212, `belongs to the dlm cluster "${CLUSTER}:x"`],
  ["dlm", "1.0.0:", -212, 'the lock args "1.0.0:" are not understood'],
  ["dlm", `2.0.0:${CLUSTER}`, -212, `has lock args "2.0.0:${CLUSTER}", which are not understood`],
  ["dlm", CLUSTER, -212, `the lock args "${CLUSTER}" are not understood`],
  ["dlm", "1.0.0:lvmlock", -214, 'it belongs to the DLM cluster "lvmlock"'],
  ["dlm", "none", -212, 'the lock args "" are not understood'],
  ["dlm", "garbage", -212, 'the lock args "garbage" are not understood'],
  ["dlm", "1.0.0:a\nlvmlockd started", -214, 'the DLM cluster "a?lvmlockd started"'],
  ["sanlock", "1.0.0:lvmlock", -214],
  ["sanlock", `1.0.0:${CLUSTER}`, -214],
  ["idm", "none", -214, "libseagate_ilm.so.0"],
  ["none", `1.0.0:${CLUSTER}`, -22],
  ["nosuch", `1.0.0:${CLUSTER}`, -22],
];

Deno.test("a VG that was not made here is refused, and nothing is granted in it", async (t) => {
  await using place = await Place.open("embedded");
  const daemon = await place.start();
  using client = await place.connect();
  for (const [type, args, result, message] of foreign) {
    await t.step(`${type} ${args}`, async () => {
      const vg = { pid: 1, vg_name: VG, vg_lock_type: type, vg_lock_args: args };
      const from = daemon.errors.count;
      const start = { ...vg, vg_uuid: uuid, version: 2, host_id: 0, opts: "none" };
      assertEquals(await client.result("start_vg", start), result);
      assertEquals(await client.result("start_wait"), 0);
      if (message !== undefined) {
        const line = await daemon.errors.line(/^VG vg0/, from);
        assertEquals(line.includes(message), true, line);
      }
      assertEquals(await client.lockVg(VG, "ex"), -210);
      assertEquals(await client.lockLv(VG, uuid, "ex"), -210);
      assertEquals((await listLocks(place.api)).held, []);
    });
  }
  await client.startVg(VG);
  assertEquals(await client.lockVg(VG, "ex"), 0);
});

Deno.test("where sanlock and IDM do not run they make no VGs", async () => {
  await using place = await Place.open("embedded");
  await place.start();
  using client = await place.connect();
  for (const type of ["sanlock", "idm"]) {
    const vg = { pid: 1, vg_name: VG, vg_lock_type: type, vg_lock_args: "lvmlock" };
    assertEquals(await client.result("init_vg", vg), -214);
    const gl = { cmd: "vgcreate", pid: 1, mode: "ex", opts: "none", vg_lock_type: type };
    assertEquals(await client.result("lock_gl", gl), -210);
  }
});

/** What `vgcreate --shared` sends and gets, byte for byte. */
const args = `1.0.0:${CLUSTER}`;
const vgcreate: [string, string][] = [
  [
    'request = "hello"\n',
    'response = "OK"\nresult = 0\nprotocol = "lvmlockd"\nversion = 1\n',
  ],
  ['request="running_lm"\npid =4963\n', reply(18, 2, "none")],
  [
    'request="lock_gl"\ncmd ="vgcreate"\npid =4963\nmode ="ex"\nopts ="none"\nvg_lock_type ="dlm"\n',
    reply(7, 0),
  ],
  [
    'request="init_vg"\npid =4963\nvg_name ="capvg"\nvg_lock_type ="dlm"\n',
    `response = "OK"\nop = 3\nop_result = 0\nlm_result = 0\nvg_lock_args = "${args}"\n` +
    'lv_lock_args = "none"\nresult_flags = "none"\n',
  ],
  ['request="vg_update"\npid =4963\nvg_name ="capvg"\nversion =2\n', reply(8, -210, "none")],
  [
    `request="start_vg"\npid =4963\nvg_name ="capvg"\nvg_lock_type ="dlm"\nvg_lock_args ="${args}"\n` +
    `vg_uuid ="${uuid}"\nversion =2\nhost_id =0\nopts ="start_init"\n`,
    reply(5, 0),
  ],
  [
    'request="lock_gl"\ncmd ="vgcreate"\npid =4963\nmode ="un"\nopts ="none"\nvg_lock_type ="none"\n',
    reply(7, 0),
  ],
  ['request="start_wait"\npid =4963\n', reply(12, 0, "none")],
];

Deno.test("a VG is made and started as by vgcreate --shared", async () => {
  await using place = await Place.open("embedded");
  await place.start();
  {
    using wire = await Wire.open(place.socket);
    for (const [request, expected] of vgcreate) {
      assertEquals(await wire.ask(request + terminator), expected, request);
    }
  }
  using client = await place.connect();
  assertEquals(await client.lockVg("capvg", "sh"), 0);
  assertEquals(await client.lockLv("capvg", uuid, "ex"), 0);
  assertEquals((await listLocks(place.api)).held, ["VGLK sh test", `${uuid} ex persistent`]);
});
