/**
 * The differences from the stock daemon (2.03.16) that are known and wanted: each with an id, a
 * reason, and as narrow a test as possible. docs/DIFFERENCES.md explains them to users.
 *
 * @module
 */
import type { LockspaceInfo } from "./info.ts";
import type { Reply } from "./message.ts";
import { field, type Script, type Step } from "./script.ts";
import { textField } from "./target.ts";

/** Two answers to the same request, of which at least one exists. */
export interface ReplyPair {
  /** What the script runs with. */
  script: Pick<Script, "base" | "globalLock">;
  step: Step;
  stock: Reply | undefined;
  ours: Reply | undefined;
  /** Keys whose values differ. */
  keys: string[];
}

export interface Difference {
  id: string;
  reason: string;
  /** The daemons' states differ from here on, so nothing after it can be compared. */
  ends: boolean;
  explains(pair: ReplyPair): boolean;
}

const resultOf = (reply: Reply | undefined) => reply?.get("op_result") ?? "none";

/** Results differ in just this way, and with them nothing but what belongs to the result. */
function results(pair: ReplyPair, stock: string, ours: string): boolean {
  return resultOf(pair.stock) === stock && resultOf(pair.ours) === ours;
}

/** Nothing is started, and only the flags say so differently. */
function onlyFlagsDiffer(pair: ReplyPair, stock: string, ours: string): boolean {
  return results(pair, "-210", "-210") && pair.keys.join() === "result_flags" &&
    pair.stock?.get("result_flags") === stock && pair.ours?.get("result_flags") === ours;
}

const isRequest = (pair: ReplyPair, name: string): boolean =>
  pair.step.kind === "send" && field(pair.step.fields, "request") === name;

/** Longest VG name whose lockspace name fits. */
export const longestVgName = 59;

/** The rules, tried in order. */
export const differences: readonly Difference[] = [
  {
    id: "noise-is-answered",
    reason: "a client that sends something unknown learns so instead of waiting for ever",
    ends: false,
    explains: (pair) =>
      pair.step.kind === "noise" && pair.stock === undefined && resultOf(pair.ours) === "-22",
  },
  {
    id: "free-unknown-lv",
    reason:
      "an idle LV is forgotten at once, so that freeing it finds nothing and is done (2.03.40)",
    ends: false,
    explains: (pair) => isRequest(pair, "free_lv") && results(pair, "-2", "0"),
  },
  {
    id: "free-locked-lv",
    reason: "a lock that somebody holds is not taken away",
    ends: true,
    explains: (pair) => isRequest(pair, "free_lv") && results(pair, "0", "-16"),
  },
  {
    id: "second-persistent-shared",
    reason: "a resource has one persistent lock: a second request for it finds it already locked",
    ends: true,
    explains: (pair) =>
      pair.step.kind === "send" && results(pair, "0", "-114") &&
      field(pair.step.fields, "mode") === "sh" &&
      field(pair.step.fields, "opts").includes("persistent"),
  },
  {
    id: "long-vg-name",
    reason: "a name whose lockspace name would be cut off or empty is refused",
    ends: false,
    explains: (pair) =>
      pair.step.kind === "send" && resultOf(pair.ours) === "-212" &&
      textField(pair.step.fields, "vg_name").length > longestVgName,
  },
  {
    id: "nameless-vg",
    reason: "a VG needs a name",
    ends: true,
    explains: (pair) =>
      isRequest(pair, "start_vg") && results(pair, "0", "-22") &&
      pair.step.kind === "send" && textField(pair.step.fields, "vg_name") === "",
  },
  {
    id: "start-needs-type",
    reason: "a start without a known lock type is an invalid request, not a failure to join",
    ends: false,
    explains: (pair) =>
      isRequest(pair, "start_vg") && results(pair, "-1", "-22") && pair.step.kind === "send" &&
      !["dlm", "sanlock", "idm"].includes(textField(pair.step.fields, "vg_lock_type")),
  },
  {
    id: "idm-in-test-mode",
    reason: "test mode knows IDM, which Debian's build of the stock daemon leaves out",
    ends: false,
    explains: (pair) =>
      pair.step.kind === "send" && resultOf(pair.stock) === "-93" &&
      textField(pair.step.fields, "vg_lock_type") === "idm",
  },
  {
    id: "unlock-cancels-itself",
    reason: "an unlock with nothing to unlock or cancel finds nothing; it does not cancel itself",
    ends: true,
    explains: (pair) =>
      pair.step.kind === "send" && results(pair, "-125", "-2") &&
      field(pair.step.fields, "opts").includes("unlock_cancel"),
  },
  {
    id: "killed-waiters",
    reason: "a VG that was killed gives no locks, not even to requests that waited before",
    ends: true,
    explains: (pair) => pair.step.kind === "send" && results(pair, "none", "-217"),
  },
  {
    id: "chosen-type-stays",
    reason: "the type of the global lock that -g chose is not forgotten while nothing is started",
    ends: false,
    explains: (pair) =>
      pair.script.base === "none" && pair.script.globalLock !== undefined &&
      (onlyFlagsDiffer(pair, "NO_GL_LS,NO_LM,NO_LOCKSPACES", "NO_GL_LS,NO_LOCKSPACES") ||
        (isRequest(pair, "running_lm") && resultOf(pair.stock) === "-37" &&
          Number(resultOf(pair.ours)) > 0)),
  },
  {
    id: "type-is-chosen-anew",
    reason: "while nothing is started the last lock type named counts, not the first",
    ends: false,
    explains: (pair) =>
      pair.script.base === "none" && pair.step.kind === "send" &&
      textField(pair.step.fields, "vg_lock_type") === "sanlock" &&
      onlyFlagsDiffer(pair, "NO_LOCKSPACES", "NO_GL_LS,NO_LOCKSPACES"),
  },
  {
    id: "stop-all-count",
    reason: "how many lockspaces are still being stopped when the reply is made is chance",
    ends: false,
    explains: (pair) =>
      isRequest(pair, "stop_all") && pair.keys.join() === "op_result" &&
      Number(resultOf(pair.stock)) >= 0 && Number(resultOf(pair.ours)) >= 0,
  },
];

/** Lockspaces that only one of the daemons has, for a reason given above. */
export function ignoredLockspace({ row }: LockspaceInfo): boolean {
  const name = row.vg_name ?? "";
  return row.lm_type === "idm" || row.ls_name === "" || name.length > longestVgName;
}
