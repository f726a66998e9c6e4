/**
 * One lock's life against a simulated DLM: modes, value blocks in all their traps, adoption, loss. The
 * last test does everything in any order, on two nodes.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { Errno } from "../../core/errno.ts";
import { Mode } from "../../core/types.ts";
import { SimulatedDlm } from "../../tests/dlm/simulated_dlm.ts";
import { globalLock, lvLock, vgLock } from "../../tests/dlm/test_host.ts";
import {
  adopt,
  convert,
  joined,
  LS,
  lv,
  release,
  settle,
  take,
  twoNodes,
} from "../../tests/dlm/test_locks.ts";
import type { ResourceSpec } from "../lock_manager.ts";
import { convertLock, takeLock } from "./locks.ts";
import type { DlmLockspace } from "./lockspace.ts";
import { forgetLock } from "./requests.ts";

Deno.test("a lock begins and ends in NL, and goes when it is forgotten", async () => {
  const { dlm, one } = await twoNodes();
  assertEquals((await take(one, lv, Mode.ex)).result, 0);
  assertEquals(dlm.holders(LS, lv.name), ["1 EX"]);
  assertEquals(await convert(one, lv, Mode.sh), 0);
  assertEquals(dlm.holders(LS, lv.name), ["1 PR"]);
  assertEquals((await release(one, lv)).result, 0);
  assertEquals(dlm.holders(LS, lv.name), ["1 NL"]);
  forgetLock(one, lv);
  await settle(one);
  assertEquals(dlm.holders(LS, lv.name), []);
});

Deno.test("so many locks that nobody uses are kept in NL, those used last", async () => {
  const { dlm, one } = await twoNodes(2);
  const lvs = ["a", "b", "c"].map(lvLock);
  const use = async (resource: ResourceSpec) => {
    assertEquals((await take(one, resource, Mode.ex)).result, 0);
    assertEquals((await release(one, resource)).result, 0);
    forgetLock(one, resource);
  };
  const kept = async () => {
    await settle(one);
    return lvs.filter(({ name }) => dlm.holders(LS, name).join() === "1 NL").map(({ name }) =>
      name
    );
  };
  for (const resource of [...lvs, lvs[1]!]) await use(resource);
  assertEquals(await kept(), ["b", "c"]);
  assertEquals((await take(one, lvs[2]!, Mode.ex)).result, 0);
  for (const name of ["d", "e"]) await use(lvLock(name));
  assertEquals(await kept(), []);
  assertEquals(dlm.holders(LS, "c"), ["1 EX"]);
});

Deno.test("what another node has is refused, and the old mode is kept", async () => {
  const { dlm, one, two } = await twoNodes();
  await take(one, lv, Mode.sh);
  await take(two, lv, Mode.sh);
  const { result, lmResult } = await convertLock(one, lv, Mode.ex, { version: 0 });
  assertEquals([result, lmResult], [-Errno.EAGAIN, -Errno.EAGAIN]);
  assertEquals(dlm.holders(LS, lv.name), ["1 PR", "2 PR"]);
  await release(one, lv);
  assertEquals((await take(one, lv, Mode.ex)).result, -Errno.EAGAIN);
  assertEquals(await convert(two, lv, Mode.ex), 0);
  assertEquals((await take(one, lv, Mode.sh)).result, -Errno.EAGAIN);
});

Deno.test("a kernel that takes no more locks refuses them, and takes them when it can", async () => {
  const { dlm, one } = await twoNodes();
  await take(one, vgLock, Mode.sh);
  dlm.full = true;
  const { result, message } = await take(one, lv, Mode.ex);
  assertEquals(result, -Errno.ELMERR);
  assertStringIncludes(message!, "the kernel did not take the request");
  assertEquals(await convert(one, vgLock, Mode.ex), 0);
  dlm.full = false;
  assertEquals((await take(one, lv, Mode.ex)).result, 0);
});

Deno.test("the version that one node writes is read by the other", async () => {
  const { dlm, one, two } = await twoNodes();
  const first = await take(one, vgLock, Mode.ex);
  assertEquals(first.valueBlock, { version: 0, flags: 0, resourceVersion: 0 });
  await release(one, vgLock, 7);
  assertEquals(dlm.storedValue(LS, "VGLK"), "0101000007000000");
  const second = await take(two, vgLock, Mode.sh);
  assertEquals(second.valueBlock, { version: 0x0101, flags: 0, resourceVersion: 7 });
  await release(two, vgLock);
  assertEquals(dlm.storedValue(LS, "VGLK"), "0101000007000000");
});

Deno.test("conversions leave zeros in the library's copy, which are never written", async () => {
  const { dlm, one } = await twoNodes();
  await take(one, vgLock, Mode.ex);
  await release(one, vgLock, 7);
  await take(one, vgLock, Mode.ex);
  assertEquals(await convert(one, vgLock, Mode.sh), 0);
  assertEquals(await convert(one, vgLock, Mode.ex), 0);
  await release(one, vgLock);
  assertEquals(dlm.storedValue(LS, "VGLK"), "0101000007000000");
  await take(one, vgLock, Mode.ex);
  assertEquals(await convert(one, vgLock, Mode.sh, 8), 0);
  assertEquals(dlm.storedValue(LS, "VGLK"), "0101000008000000");
  assertEquals(await convert(one, vgLock, Mode.ex), 0);
  await release(one, vgLock, 9);
  assertEquals(dlm.storedValue(LS, "VGLK"), "0101000009000000");
});

Deno.test("a value block that died with its writer reads as never written, until it is", async () => {
  const { dlm, one, two } = await twoNodes();
  await take(one, vgLock, Mode.ex);
  await release(one, vgLock, 7);
  await take(one, vgLock, Mode.ex);
  dlm.node(1).crash();
  const never = { version: 0, flags: 0, resourceVersion: 0 };
  assertEquals((await take(two, vgLock, Mode.sh)).valueBlock, never);
  await release(two, vgLock);
  assertEquals((await take(two, vgLock, Mode.ex)).valueBlock, never);
  await release(two, vgLock);
  assertEquals(dlm.storedValue(LS, "VGLK"), "0101000000000000");
  await take(two, vgLock, Mode.ex);
  await release(two, vgLock, 3);
  const { valueBlock } = await take(two, vgLock, Mode.sh);
  assertEquals(valueBlock, { version: 0x0101, flags: 0, resourceVersion: 3 });
});

Deno.test("a VG that is removed is marked for the other nodes", async () => {
  const { dlm, one, two } = await twoNodes();
  await take(one, vgLock, Mode.ex);
  await release(one, vgLock, 7, true);
  assertEquals(dlm.storedValue(LS, "VGLK"), "0101010007000000");
  assertEquals((await take(two, vgLock, Mode.sh)).valueBlock?.flags, 1);
});

Deno.test("the global lock is never marked so", async () => {
  const { dlm, one } = await twoNodes();
  await take(one, globalLock, Mode.ex);
  await release(one, globalLock, 1, true);
  assertEquals(dlm.storedValue(LS, "GLLK"), "0101000001000000");
});

Deno.test("a kernel that reads no block on the way to EX is asked in two steps", async () => {
  const dlm = new SimulatedDlm();
  const [one, two] = [
    await joined(dlm.node(1), { slowExclusive: true }),
    await joined(dlm.node(2), { slowExclusive: true }),
  ];
  await take(one, vgLock, Mode.ex);
  await release(one, vgLock, 5);
  await take(two, vgLock, Mode.sh);
  assertEquals((await take(one, vgLock, Mode.ex)).result, -Errno.EAGAIN);
  assertEquals(dlm.holders(LS, "VGLK"), ["1 NL", "2 PR"]);
  await release(two, vgLock);
  assertEquals((await take(one, vgLock, Mode.ex)).valueBlock?.resourceVersion, 5);
});

/** A daemon on node 1 has died with these locks; its successor. */
async function successor(locks: [ResourceSpec, Mode][]) {
  const dlm = new SimulatedDlm();
  const before = await joined(dlm.node(1));
  await take(before, vgLock, Mode.ex);
  await release(before, vgLock, 7);
  await take(before, globalLock, Mode.ex);
  await release(before, globalLock, 9);
  for (const [resource, mode] of locks) await take(before, resource, mode);
  dlm.node(1).killProcess();
  return { dlm, lockspace: await joined(dlm.node(1)) };
}

