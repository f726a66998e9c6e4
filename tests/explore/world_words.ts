/**
 * Requests and answers that several worlds share, in the words of the interaction scripts.
 *
 * @module
 */
import type { Role } from "./world.ts";

export const started = ["client Admin start_vg vg=a type=sanlock"];
export const withGlobal = ["client Admin start_vg vg=a type=sanlock => ok gl_enabled"];
export const refusals = ["ok", "error EAGAIN", "error ELMERR"];
export const passing = ["ok", "error EAGAIN retry", "error EAGAIN"];
export const mayFail = ["ok", "error ELMERR"];

export const lock = (mode: string, more = "") => `lock_lv ${mode} vg=a lv=L1${more}`;
export const onL2 = (request: string) => request.replace("lv=L1", "lv=L2");
export const kept = (mode: string, more = "") => lock(mode, ` persistent${more}`);

export const clients = (
  requests: readonly string[],
  count: number,
  budget: number,
): readonly Role[] => [
  { clients: count, budget, requests },
];

/** Worlds of one LV in VG a, of sanlock, with refusals and failures. */
export const ofOneLv = {
  lockType: "sanlock",
  setup: started,
  resources: ["a/L1"],
  answers: { lock: refusals, convert: refusals, unlock: mayFail },
} as const;

export const transient = [lock("sh"), lock("ex"), lock("un")];
export const persistent = [kept("sh"), kept("ex"), kept("un")];
