/**
 * Defects planted into the lock table, and the world in which each must be found.
 *
 * @module
 */
import type { Mutation } from "./build.ts";
import type { World } from "./world.ts";
import { worldOf } from "./worlds.ts";

export interface Mutant {
  name: string;
  world: World;
  /** What is found. */
  message: string;
  mutations: readonly Mutation[];
}

/** One client on each host that writes versions. */
const twoWriters: World = {
  ...worldOf("two-vg"),
  roles: [{
    clients: 1,
    budget: 4,
    requests: ["lock_vg ex vg=a", "lock_vg un vg=a", "vg_update 1 vg=a", "vg_update 3 vg=a"],
  }],
  deaths: 0,
};

export const mutants: readonly Mutant[] = [
  {
    name: "sh is granted beside ex",
    world: worldOf("lv"),
    message: "locks exclude each other",
    mutations: [{
      file: "sweep",
      from: "if (r.mode == EX) return false;",
      to: "",
    }],
  },
  {
    name: "a failed call grants the lock",
    world: worldOf("lv"),
    message: "a lock is held that the lock manager did not grant",
    mutations: [{
      file: "grants",
      from: "if (result < 0) return refused(r, action, result);",
      to: "if (result == -EAGAIN) return refused(r, action, result);",
    }],
  },
  {
    name: "a refused conversion is answered twice",
    world: worldOf("lv"),
    message: "that it does not wait for",
    mutations: [
      {
        file: "grants",
        from: "    reply(action, -EAGAIN);\n    return;",
        to: "    const record = reply(action, -EAGAIN);\n" +
          "    if (record != 0) memory.copy(appendAgain(1), record, 768);\n    return;",
      },
      {
        file: "grants",
        from: 'import { copyOf } from "./bytes";',
        to: 'import { copyOf } from "./bytes";\nimport { append as appendAgain } from "./frame";',
      },
    ],
  },
  {
    name: "an unlock wakes nobody",
    world: worldOf("lv"),
    message: "waits for nothing",
    mutations: [{
      file: "answers",
      from: "r.timer = armTimer(RETRY_MS, null, r);\n      break;",
      to:
        "r.timer = armTimer(RETRY_MS, null, r);\n      if (r.waiting.size > 0) return;\n      break;",
    }],
  },
  {
    name: "a client that is gone keeps its locks",
    world: worldOf("lv"),
    message: "a lock of a client that is gone is not released",
    mutations: [{ file: "inputs", from: "    abandon(claim);\n", to: "" }],
  },
  {
    name: "a request that waits is forgotten when it is given up",
    world: worldOf("lv"),
    message: "a request was forgotten",
    mutations: [{
      file: "inputs",
      from: "    reply(action, -ECANCELED);\n    if (resource",
      to: "    dropAction(action);\n    if (resource",
    }],
  },
  {
    name: "a lock granted to a VG that is being stopped is confirmed",
    world: worldOf("stop"),
    message: "was told that it holds what it does not hold",
    mutations: [{
      file: "grants",
      from: "    reply(action, -ESTALE);",
      to: "    reply(action, 0);",
    }],
  },
  {
    name: "a converted persistent lock is not recorded",
    world: worldOf("kept"),
    message: "the record of a persistent lock is not what is held",
    mutations: [{
      file: "grants",
      from: "    recordLock(r, claim.mode);\n    r.lastClient = 0;",
      to: "    r.lastClient = 0;",
    }],
  },
  {
    name: "a version written by another host is not read",
    world: twoWriters,
    message: "a host does not know the version",
    mutations: [{
      file: "value_block",
      from: "if (found != 0 && found == r.version) return;",
      to: "if (found != 0 && r.version != 0) return;",
    }],
  },
];
