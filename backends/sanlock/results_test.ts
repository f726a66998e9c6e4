/**
 * Each result of sanlock has its number in lvmlockd: the rows of the acquire and convert tables.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Errno } from "../../core/errno.ts";
import { ResourceType } from "../../core/types.ts";
import type { Adopt } from "../lock_manager.ts";
import { SystemError } from "./codes.ts";
import { Sanlk } from "./constants.ts";
import * as results from "./results.ts";

const { gl, vg, lv } = ResourceType;
const types = [gl, vg, lv];
const every = [...Object.values(SystemError), ...Object.values(Sanlk)];

function failure(
  result: number,
  { type = lv as ResourceType, shared = false, adopt = "no" as Adopt } = {},
) {
  return results.acquireFailure(result, { type, shared, adopt });
}

Deno.test("the lock is held elsewhere, or another host was faster: shared ones are tried again", () => {
  const passing = [-11, -212, -213, -243, -244, -245, -246, -285];
  for (const type of types) {
    for (const result of passing) {
      assertEquals(failure(result, { type, shared: true }), { result: -Errno.EAGAIN, retry: true });
      assertEquals(failure(result, { type }), { result: -Errno.EAGAIN, retry: false });
    }
    for (const result of [-247, -249]) {
      assertEquals(failure(result, { type, shared: true }), { result: -Errno.EAGAIN });
    }
  }
});

Deno.test("the storage fails, or what is on it is not what should be", () => {
  const rows: [number[], number][] = [
    [[-202], -Errno.EIOTIMEOUT],
    [[-5, -28, -210, -211, -220, -221], -Errno.ELOCKIO],
    [[-214, -222, -223, -224, -226, -227, -229, -281], -Errno.ELOCKREPAIR],
  ];
  for (const [list, expected] of rows) {
    for (const result of list) {
      for (const shared of [false, true]) {
        assertEquals(failure(result, { shared }).result, expected);
      }
      assertEquals(failure(result).retry, undefined);
    }
  }
});

Deno.test("beyond the end of the device: an LV's lease may be in a part that this host does not know", () => {
  assertEquals(failure(-90), { result: -Errno.EMSGSIZE });
  for (const type of [gl, vg]) assertEquals(failure(-90, { type }), { result: -Errno.ELMERR });
});

Deno.test("orphans", () => {
  for (const type of types) {
    assertEquals(failure(-117, { type }), { result: -Errno.EORPHAN });
    for (const adopt of ["ok", "only"] as const) {
      assertEquals(failure(-117, { type, adopt }), { result: -Errno.EADOPT_RETRY });
    }
    assertEquals(failure(-2, { type, adopt: "only" }), { result: -Errno.EADOPT_NONE });
    // The device is missing.
    for (const adopt of ["no", "ok"] as const) {
      assertEquals(failure(-2, { type, adopt }), { result: -Errno.ELMERR });
    }
  }
});

Deno.test("anything else is an error of the lock manager, and no result is a success", () => {
  for (const result of [-1, -3, -16, -17, -22, -32, -104, -201, -225, -250, -262, -9999]) {
    assertEquals(failure(result), { result: -Errno.ELMERR });
  }
  for (const result of every) {
    for (const adopt of ["no", "ok", "only"] as const) {
      assert(failure(result, { adopt }).result < 0, `${result}`);
    }
  }
});

Deno.test("conversions: what is held elsewhere, or not known in time, may be asked for again", () => {
  const again = [-11, -202, -212, -213, -243, -244, -245, -246, -247, -249, -285];
  for (const result of every) {
    const expected = again.includes(result) ? -Errno.EAGAIN : -Errno.ELMERR;
    assertEquals([result, results.convertFailure(result)], [result, expected]);
  }
});

Deno.test("who holds a lock is asked only where somebody does", () => {
  const held = every.filter(results.isHeldElsewhere).toSorted((a, b) => b - a);
  assertEquals(held, [-11, -212, -213, -243, -244, -245, -246, -247, -249, -285]);
});

Deno.test("a lease may be rewritten only if it is nobody's", () => {
  const damaged = every.filter(results.isDamaged).toSorted((a, b) => b - a);
  assertEquals(damaged, [-214, -222, -223, -224, -229, -281]);
  assertEquals(every.filter(results.isCorrupt).length, damaged.length + 2);
});

Deno.test("after some results the connection may be lost", () => {
  const lost = every.filter(results.mayBeDisconnected).toSorted((a, b) => b - a);
  assertEquals(lost, [-1, -32, -104, -111]);
});

Deno.test("refusals are one line of plain text", () => {
  const text = results.refusal("VG a\nb\x1b[31m", -227);
  assert(text.startsWith("VG a?b?[31m: SANLK_LEADER_RESOURCE (-227): "), text);
});