Deno.test("locks of a dead daemon are taken over in their mode only", async () => {
  const { dlm, lockspace } = await successor([[lv, Mode.ex]]);
  assertEquals(dlm.holders(LS, lv.name), ["1 EX orphan"]);
  assertEquals(await adopt(lockspace, lv, Mode.sh), -Errno.EADOPT_RETRY);
  assertEquals(await adopt(lockspace, lv, Mode.ex), 0);
  assertEquals(await adopt(lockspace, lvLock("another"), Mode.ex), -Errno.EADOPT_NONE);
  assertEquals(dlm.holders(LS, lv.name), ["1 EX"]);
  assertEquals(await convert(lockspace, lv, Mode.sh), 0);
  assertEquals((await release(lockspace, lv)).result, 0);
  forgetLock(lockspace, lv);
  await settle(lockspace);
  assertEquals(dlm.holders(LS, lv.name), []);
});

Deno.test("what may be an orphan is taken over, or taken anew", async () => {
  const { dlm, lockspace } = await successor([[lv, Mode.sh]]);
  const other = lvLock("another");
  for (const resource of [lv, other]) {
    const { result } = await takeLock(lockspace, resource, Mode.sh, { adopt: "ok" });
    assertEquals(result, 0);
    assertEquals(dlm.holders(LS, resource.name), ["1 PR"]);
  }
});

