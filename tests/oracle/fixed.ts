/**
 * Scripts written by hand for what random ones do not reach: no lockspace at all, a global lock
 * whose type is not chosen yet, and the known differences that would end every random script. Each
 * gets daemons of its own.
 *
 * @module
 */
import * as make from "./requests.ts";
import type { Fields, Script, Step } from "./script.ts";

const va = make.dlmVg("va", 1);
const vs = make.sanlockVg("base", 2);
const lv = { kind: "lv", vg: va, lv: 1 } as const;
const gl = { kind: "gl" } as const;

const send = (client: number, fields: Fields): Step => ({ kind: "send", client, fields });
const info: Step = { kind: "info" };
const lock = (client: number, target: make.Target, mode: string, opts = "none"): Step =>
  send(client, make.lockRequest(target, mode, opts, "fixed"));

/** Everything that needs a lockspace, for a VG that has none. */
const withoutLockspace: Step[] = [
  lock(0, gl, "sh"),
  lock(0, gl, "ex"),
  lock(0, gl, "un"),
  lock(0, { kind: "vg", vg: va }, "sh"),
  send(0, make.lockRequest({ kind: "vg", vg: va }, "ex", "none", "fixed").slice(0, 6)),
  send(1, make.updateRequest(va, 3)),
  ...["stop_vg", "kill_vg", "drop_vg", "enable_gl", "disable_gl", "find_free_lock"].map((name) =>
    send(1, make.namedRequest(name, va))
  ),
  send(1, make.namedRequest("query_lock_vg", va)),
  send(1, make.plainRequest("running_lm")),
  send(1, make.plainRequest("start_wait")),
  send(1, make.plainRequest("stop_all", "none")),
  info,
];

/** A daemon's life with one dlm VG. */
const oneVg: Step[] = [
  send(0, make.plainRequest("running_lm")),
  send(0, make.startRequest(va, "wait")),
  send(0, make.plainRequest("running_lm")),
  lock(0, gl, "ex"),
  lock(1, lv, "ex", "persistent"),
  send(1, [["request", "quit"]]),
  send(1, make.namedRequest("stop_vg", va)),
  lock(1, lv, "un", "persistent"),
  info,
  { kind: "close", client: 0, polite: true },
  send(1, make.namedRequest("stop_vg", va)),
];

/** Free and reuse of an LV's lock, and asking for one that was never taken. */
const idleLvs: Step[] = [
  send(0, make.startRequest(va, "wait")),
  send(0, make.lvRequest("query_lock_lv", va, 1)),
  send(0, make.lvRequest("free_lv", va, 1)),
  send(0, make.lvRequest("free_lv", va, 2)),
  lock(0, lv, "un", "persistent"),
  lock(0, lv, "ex", "persistent"),
  lock(0, lv, "un", "persistent"),
  info,
  lock(0, lv, "sh", "persistent"),
  send(0, make.lvRequest("free_lv", va, 1)),
];

/** Lock types that a request may name. */
const lockTypes: Step[] = ["dlm", "sanlock", "idm", "none", "nosuch"].map((type) =>
  send(0, [["request", "lock_vg"], ["mode", "ex"], ["vg_name", "va"], ["vg_lock_type", type]])
);

const named = (name: string, length: number) => ({ ...va, name: name.repeat(length) });

const longNames: Step[] = [
  send(0, make.startRequest(named("a", 59), "wait")),
  send(0, make.startRequest(named("b", 70), "wait")),
  lock(0, { kind: "vg", vg: named("a", 59) }, "ex"),
  send(0, make.namedRequest("query_lock_vg", named("b", 61))),
  info,
];

/** A VG without a name. The stock daemon starts it, so nothing can be compared afterwards. */
const nameless: Step[] = [
  send(0, make.lockRequest({ kind: "vg", vg: { ...va, name: "" } }, "ex", "none", "fixed")),
  send(0, make.namedRequest("stop_vg", { ...va, name: "none" })),
  send(0, make.startRequest({ ...va, name: "" }, "wait")),
];

