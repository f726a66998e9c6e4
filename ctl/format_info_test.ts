/** The listing of `--info` against listings captured from the stock tool. @module */
import { assertEquals } from "@std/assert";
import { formatInfo } from "./format_info.ts";

const uuid = "FxAsZb-jWbk-CdCT-5uoR-hh4N-rU2D-op5gxZ";
const lv1 = "16wgc7-qsD4-fgCk-391b-w1P6-CnpP-KuhQk2";
const lv2 = "26wgc7-qsD4-fgCk-391b-w1P6-CnpP-KuhQk2";
const progress = "create_fail=0 create_done=1 thread_work=0 thread_stop=0 thread_done=0 kill_vg=0";

/** What the daemon of 2.03.16 sent with commands running and waiting in a dlm VG. */
const listing16 = `\
info=structs unused_action_count=29 unused_client_count=28 unused_resource_count=27 unused_lock_count=28
info=client pid=9739 fd=7 pi=2 id=2 name=vgs
info=client pid=9739 fd=8 pi=3 id=3 name=vgs
info=client pid=9739 fd=9 pi=4 id=4 name=pvcreate
info=client pid=9739 fd=11 pi=5 id=5 name=.
info=ls ls_name=lvm_global vg_name= vg_uuid= vg_sysid=. vg_args= lm_type=dlm host_id=0 ${progress} drop_vg=0 sanlock_gl_enabled=0
info=r name=VGLK type=vg mode=un sh_count=0 version=0
info=r name=GLLK type=gl mode=sh sh_count=1 version=0
info=lk mode=sh version=0 flags=0x0 client_id=2
info=r_action client_id=4 flags=0x0 version=0 op=lock rt=gl mode=ex lm_type=dlm result=0 lm_rv=0
info=ls ls_name=lvm_vg1 vg_name=vg1 vg_uuid=${uuid} vg_sysid=. vg_args=1.0.0:test lm_type=dlm host_id=1 ${progress} drop_vg=0 sanlock_gl_enabled=0
info=r name=VGLK type=vg mode=ex sh_count=0 version=0
info=lk mode=ex version=6 flags=0x0 client_id=2
info=r_action client_id=3 flags=0x0 version=0 op=lock rt=vg mode=sh lm_type=dlm result=0 lm_rv=0
info=r name=${lv1} type=lv mode=ex sh_count=0 version=0
info=lk mode=ex version=0 flags=0x1 client_id=0
info=r name=${lv2} type=lv mode=sh sh_count=1 version=0
info=lk mode=sh version=0 flags=0x1 client_id=0
`;

/** As printed by the stock tool, but for its first two lines: it garbles empty fields there. */
const printed = `\
VG  lock_type=dlm 
LS dlm lvm_global
LK VG un ver 0
LK GL sh ver 0 pid 9739 (vgs)
LW GL ex ver 0 pid 9739 (pvcreate)

VG vg1 lock_type=dlm ${uuid}
LS dlm lvm_vg1
LK VG ex ver 6 pid 9739 (vgs)
LW VG sh ver 0 pid 9739 (vgs)
LK LV ex ${lv1}
LK LV sh ${lv2}
`;

Deno.test("the listing of 2.03.16", () => assertEquals(formatInfo(listing16), printed));

Deno.test("the listing of 2.03.40 with other fields in other places prints the same", () => {
  const listing40 = listing16
    .replaceAll(" vg_sysid=.", "")
    .replace(/host_id=(\d)/g, "host_id=$1 generation=0")
    .replaceAll("drop_vg=0", "fence_pr=0 no_timeout=0")
    .replaceAll("lm_rv=0", "lm_rv=0 owner_host_id=0 owner_generation=0");
  assertEquals(formatInfo(listing40), printed);
});

Deno.test("no lockspace: nothing", () => {
  assertEquals(
    formatInfo("info=structs unused_action_count=31\ninfo=client pid=1 fd=7 id=2\n"),
    "",
  );
  assertEquals(formatInfo(""), "");
});

Deno.test("two sanlock VGs, one with the global lock", () => {
  const listing = ["vg0", "vg1"].map((vg) =>
    `info=ls ls_name=lvm_${vg} vg_name=${vg} vg_uuid=${uuid} lm_type=sanlock host_id=1\n` +
    `info=r name=VGLK type=vg mode=un sh_count=0 version=4\n` +
    (vg === "vg0" ? "info=r name=GLLK type=gl mode=un sh_count=0 version=2\n" : "")
  ).join("");
  assertEquals(
    formatInfo(listing),
    `VG vg0 lock_type=sanlock ${uuid}\nLS sanlock lvm_vg0\nLK VG un ver 4\nLK GL un ver 2\n\n` +
      `VG vg1 lock_type=sanlock ${uuid}\nLS sanlock lvm_vg1\nLK VG un ver 4\n`,
  );
});

Deno.test("fencing, as 2.03.40 reports it", () => {
  const owner = "owner_host_id=2 owner_generation=3";
  const keys = "ourkey=0x1001 remkey=0x1002";
  const wait = `client_id=7 flags=0x1 version=0 op=lock rt=vg mode=ex lm_type=sanlock result=0`;
  assertEquals(
    formatInfo(
      "info=client pid=50 fd=7 pi=2 id=7 name=vgs\n" +
        `info=ls_fence_history op=fence result=0 msg_id=1 ${owner} ${keys}\n` +
        `info=ls_fence_history op=fence_result result=0 msg_id=1 ${owner} ${keys}\n` +
        `info=ls_fence_history op=fence_result result=-1 msg_id=1 ${owner} ${keys}\n` +
        "info=r name=VGLK type=vg mode=ex sh_count=0 version=0\n" +
        `info=r_fence_wait_action ${wait} lm_rv=0 ${owner}\n` +
        `info=r name=${lv1} type=lv mode=ex sh_count=0 version=0\n` +
        `info=r_fence_wait_action ${wait} lm_rv=0 ${owner}\n`,
    ),
    "PR host_id 2 generation 3 key 0x1002 waiting\n" +
      "PR host_id 2 generation 3 key 0x1002 removed\n" +
      "PR host_id 2 generation 3 key 0x1002 failed\n" +
      "LW VG ex ver 0 pid 50 (vgs) fence_owner 2.3\n" +
      `LW LV ex ${lv1} fence_owner 2.3\n`,
  );
});

Deno.test("more than a hundred clients keep their names", () => {
  const clients = Array.from(
    { length: 300 },
    (_, i) => `info=client pid=${i} id=${i} name=c${i}\n`,
  );
  const text = formatInfo(
    `${clients.join("")}info=r name=VGLK type=vg mode=ex version=0\n` +
      "info=lk mode=ex version=1 flags=0x0 client_id=299\n",
  );
  assertEquals(text, "LK VG ex ver 1 pid 299 (c299)\n");
});
