/**
 * Defects, one for each checker, as replacements in the product's sources. Each is to be found by the
 * checker that it is made for.
 *
 * @module
 */
import type { Kind } from "../kinds.ts";

export interface Mutant {
  /** Name of the checker that has to find it. */
  checker: string;
  file: string;
  find: string;
  replace: string;
  kind: Kind;
  /** What it does, for the table. */
  what: string;
}

export const mutants: readonly Mutant[] = [
  {
    checker: "exclusion",
    what: "a lock that another host has counts as granted",
    file: "wasm/grants.ts",
    find: "if (result < 0) return refused(r, action, result);",
    replace: "if (result < 0 && result != -EAGAIN) return refused(r, action, result);",
    kind: "dlm",
  },
  {
    checker: "granted",
    what: "a conversion that was refused changes the mode all the same",
    file: "wasm/grants.ts",
    find:
      "if (result == -EAGAIN) takeOwner(action);\n    reply(action, result);\n    return;\n  }\n" +
      "  r.versionWritten",
    replace: "if (claim.mode == SH) r.shCount--;\n    claim.mode = action.mode;\n" +
      "    if (claim.mode == SH) r.shCount++;\n    r.mode = claim.mode;\n" +
      "    reply(action, result);\n    return;\n  }\n  r.versionWritten",
    kind: "sanlock",
  },
  {
    checker: "kept locks",
    what: "adoption leaves out the first lock of a VG",
    file: "core/adoption/vg_adopter.ts",
    find: "const locks = this.vg.locks.values();",
    replace: "const locks = this.vg.locks.slice(1).values();",
    kind: "sanlock",
  },
  {
    checker: "killed",
    what: "a VG that was killed serves as before",
    file: "wasm/serve.ts",
    find: "if (lockspace.killed && !permittedAfterKill(action)) {",
    replace: "if (lockspace.killed && action.op == OP_BUSY && !permittedAfterKill(action)) {",
    kind: "idm",
  },
  {
    checker: "killed",
    what: "what waits in a VG that is killed goes on waiting",
    file: "wasm/kill.ts",
    find: "if (r.waiting.size > 0) refuseWaiting(r);",
    replace: "",
    kind: "dlm",
  },
  {
    checker: "killed",
    what: "what the lock manager grants to a VG that was killed is passed on",
    file: "wasm/grants.ts",
    find: "if (isTooLate(action)) keepUntold(r, action, inherited);\n  else hold(",
    replace: "hold(",
    kind: "idm",
  },
  {
    checker: "calls",
    what: "locks are asked for before the join is done",
    file: "wasm/lifecycle.ts",
    find: "callWithTexts(LM_JOIN, lockspace, lockspace.starter);",
    replace: "callWithTexts(LM_JOIN, lockspace, lockspace.starter);\n  lockspace.state = RUNNING;",
    kind: "sanlock",
  },
  {
    checker: "leaving",
    what: "a lockspace is left without its locks being released",
    file: "wasm/lifecycle.ts",
    find: "if (r.mode != UN) return unlockForStop(r);",
    replace: "if (r.mode != UN) dropClaims(r);",
    kind: "dlm",
  },
  {
    checker: "replies",
    what: "every hundredth reply is given twice",
    file: "core/lock_service.ts",
    find: "if (this.#clients.has(client)) onReply(reply);",
    replace: "if (id % 100 === 0) onReply(reply);\n" +
      "      if (this.#clients.has(client)) onReply(reply);",
    kind: "idm",
  },
  {
    checker: "owners",
    what: "locks of a client that is gone stay",
    file: "wasm/inputs.ts",
    find: "abandon(claim);\n    touched.add(claim.resource);",
    replace: "touched.add(claim.resource);",
    kind: "idm",
  },
  {
    checker: "counts",
    what: "a shared lock that is released is still counted",
    file: "wasm/resource.ts",
    find: "if (lock.mode == SH) this.shCount--;",
    replace: "",
    kind: "dlm",
  },
  {
    checker: "queues",
    what: "requests of a client that is gone stay in their queue",
    file: "wasm/inputs.ts",
    find: "} else {\n      dropAction(action);",
    replace: "} else {\n      client.removeAction(action);",
    kind: "idm",
  },
  {
    checker: "value block",
    what: "the version of the global lock begins anew after three releases",
    file: "wasm/resource.ts",
    find: "lock.adopted ? 0 : this.version + 1;",
    replace: "lock.adopted ? 0 : this.version > 2 ? 1 : this.version + 1;",
    kind: "sanlock",
  },
  {
    checker: "liveness",
    what: "a lock that was refused is not tried again",
    file: "wasm/inputs.ts",
    find: "action.timer = 0;\n    sweep(action.resource!);",
    replace: "action.timer = 0;",
    kind: "sanlock",
  },
  {
    checker: "the daemon goes on",
    what: "the table stops when a start and a stop meet",
    file: "wasm/lifecycle.ts",
    find: "if (lockspace.state == STARTING) return cancelJoin(lockspace);",
    replace: 'assert(lockspace.state != STARTING, "never");',
    kind: "sanlock",
  },
  {
    checker: "determinism",
    what: "numbers of requests begin anywhere",
    file: "core/open_requests.ts",
    find: "#last = 0;",
    replace: "#last = Math.floor(Math.random() * 1000);",
    kind: "idm",
  },
];
