/**
 * Both control tools against both daemons, stock and ours, with locks held and waited for. Needs
 * root and the installed lvmlockd and lvmlockctl of 2.03.16.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { NativeClient } from "../../ctl/native_client.ts";
import { fieldRequest, type Reply } from "../../ctl/native_text.ts";
import { DaemonBench, type Kind } from "./ctl_tools.ts";

const vgUuid = "FxAsZb-jWbk-CdCT-5uoR-hh4N-rU2D-op5gxZ";
const lv1 = "16wgc7-qsD4-fgCk-391b-w1P6-CnpP-KuhQk2";
const lv2 = "26wgc7-qsD4-fgCk-391b-w1P6-CnpP-KuhQk2";
const kinds: Kind[] = ["stock", "ours"];

function ask(
  client: NativeClient,
  name: string,
  fields: Record<string, string | number>,
): Promise<Reply> {
  return client.request(fieldRequest(name, fields));
}

async function must(...request: Parameters<typeof ask>): Promise<void> {
  assertEquals((await ask(...request)).get("op_result"), 0);
}

async function startVg(client: NativeClient): Promise<void> {
  const vg = { vg_name: "vg1", vg_lock_type: "dlm", vg_lock_args: "1.0.0:test", vg_uuid: vgUuid };
  await must(client, "start_vg", { pid: 1, ...vg, host_id: 1, opts: "none" });
  await must(client, "start_wait", { pid: 1 });
}

const lockVg = (cmd: string, mode: string) => ({ cmd, pid: 1, mode, opts: "none", vg_name: "vg1" });
const lockGl = (cmd: string, mode: string) => ({ cmd, pid: 1, mode, opts: "none" });
const lockLv = (lv_uuid: string, mode: string) => ({
  cmd: "lvchange",
  pid: 1,
  mode,
  opts: "persistent",
  vg_name: "vg1",
  lv_uuid,
  vg_lock_type: "dlm",
  vg_lock_args: "1.0.0:test",
  lv_lock_args: "dlm",
});

/** The output with the process id of this test as N, for it is what the daemon sees. */
function anonymous(text: string): string {
  return text.replaceAll(/\bpid \d+/g, "pid N");
}

/** The stock tool garbles the lines of the global lockspace, whose VG name is empty. */
function ungarbled(text: string): string {
  const garbled = "VG vg_uuid= lock_type= \nLS  lvm_global\n";
  return text.replace(garbled, "VG  lock_type=dlm \nLS dlm lvm_global\n");
}

const printed = `\
VG  lock_type=dlm 
LS dlm lvm_global
LK VG un ver 0
LK GL sh ver 0 pid N (vgs)
LW GL ex ver 0 pid N (pvcreate)

VG vg1 lock_type=dlm ${vgUuid}
LS dlm lvm_vg1
LK VG ex ver 6 pid N (vgs)
LW VG sh ver 0 pid N (lvs)
LK LV ex ${lv1}
LK LV sh ${lv2}
`;

