/**
 * The simulated managers answer as the real backends do: the same walks give the same answers, step
 * by step.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { EmbeddedManager, Store } from "../../../backends/embedded/mod.ts";
import type { LockManager } from "../../../backends/lock_manager.ts";
import { testManagers } from "../../../backends/testmode/mod.ts";
import { Errno } from "../../../core/errno.ts";
import { LockType, ResourceType } from "../../../core/types.ts";
import { Chance } from "../chance.ts";
import { LV_UUIDS, vgLock } from "./test_cluster.ts";
import { type Place, type Side, type Step, walk } from "./walk.ts";
import { dlmSides, idmSides, sanlockSides, sideOf, simulatedSides } from "./walk_sides.ts";

const WALKS = 12;
const STEPS = 250;

/** Walks both, and compares; the answers of the walk. */
async function compare(
  seed: number,
  simulated: Side[],
  real: Side[],
): Promise<Step[]> {
  const found = await walk(simulated, new Chance(seed), STEPS);
  const expected = await walk(real, new Chance(seed), STEPS);
  for (const [i, step] of found.entries()) {
    assertEquals(step, expected[i]!, `walk ${seed}, step ${i}: ${step.asked}`);
  }
  return found;
}

/** A comparison says nothing if the walks did not meet what they are to compare. */
function assertMet(steps: Step[], results: number[]): void {
  const met = new Set(steps.map(({ result }) => result));
  for (const result of results) assert(met.has(result), `no walk met ${result}`);
  assert(new Set(steps.map(({ block }) => block)).size > 10, "walks met too few value blocks");
}

const { EAGAIN, EORPHAN, EADOPT_NONE, EADOPT_RETRY } = Errno;

Deno.test("sanlock, simulated, answers as the real backend", async () => {
  const path = await Deno.makeTempFile();
  const met: Step[] = [];
  for (let seed = 1; seed <= WALKS; seed++) {
    met.push(
      ...await compare(seed, await simulatedSides("sanlock", true), await sanlockSides(path)),
    );
  }
  assertMet(met, [0, -EAGAIN, -EORPHAN, -EADOPT_NONE, -EADOPT_RETRY]);
  await Deno.remove(path);
});

Deno.test("the DLM, simulated, answers as the real backend", async () => {
  const met: Step[] = [];
  for (let seed = 1; seed <= WALKS; seed++) {
    met.push(...await compare(seed, await simulatedSides("dlm", true), await dlmSides()));
  }
  assertMet(met, [0, -EAGAIN, -EADOPT_NONE, -EADOPT_RETRY]);
});

Deno.test("IDM, simulated, answers as the real backend", async () => {
  const met: Step[] = [];
  for (let seed = 1; seed <= WALKS; seed++) {
    met.push(...await compare(seed, await simulatedSides("idm", false), await idmSides()));
  }
  assertMet(met, [0, -EAGAIN]);
});

/** On one host nothing is ever refused, and what was written is read again. */
const results = (steps: Step[]) =>
  steps.map(({ asked, result, block }) => [asked, result, block.split(" ").at(-1)]);

const localResource = (place: Place) =>
  place === "vg" ? vgLock : {
    type: ResourceType.lv,
    name: LV_UUIDS[place === "lv0" ? 0 : 1]!,
    lockArgs: "any",
  };

Deno.test("on one host they answer as the embedded manager and the test mode do", async () => {
  const dir = await Deno.makeTempDir();
  const store = new Store(`${dir}/store`, "1");
  const embedded = new EmbeddedManager("embedded-x", store);
  const [testMode] = testManagers().filter(({ type }) => type === LockType.dlm);
  for (const kind of ["sanlock", "dlm", "idm"]) {
    for (const manager of [embedded, testMode] as LockManager[]) {
      const seed = 7;
      const spec = { id: 1, name: "lvm_vg", vgName: "vg", vgUuid: "", vgArgs: "" };
      const about = { ...spec, lockType: manager.type, hostId: 1, pvPaths: [] };
      manager.leave(about, { freeVg: false, force: false });
      const [side] = await simulatedSides(kind, false);
      const found = await walk([side!], new Chance(seed), STEPS);
      const expected = await walk(
        [sideOf(manager, about, localResource)],
        new Chance(seed),
        STEPS,
      );
      assertEquals(results(found), results(expected), `${kind} on one host`);
    }
  }
  store.close();
  await Deno.remove(dir, { recursive: true });
});