Deno.test("a lock that is known in NL is replaced by the orphan", async () => {
  const { dlm, lockspace } = await successor([[globalLock, Mode.sh]]);
  await take(lockspace, globalLock, Mode.sh);
  await release(lockspace, globalLock);
  assertEquals(dlm.holders(LS, "GLLK"), ["1 NL", "1 PR orphan"]);
  assertEquals(await adopt(lockspace, globalLock, Mode.sh), 0);
  await settle(lockspace);
  assertEquals(dlm.holders(LS, "GLLK"), ["1 PR"]);
});

Deno.test("the value block of an adopted lock is not guessed", async () => {
  const { dlm, lockspace } = await successor([[vgLock, Mode.ex], [globalLock, Mode.ex]]);
  assertEquals(await adopt(lockspace, vgLock, Mode.ex), 0);
  assertEquals(await adopt(lockspace, globalLock, Mode.ex), 0);
  await release(lockspace, vgLock);
  await release(lockspace, globalLock, 1);
  assertEquals(dlm.storedValue(LS, "VGLK"), "0101000007000000");
  assertEquals(dlm.storedValue(LS, "GLLK"), "0101000009000000");
});

Deno.test("but a version that a command gave it is written", async () => {
  const { dlm, lockspace } = await successor([[vgLock, Mode.ex]]);
  assertEquals(await adopt(lockspace, vgLock, Mode.ex), 0);
  await release(lockspace, vgLock, 8);
  assertEquals(dlm.storedValue(LS, "VGLK"), "0101000008000000");
});

