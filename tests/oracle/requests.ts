/**
 * The requests that LVM's commands and lvmlockctl send, as lists of fields in the order in which
 * those programs write them.
 *
 * @module
 */
import type { Fields } from "./script.ts";

/** A VG that scripts use. */
export interface Vg {
  name: string;
  lockType: "dlm" | "sanlock" | "idm";
  args: string;
  uuid: string;
}

/** The process id that all clients state; the daemon only logs it. */
const pid = 4242;

export function dlmVg(name: string, index: number): Vg {
  const uuid = `${index}7wdrm-KUOb-r8pp-wu2N-ok8K-EOmf-367w7l`;
  return { name, lockType: "dlm", args: "1.0.0:test", uuid };
}

export function sanlockVg(name: string, index: number): Vg {
  return { ...dlmVg(name, index), lockType: "sanlock", args: "1.0.0:lvmlock" };
}

/** The uuid of a script's n-th LV, in LVM's form. */
export function lvUuid(index: number): string {
  return `${index}Q3xT0-4xM8-rPIV-8XqI-hwv3-h8Y7-xRWjMr`;
}

/** What is locked: the global lock, a VG, or an LV of it by number. */
export type Target = { kind: "gl" } | { kind: "vg"; vg: Vg } | { kind: "lv"; vg: Vg; lv: number };

/** A lock request as a command sends it. */
export function lockRequest(target: Target, mode: string, opts: string, cmd: string): Fields {
  const start: Fields = [
    ["request", `lock_${target.kind}`],
    ["cmd", cmd],
    ["pid", pid],
    ["mode", mode],
    ["opts", opts],
  ];
  if (target.kind === "gl") return [...start, ["vg_lock_type", "none"]];
  if (target.kind === "vg") {
    return [
      ...start,
      ["vg_name", target.vg.name],
      ["vg_lock_type", "none"],
      ["vg_lock_args", "none"],
    ];
  }
  return [...start, ...lvFields(target.vg, target.lv)];
}

function lvFields(vg: Vg, lv: number): Fields {
  return [
    ["vg_name", vg.name],
    ["lv_name", `lv${lv}`],
    ["lv_uuid", lvUuid(lv)],
    ["vg_lock_type", vg.lockType],
    ["vg_lock_args", vg.args],
    ["lv_lock_args", vg.lockType === "sanlock" ? `1.0.0:${(67 + lv) * 1048576}` : vg.lockType],
  ];
}

/** Requests about an LV other than locking it: free_lv, query_lock_lv, init_lv. */
export function lvRequest(name: string, vg: Vg, lv: number): Fields {
  return [["request", name], ["pid", pid], ...lvFields(vg, lv)];
}

/** Requests that carry VG name, lock type and args: free_vg, busy_vg, init_vg, rename_vg_*. */
export function vgRequest(name: string, vg: Vg): Fields {
  const args = name === "init_vg" && vg.lockType === "sanlock" ? "lvmlock" : vg.args;
  return [
    ["request", name],
    ["pid", pid],
    ["vg_name", vg.name],
    ["vg_lock_type", vg.lockType],
    ["vg_lock_args", args],
  ];
}

/** Requests that carry nothing but a VG name: stop_vg, kill_vg, drop_vg, enable_gl and others. */
export function namedRequest(name: string, vg: Vg): Fields {
  return [["request", name], ["pid", pid], ["vg_name", vg.name]];
}

/** Requests about the daemon as a whole: running_lm, start_wait, stop_all. */
export function plainRequest(name: string, opts?: string): Fields {
  return [
    ["request", name],
    ["pid", pid],
    ...(opts === undefined ? [] : [["opts", opts]]) as Fields,
  ];
}

export function startRequest(vg: Vg, opts: string, version = 1): Fields {
  return [
    ...vgRequest("start_vg", vg),
    ["vg_uuid", vg.uuid],
    ["version", version],
    ["host_id", vg.lockType === "sanlock" ? 1 : 0],
    ["opts", opts],
  ];
}

export function updateRequest(vg: Vg, version: number | string, opts?: string): Fields {
  return [
    ...namedRequest("vg_update", vg),
    ["version", version],
    ...(opts === undefined ? [] : [["opts", opts]]) as Fields,
  ];
}
