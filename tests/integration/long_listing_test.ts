/** A state listing that is longer than the stock control tool has room for. */
import { assert, assertEquals } from "@std/assert";
import { fieldRequest } from "../../ctl/native_text.ts";
import { DaemonBench } from "./ctl_tools.ts";

/** About 1.2 MB. */
const LOCKS = 9000;
const vg = { vg_name: "vg0", vg_lock_type: "dlm", vg_lock_args: "1.0.0:test" };

const uuidOf = (n: number) => `listed-0000-0000-0000-0000-0000-${String(n).padStart(6, "0")}`;

Deno.test("our control tool lists everything, the stock one what it has room for", async (t) => {
  await using bench = await DaemonBench.open("ours");
  using client = await bench.connect();
  const start = { ...vg, pid: 1, vg_uuid: uuidOf(0), version: 1, host_id: 0, opts: "none" };
  await client.request(fieldRequest("start_vg", start));
  await client.request(fieldRequest("start_wait", { pid: 1 }));
  const uuids = Array.from({ length: LOCKS }, (_, n) => uuidOf(n));
  for (const lv_uuid of uuids) {
    const lock = { cmd: "test", pid: 1, mode: "ex", opts: "persistent", lv_lock_args: "dlm" };
    const reply = await client.request(
      fieldRequest("lock_lv", { ...vg, ...lock, lv_name: "lv", lv_uuid }),
    );
    assertEquals(reply.get("op_result"), 0);
  }
  const listed = (text: string) => text.match(/^LK LV ex listed-\S+$/mg) ?? [];
  const lines = uuids.map((uuid) => `LK LV ex ${uuid}`).toSorted();

  await t.step("ours", async () => {
    const { code, stdout } = await bench.ourCtl("--info");
    assertEquals(code, 0);
    assertEquals(listed(stdout).toSorted(), lines);
  });

  await t.step("stock", async () => {
    const { stdout } = await bench.stockCtl("--info");
    const got = listed(stdout);
    assert(got.length > LOCKS / 2 && got.length < LOCKS, `${got.length} were listed`);
    assertEquals(new Set(got).difference(new Set(lines)), new Set());
  });
});