/** Field of a start request, and what takes its place. */
const spoiledStarts: [string, string | number | undefined][] = [
  ["vg_lock_type", undefined],
  ["vg_lock_type", "none"],
  ["vg_lock_type", "nosuch"],
  ["vg_lock_type", 2],
  ["vg_lock_args", undefined],
  ["vg_lock_args", "9.0.0:other"],
  ["vg_lock_args", "x".repeat(80)],
  ["vg_uuid", undefined],
  ["version", "x"],
  ["opts", undefined],
];

const oddStarts: Step[] = spoiledStarts.map(([key, value], i) => {
  const fields = make.startRequest({ ...va, name: `v${i}` }, "wait");
  const rest = fields.filter(([other]) => other !== key);
  return send(0, value === undefined ? rest : [...rest, [key, value]]);
});

/** Needs the stand-in device of the VG `base`. */
const firstSanlockVg: Step[] = [
  lock(0, gl, "ex"),
  send(0, make.vgRequest("init_vg", vs)),
  send(0, make.startRequest(vs, "wait")),
  lock(0, gl, "ex"),
  send(0, make.namedRequest("find_free_lock", vs)),
  send(0, make.lvRequest("init_lv", vs, 1)),
  send(0, make.lvRequest("init_lv", vs, 2)),
  info,
  send(1, make.namedRequest("disable_gl", vs)),
  lock(0, gl, "un"),
  send(1, make.namedRequest("disable_gl", vs)),
  info,
  send(1, make.namedRequest("enable_gl", vs)),
  send(1, make.namedRequest("enable_gl", vs)),
  info,
  send(1, make.vgRequest("free_vg", vs)),
];

const badSanlockStarts: Step[] = [
  send(0, make.startRequest({ ...vs, args: "9.0.0:lvmlock" }, "none")),
  send(0, make.startRequest({ ...vs, args: "" }, "none")),
  send(0, make.startRequest({ ...vs, name: "nodevice" }, "none")),
];

/** The stock daemon damages its memory here, and may die later; so this is all of it. */
const cancelsItself: Step[] = [
  send(0, make.startRequest(va, "wait")),
  lock(0, { kind: "vg", vg: va }, "un", "unlock_cancel"),
];

/** Whoever waits when a VG is killed gets the lock of the stock daemon in the end. */
const killedWaiters: Step[] = [
  send(0, make.startRequest(va, "wait")),
  lock(0, { kind: "vg", vg: va }, "ex"),
  lock(1, { kind: "vg", vg: va }, "sh"),
  send(2, make.namedRequest("kill_vg", va)),
  lock(0, { kind: "vg", vg: va }, "un"),
];

const script = (steps: Step[], globalLock?: "dlm" | "sanlock"): Script => ({
  seed: 0,
  base: "none",
  ...(globalLock === undefined ? {} : { globalLock }),
  steps,
});

/** The scripts by name. */
export const fixedScripts: ReadonlyMap<string, Script> = new Map([
  ["nothing-started", script(withoutLockspace)],
  ["nothing-started-dlm", script(withoutLockspace, "dlm")],
  ["nothing-started-sanlock", script(withoutLockspace, "sanlock")],
  ["one-vg", script(oneVg)],
  ["one-vg-dlm", script(oneVg, "dlm")],
  ["idle-lvs", script(idleLvs, "dlm")],
  ["lock-types", script(lockTypes)],
  ["lock-types-dlm", script(lockTypes, "dlm")],
  ["long-names", script(longNames, "dlm")],
  ["nameless", script(nameless, "dlm")],
  ["odd-starts", script([...oddStarts, info], "dlm")],
  ["first-sanlock-vg", script(firstSanlockVg)],
  ["first-sanlock-vg-chosen", script(firstSanlockVg, "sanlock")],
  ["bad-sanlock-starts", script(badSanlockStarts, "sanlock")],
  ["cancels-itself", script(cancelsItself, "dlm")],
  ["killed-waiters", script(killedWaiters, "dlm")],
]);
