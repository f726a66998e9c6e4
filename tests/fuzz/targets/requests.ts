/**
 * Requests of the native protocol as LVM's commands spell them, to begin with.
 *
 * @module
 */
import { message } from "../../integration/wire.ts";

/** What ends a request. */
export const END = "\n##\n";

export const LV_UUID = "abcdef-0123-4567-89ab-cdef-0123-456789";

export const vg = {
  cmd: "fuzz",
  pid: 77,
  vg_name: "vg0",
  vg_lock_type: "dlm",
  vg_lock_args: "1.0.0:test",
  vg_uuid: "u",
  opts: "none",
};
export const lv = { lv_name: "lv", lv_uuid: LV_UUID, lv_lock_args: "dlm" };

/** As a client of 2.03.16 writes `hello`, recorded. */
const hello = 'request = "hello"\nprotocol = "lvmlockd"\nversion = 1\n' + END;

export const nativeRequests: readonly string[] = [
  hello,
  message("hello"),
  message("running_lm"),
  message("lock_gl", { cmd: "fuzz", mode: "sh", opts: "none", vg_lock_type: "none" }),
  message("start_vg", { ...vg, version: 1, host_id: 0 }),
  message("lock_vg", { ...vg, mode: "ex" }),
  message("lock_vg", { ...vg, mode: "un" }),
  message("vg_update", { ...vg, version: 7 }),
  message("lock_lv", { ...vg, ...lv, mode: "ex", opts: "persistent" }),
  message("lock_lv", { ...vg, ...lv, mode: "un", opts: "persistentlv_unlock" }),
  message("query_lock_lv", { ...vg, ...lv }),
  message("free_lv", { ...vg, ...lv }),
  message("init_vg", vg),
  message("init_lv", { ...vg, ...lv, prev_lv_args: "none", align_mb: 4, lv_size_bytes: 4194304 }),
  message("refresh_lv", { ...lv, path: "/dev//vg0/lv" }),
  message("lock_lv", {
    ...vg,
    ...lv,
    mode: "ex",
    path_num: 2,
    "path[0]": "/dev/a",
    "path[1]": "b",
  }),
  message("stop_vg", { ...vg, opts: "force wait" }),
  message("vg_status", vg),
  message("setlockargs_vg_before", { ...vg, set_lock_args: "persist,notimeout" }),
  message("set_remote_lv_lock", { ...vg, ...lv, mode: "ex" }),
  "a { b = [1, 'x', \"y\"] # c\n } " + message("busy_vg", { ...vg, max_retries: 3 }),
  `request = "lock_vg"\nvg_name = "a\\"b\\\\c"\nmode = 'sh'\nversion = 0x10\n${END}`,
];