for (const kind of kinds) {
  Deno.test(`${kind} daemon: both tools print the same state`, async () => {
    await using bench = await DaemonBench.open(kind);
    using holder = await bench.connect();
    using reader = await bench.connect();
    using creator = await bench.connect();
    await startVg(holder);
    await must(holder, "lock_gl", lockGl("vgs", "sh"));
    await must(holder, "lock_vg", lockVg("vgs", "ex"));
    await must(holder, "vg_update", { pid: 1, vg_name: "vg1", version: 6 });
    await must(holder, "lock_lv", lockLv(lv1, "ex"));
    await must(holder, "lock_lv", lockLv(lv2, "sh"));
    const waiting = [
      ask(reader, "lock_vg", lockVg("lvs", "sh")),
      ask(creator, "lock_gl", lockGl("pvcreate", "ex")),
    ];
    let stock = await bench.stockCtl("-i");
    while (stock.stdout.split("LW").length < 3) stock = await bench.stockCtl("-i");
    const ours = await bench.ourCtl("-i");
    assertEquals(anonymous(ours.stdout), printed);
    assertEquals(ungarbled(anonymous(stock.stdout)), printed);
    assertEquals([ours.code, ours.stderr], [stock.code, stock.stderr]);

    const lines = (text: string) => text.split("\n").filter((line) => !/client|structs/.test(line));
    const raw = [await bench.ourCtl("-id"), await bench.stockCtl("-i", "-d")];
    assertEquals(lines(raw[0]!.stdout), lines(raw[1]!.stdout));

    await must(holder, "lock_gl", lockGl("vgs", "un"));
    await must(holder, "lock_vg", lockVg("vgs", "un"));
    for (const reply of await Promise.all(waiting)) assertEquals(reply.get("op_result"), 0);
  });

  Deno.test(`${kind} daemon: refusals, where only ours tells`, async () => {
    await using bench = await DaemonBench.open(kind);
    using client = await bench.connect();
    await startVg(client);
    await must(client, "lock_lv", lockLv(lv1, "ex"));
    for (
      const [line, says] of [
        ["-E vg1", "(EINVAL, -22)"],
        ["-D vg1", "(EINVAL, -22)"],
        ["-q", "lockspaces exist (EBUSY, -16)"],
        ["-S -w 0", "still stopping or in use."],
        ["-e -r nosuch", "it has no lockspace here (ENOLS, -210)"],
      ] as const
    ) {
      const stock = await bench.stockCtl(...line.split(" "));
      const ours = await bench.ourCtl(...line.split(" "));
      assertEquals([stock.code, ours.code, ours.stdout], [0, 5, stock.stdout], line);
      assert(ours.stderr.startsWith(stock.stderr));
      assertStringIncludes(ours.stderr, says);
    }
  });

  Deno.test(`${kind} daemon: kill, drop, stop and quit`, async () => {
    await using bench = await DaemonBench.open(kind);
    using client = await bench.connect();
    await startVg(client);
    await must(client, "lock_lv", lockLv(lv1, "ex"));
    const killed = await bench.ourCtl("-e", "-k", "vg1");
    assertEquals(killed.code, 0);
    assertStringIncludes(killed.stderr, "Once VG is unused, run lvmlockctl --drop vg1.\n");
    const refused = await ask(client, "lock_vg", lockVg("vgs", "sh"));
    assertEquals(refused.get("op_result"), -217);
    assertStringIncludes((await bench.ourCtl("-i", "-d")).stdout, " kill_vg=1 ");
    assertEquals((await bench.ourCtl("-e", "-r", "vg1")).code, 0);

    const log = await bench.ourCtl("-d");
    assertStringIncludes(log.stdout, "S lvm_vg1 kill_vg");
    assertMatch(log.stdout, /^\d+ lvmlockd started/m);
    for (const option of ["-S", "-q"]) {
      const { code, stdout } = await bench.ourCtl(option);
      assertEquals([code, stdout], [0, ""], option);
    }
    await bench.daemon.status;
    const gone = await bench.ourCtl("-i");
    assertEquals([gone.code, gone.stdout], [255, "Cannot connect to lvmlockd.\n"]);
  });
}

Deno.test("a stop that waits ends with its deadline, and ours says what it waits for", async () => {
  await using bench = await DaemonBench.open("ours");
  using client = await bench.connect();
  await startVg(client);
  await must(client, "lock_lv", lockLv(lv1, "ex"));
  const stopped = await bench.ourCtl("-S", "--deadline", "3");
  assertEquals(stopped.code, 110);
  assertStringIncludes(stopped.stderr, "Waiting for lockspaces to stop: ");
  assertStringIncludes(stopped.stderr, "VG vg1 (1 lock)");
  assertStringIncludes(stopped.stderr, "lvmlockd has not answered the request stop_all\n");
  // The request goes with its connection: the lockspace does not stop behind anybody's back.
  const connected = async () => (await bench.ourCtl("-id")).stdout.includes("name=lvmlockctl");
  while (await connected());
  await must(client, "lock_lv", lockLv(lv1, "un"));
  await must(client, "lock_lv", lockLv(lv2, "ex"));
});