Deno.test("while the DLM recovers calls wait, and their loss answers them", async () => {
  const { dlm, one } = await twoNodes();
  await take(one, lv, Mode.ex);
  dlm.stop(LS);
  const [lock, unlock] = [take(one, vgLock, Mode.sh), release(one, lv)];
  one.lose("it is lost", false);
  assertEquals((await lock).result, -Errno.ELMERR);
  assert((await lock).message!.includes("it is lost"));
  assertEquals(await unlock, { result: 0, message: "it is lost" });
  assertEquals((await take(one, vgLock, Mode.sh)).result, -Errno.ELMERR);
  assertEquals(await convert(one, lv, Mode.sh), -Errno.ELMERR);
  assertEquals((await release(one, lv)).result, 0);
  forgetLock(one, lv);
});

Deno.test("after the recovery calls go on", async () => {
  const { dlm, one } = await twoNodes();
  const resume = dlm.stop(LS);
  const lock = take(one, vgLock, Mode.sh);
  resume();
  assertEquals((await lock).result, 0);
});

Deno.test("what is not held cannot be converted or released", async () => {
  const { one } = await twoNodes();
  assertEquals(await convert(one, lv, Mode.ex), -Errno.ELMERR);
  assertEquals((await release(one, lv)).result, -Errno.ELMERR);
});

Deno.test("a request that was refused leaves nothing that adoption stumbles over", async () => {
  const { dlm, one, two } = await twoNodes();
  for (const resource of [vgLock, lv]) {
    await take(two, resource, Mode.ex);
    assertEquals((await take(one, resource, Mode.sh)).result, -Errno.EAGAIN);
  }
  dlm.node(1).killProcess();
  assertEquals(dlm.holders(LS, "VGLK"), ["1 NL orphan", "2 EX"]);
  const next = await joined(dlm.node(1));
  for (const resource of [vgLock, lv]) {
    for (const mode of [Mode.sh, Mode.ex]) {
      assertEquals(await adopt(next, resource, mode), -Errno.EADOPT_NONE);
    }
  }
  await settle(next);
  assertEquals(dlm.holders(LS, "VGLK"), ["2 EX"]);
});

/** What a node does in one step; the version counts up. */
const step = fc.record({
  node: fc.constantFrom(0, 1),
  resource: fc.constantFrom(vgLock, globalLock, lv),
  act: fc.constantFrom("sh", "ex", "convert", "release", "write", "forget"),
});

Deno.test("in any order: nobody is let in twice, and no version that was written is lost", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.nat(1), async (steps, idleLimit) => {
      const { dlm, one, two } = await twoNodes(idleLimit);
      const nodes = [one, two];
      const written = new Map<string, number>();
      let last = 0;
      for (const { node, resource, act } of steps) {
        const at = nodes[node]!;
        const modeOf = ({ held }: DlmLockspace) => held.get(resource.name)?.mode ?? 0;
        const mode = modeOf(at);
        const version = act === "write" ? ++last : 0;
        if ((act === "sh" || act === "ex") && mode === 0) {
          const { result, valueBlock } = await take(at, resource, Mode[act]);
          assert(result === 0 || result === -Errno.EAGAIN);
          const expected = resource === lv ? undefined : written.get(resource.name) ?? 0;
          if (result === 0) assertEquals(valueBlock?.resourceVersion, expected);
        } else if (act === "convert" && mode !== 0) {
          await convert(at, resource, mode === 5 ? Mode.sh : Mode.ex);
        } else if ((act === "release" || act === "write") && mode !== 0) {
          assertEquals((await release(at, resource, version)).result, 0);
          if (mode === 5 && version !== 0 && resource !== lv) written.set(resource.name, version);
        } else if (act === "forget" && mode === 0) {
          forgetLock(at, resource);
        }
        const holders = dlm.holders(LS, resource.name).filter((text) => !text.endsWith("NL"));
        assertEquals(holders.some((text) => text.startsWith(`${node + 1} `)), modeOf(at) !== 0);
        const exclusive = holders.some((text) => text.endsWith("EX"));
        assert(!exclusive || holders.length === 1, holders.join());
      }
    }),
    { numRuns: 200 },
  );
});
