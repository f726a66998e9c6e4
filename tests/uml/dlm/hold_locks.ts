/**
 * Holds locks of a VG, or the global lock, through the native socket, as a command does that takes its
 * time; runs on a host of a scenario, with either daemon. Says when it has them and holds them until it
 * is killed.
 *
 *     deno run -A hold_locks.ts [vg:NAME=sh|ex …] [gl=sh|ex]
 *
 * @module
 */
import { NativeConnection } from "../../bench/native.ts";

using connection = await NativeConnection.open("/run/lvm/lvmlockd.socket");
for (const text of Deno.args) {
  const [lock = "", mode = ""] = text.split("=");
  const [type, vgName] = lock.split(":");
  await connection.request({
    request: `lock_${type}`,
    mode,
    cmd: "hold_locks",
    pid: Deno.pid,
    opts: "none",
    ...vgName ? { vg_name: vgName } : { vg_lock_type: "dlm" },
  });
}
console.log("held");
setInterval(() => {}, 1_000_000);
await new Promise(() => {});
