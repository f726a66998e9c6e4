/**
 * The transfer of the state listing and the log: what the stock control tool and ours make of the
 * same data, and what happens when it goes wrong.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { FakeDaemonBench, ourCtl, stockCtl } from "./ctl_tools.ts";

const action = "flags=0x0 version=8 op=";
const rest = "lm_type=sanlock result=0 lm_rv=0";

/** Every kind of record of 2.03.16, in states that are common, rare and unheard of. */
const listing = `\
info=structs unused_action_count=1 unused_client_count=1 unused_resource_count=1 unused_lock_count=1
info=client pid=11 fd=7 pi=2 id=2 name=two words id=3
info=client pid=12 fd=8 pi=3 id=3 name=lvs
info=ls ls_name=lvm_a vg_name=a vg_uuid=U vg_sysid=. vg_args=x lm_type=sanlock host_id=1
info=ls_action client_id=3 ${action}start rt=vg mode=iv ${rest}
info=r name=VGLK type=vg mode=nl sh_count=0 version=3
info=r name=VGLK type=vg mode=un sh_count=0 version=4294967295
info=r name=GLLK type=gl mode=un sh_count=0 version=9
info=r name=LVX type=lv mode=un sh_count=0 version=9
info=r name=VGLK type=vg mode=ex sh_count=0 version=3
info=lk mode=ex version=5 flags=0x0 client_id=2
info=lk mode=sh version=5 flags=0x1 client_id=0
info=lk mode=iv version=5 flags=0x1 client_id=77
info=r_action client_id=3 ${action}lock rt=gl mode=sh ${rest}
info=r_action client_id=3 ${action}update rt=vg mode=sh ${rest}
info=r_action client_id=99 ${action}lock rt=vg mode=ex ${rest}
info=r name=LVY type=lv mode=sh sh_count=0 version=3
info=lk mode=sh version=5 flags=0x0 client_id=2
info=r_action client_id=3 ${action}lock rt=lv mode=ex ${rest}
info=r_action client_id=3 ${action}free rt=lv mode=iv ${rest}
info=what is this
nonsense

info=r name=ZZ type=xx mode=sh sh_count=0 version=1
info=lk mode=sh version=5 flags=0x0 client_id=2
info=ls ls_name=REM:lvm_b vg_name=b vg_uuid=V vg_sysid=. vg_args=x lm_type=dlm host_id=1
info=ls ls_name=lvm_c vg_name=c
info=lk
info=r
info=r_action
the end`;

Deno.test("the same data is printed alike", async (t) => {
  await using bench = await FakeDaemonBench.open();
  const log = `${"1795387097 new cl 1 pi 2 fd 7\n".repeat(6800)}the end`;
  for (const dump of [listing, `${listing}\n`, "", log]) {
    for (const option of ["-i", "-id", "-d"]) {
      if (option === "-i" && dump === log) continue;
      await t.step(`${option} of ${dump.length} bytes`, async () => {
        await bench.script({ dump });
        const expected = await bench.observe([...stockCtl, option]);
        assertEquals(await bench.observe([...ourCtl, option]), expected);
        assertEquals(expected.code, 0);
      });
    }
  }
});

Deno.test("a listing that did not fit is shown as far as it goes, and is a failure", async () => {
  await using bench = await FakeDaemonBench.open();
  const replies = { info: 'response = "OK"\nresult = -28\ndump_len = 10\n' };
  await bench.script({ replies, dump: listing, dumpSent: 10 });
  const expected = await bench.observe([...stockCtl, "-id"]);
  const actual = await bench.observe([...ourCtl, "-id"]);
  assertEquals(actual.stdout, expected.stdout);
  assertEquals([actual.code, actual.stdout], [5, "result -28\ninfo=struc\n"]);
});

Deno.test("data that does not come ends the run, where the stock tool waits for ever", async () => {
  await using bench = await FakeDaemonBench.open();
  await bench.script({ dump: listing, dumpSent: 100 });
  const { code, stdout, stderr } = await bench.observe([...ourCtl, "-i", "--deadline", "0.5"]);
  assertEquals([code, stdout], [110, ""]);
  const announced = new TextEncoder().encode(listing).length;
  assertStringIncludes(stderr, `lvmlockd announced ${announced} bytes, 100 arrived.`);
});

Deno.test("several at a time all get their listing", async () => {
  await using bench = await FakeDaemonBench.open();
  await bench.script({ dump: listing });
  const one = await bench.observe([...ourCtl, "-i"]);
  const runs = Array.from({ length: 6 }, () => bench.sandbox.run([...ourCtl, "-i"]));
  for (const { code, stdout } of await Promise.all(runs)) {
    assertEquals([code, stdout], [0, one.stdout]);
  }
});

Deno.test("a name that stays taken ends as it does in the stock tool, with a word on why", async () => {
  await using bench = await FakeDaemonBench.open();
  const module = new URL("../../core/os/datagram.ts", import.meta.url);
  const hold = `import { AbstractDatagramSocket } from "${module}";
    const socket = AbstractDatagramSocket.bind("lvmlockd-dump.sock");
    console.log("bound");
    await Deno.stdin.read(new Uint8Array(1));
    socket[Symbol.dispose]();`;
  const path = `${bench.directory}/hold.ts`;
  await Deno.writeTextFile(path, hold);
  const holder = bench.sandbox.start([Deno.execPath(), "run", "-A", "--quiet", path], {
    stdin: "piped",
    stdout: "piped",
  });
  const reader = holder.stdout.getReader();
  await reader.read();
  const expected = await bench.observe([...stockCtl, "-i"]);
  const actual = await bench.observe([...ourCtl, "-i", "--deadline", "0.5"]);
  assertEquals([actual.code, actual.stdout], [expected.code, expected.stdout]);
  assertEquals([actual.code, actual.stdout], [158, "socket error -98\n"]);
  assert(actual.stderr.startsWith("Another process has the abstract socket"), actual.stderr);
  await reader.cancel();
  await holder.stdin.close();
});
