/**
 * Two lock managers of one lock type: VGs of a cluster and VGs of this host must not share a global
 * lock that holds on this host only.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import type { LockManager } from "../backends/lock_manager.ts";
import { Backends } from "../backends/registry.ts";
import { TestManager } from "../backends/testmode/mod.ts";
import { newEngine } from "../tests/interaction/table.ts";
import { Dispatcher } from "./dispatcher.ts";
import {
  emptyRequest,
  LockType,
  Mode,
  Op,
  OptionFlag,
  type Reply,
  type Request,
  ResourceType,
} from "./types.ts";

/** The rules of the test mode, under other args, for this host or for all. */
class Manager extends TestManager {
  running = true;

  constructor(override readonly acrossHosts: boolean, private readonly args: string) {
    super(LockType.dlm);
  }

  override isRunning(): boolean {
    return this.running;
  }

  recognises(vgArgs: string): boolean {
    return vgArgs === this.args;
  }
}

function hostWith(managers: LockManager[]) {
  const fail = (error: unknown) => {
    throw error;
  };
  const events = { quit: () => {}, shutdownRefused: () => {}, fatal: fail, changed: () => {} };
  const dispatcher = new Dispatcher(
    newEngine({ checked: true }),
    new Backends(managers),
    events,
    { defaultHostId: () => 1, soon: setImmediate },
  );
  dispatcher.configure({ test: false, glType: LockType.dlm });
  return (request: Partial<Request>) =>
    new Promise<Reply>((answered) => {
      dispatcher.request(1, { ...emptyRequest, lockType: LockType.dlm, ...request }, answered);
    });
}

Deno.test("a VG of a cluster waits until VGs of this host give up the global lock", async () => {
  const here = new Manager(false, "here");
  const cluster = new Manager(true, "cluster");
  cluster.running = false;
  const ask = hostWith([here, cluster]);
  const vg = (vgName: string, vgArgs: string) => ({
    resourceType: ResourceType.vg,
    vgName,
    vgArgs,
  });
  const start = { op: Op.start, flags: OptionFlag.wait };
  assertEquals((await ask({ ...start, ...vg("own", "here") })).result, 0);
  const lockGl = { op: Op.lock, resourceType: ResourceType.gl, mode: Mode.sh };
  assertEquals((await ask(lockGl)).result, 0);

  cluster.running = true;
  const refused = await ask({ ...start, ...vg("shared", "cluster") });
  assertEquals(refused.result, -214);
  assertStringIncludes(refused.message!, "VG shared belongs to a cluster");

  assertEquals((await ask({ ...lockGl, mode: Mode.un })).result, 0);
  assertEquals((await ask({ op: Op.stop, ...vg("own", "here") })).result, 0);
  assertEquals((await ask({ ...start, ...vg("shared", "cluster") })).result, 0);
});
