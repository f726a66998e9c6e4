/**
 * Orphans that adoption did not find: who gets them, who does not, and what becomes of the others.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { Errno } from "../../core/errno.ts";
import { Mode } from "../../core/types.ts";
import { SimulatedDlm } from "../../tests/dlm/simulated_dlm.ts";
import { globalLock, vgLock } from "../../tests/dlm/test_host.ts";
import {
  adopt,
  convert,
  joined,
  LS,
  lv,
  release,
  settle,
  take,
} from "../../tests/dlm/test_locks.ts";
import type { ResourceSpec } from "../lock_manager.ts";
import { takeLock } from "./locks.ts";
import type { DlmLockspace } from "./lockspace.ts";
import { forgetLock } from "./requests.ts";

/** A daemon on node 1 dies later than its successor looks for orphans. */
async function lateOrphans(locks: [ResourceSpec, Mode][]) {
  const dlm = new SimulatedDlm();
  const [before, next] = [await joined(dlm.node(1)), await joined(dlm.node(1))];
  for (const [resource, mode] of locks) {
    await take(before, resource, mode);
    assertEquals(await adopt(next, resource, mode), -Errno.EADOPT_NONE);
    dlm.endProcess(before.handle);
    assertEquals(dlm.holders(LS, resource.name).length, 1);
  }
  return { dlm, next };
}

const activate = (at: DlmLockspace, resource: ResourceSpec, mode: Mode) =>
  takeLock(at, resource, mode, { adopt: "no", persistent: true });

Deno.test("an LV's lock that became an orphan after adoption is whoever's activates the LV", async () => {
  for (const [mode, held] of [[Mode.ex, "1 EX"], [Mode.sh, "1 PR"]] as const) {
    const { dlm, next } = await lateOrphans([[lv, Mode.ex]]);
    assertEquals((await activate(next, lv, mode)).result, 0);
    await settle(next);
    assertEquals(dlm.holders(LS, lv.name), [held]);
    assertEquals((await release(next, lv)).result, 0);
    assertEquals(dlm.holders(LS, lv.name), ["1 NL"]);
  }
});

Deno.test("whoever would release it again does not get it, and it stays", async () => {
  const { dlm, next } = await lateOrphans([[lv, Mode.ex]]);
  for (const mode of [Mode.sh, Mode.ex] as const) {
    const { result, message } = await take(next, lv, mode);
    assertEquals(result, -Errno.EORPHAN);
    assertStringIncludes(message!, "activate it again");
    forgetLock(next, lv);
    await settle(next);
    assertEquals(dlm.holders(LS, lv.name), ["1 EX"]);
  }
  assertEquals(await adopt(next, lv, Mode.sh), -Errno.EADOPT_RETRY);
  assertEquals(await adopt(next, lv, Mode.ex), 0);
  assertEquals((await release(next, lv)).result, 0);
});

Deno.test("that of an LV that is not active is anybody's who wants the lock here", async () => {
  for (const [mode, held] of [[Mode.ex, "1 EX"], [Mode.sh, "1 PR"]] as const) {
    const dlm = new SimulatedDlm();
    const [before, next] = [
      await joined(dlm.node(1)),
      await joined(dlm.node(1), { active: false }),
    ];
    await take(before, lv, Mode.ex);
    dlm.endProcess(before.handle);
    assertEquals((await take(next, lv, mode)).result, 0);
    await settle(next);
    assertEquals(dlm.holders(LS, lv.name), [held]);
    assertEquals((await release(next, lv)).result, 0);
  }
});

Deno.test("a shared one does not give more than it is, until the LV is shared here", async () => {
  const { dlm, next } = await lateOrphans([[lv, Mode.sh]]);
  assertEquals((await take(next, lv, Mode.ex)).result, -Errno.EAGAIN);
  assertEquals(dlm.holders(LS, lv.name), ["1 NL", "1 PR orphan"]);
  assertEquals((await take(next, lv, Mode.sh)).result, 0);
  const other = await joined(dlm.node(2));
  await take(other, lv, Mode.sh);
  assertEquals(await convert(next, lv, Mode.ex), -Errno.EAGAIN);
  assertEquals(dlm.holders(LS, lv.name), ["1 PR", "2 PR"]);
  await release(other, lv);
  assertEquals(await convert(next, lv, Mode.ex), 0);
});

Deno.test("such a lock of a VG or the global one is released when it is in the way", async () => {
  for (const [resource, mode] of [[vgLock, Mode.ex], [globalLock, Mode.sh]] as const) {
    const { dlm, next } = await lateOrphans([[resource, mode]]);
    assertEquals((await take(next, resource, Mode.ex)).result, 0);
    await settle(next);
    assertEquals(dlm.holders(LS, resource.name), ["1 EX"]);
  }
});
