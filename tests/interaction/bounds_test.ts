/**
 * The bounds of the lock table: what lies beyond is refused, and what was there before still works.
 *
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import type { EffectRecord } from "../../core/engine.ts";
import { Errno } from "../../core/errno.ts";
import { Effect, type Field, Input } from "../../core/records.ts";
import { emptyRequest, LockType, Mode, Op, type Request, ResourceType } from "../../core/types.ts";
import { TableInputs } from "./inputs.ts";
import { newEngine } from "./table.ts";

/** As in wasm/limits.ts. */
const MAX_CLIENTS = 65536;
const MAX_CLIENT_ACTIONS = 1024;
const MAX_LOCKSPACES = 4096;
const MAX_QUEUE = 65536;

/** Where a record has the length of its first text. */
const LENGTH = 33 as Field;

const inVg = { resourceType: ResourceType.vg, vgName: "vg", lockType: LockType.sanlock };
const start: Request = { ...emptyRequest, ...inVg, op: Op.start };
const lockVg: Request = { ...emptyRequest, ...inVg, op: Op.lock, mode: Mode.ex };

function newTable(): TableInputs {
  const inputs = new TableInputs(newEngine({ checked: false }));
  const serves = [LockType.sanlock];
  inputs.configure({ test: false, glType: LockType.sanlock, serves, forgets: [] });
  return inputs;
}

function resultOf(effects: EffectRecord[]): number | undefined {
  const [reply] = effects.filter((effect) => effect.kind === Effect.reply);
  return reply?.reply.result;
}

/** With the VG lock being taken by client 1, so that everybody else waits. */
function withBusyVg(): TableInputs {
  const inputs = newTable();
  inputs.request(1, 1, start);
  inputs.lmDone(1, { result: 0 });
  inputs.lmDone(2, { result: 0 });
  inputs.request(1, 2, lockVg);
  return inputs;
}

Deno.test("unanswered requests of one client", () => {
  const inputs = withBusyVg();
  for (let i = 1; i < MAX_CLIENT_ACTIONS; i++) inputs.request(1, 2 + i, lockVg);
  assertEquals(resultOf(inputs.request(1, 9999, lockVg)), -Errno.ENOMEM);
  inputs.cancel(1, 3);
  assertEquals(resultOf(inputs.request(1, 9999, lockVg)), undefined);
});

Deno.test("requests that wait for one resource", () => {
  const inputs = withBusyVg();
  let id = 2;
  for (let i = 1; i < MAX_QUEUE; i++) inputs.request(2 + i % 100, ++id, lockVg);
  assertEquals(resultOf(inputs.request(500, ++id, lockVg)), -Errno.ENOMEM);
  const lv = { ...lockVg, resourceType: ResourceType.lv, lvUuid: "L" };
  assertEquals(resultOf(inputs.request(500, ++id, lv)), undefined, "other locks are served");
  inputs.gone(2);
  assertEquals(resultOf(inputs.request(500, ++id, lockVg)), undefined);
});

Deno.test("lockspaces", () => {
  const inputs = newTable();
  for (let i = 0; i < MAX_LOCKSPACES; i++) {
    const effects = inputs.request(1 + i % 100, 1 + i, { ...start, vgName: `vg${i}` });
    assertEquals(effects.length, 1, "the lock manager is asked");
  }
  assertEquals(resultOf(inputs.request(1000, 10_000, start)), -Errno.ENOMEM);
  inputs.lmDone(1, { result: -Errno.EARGS });
  assertEquals(resultOf(inputs.request(1000, 10_001, start)), undefined);
});

Deno.test("what no host may hand in stops the table", () => {
  const { dlm } = LockType;
  const refused = (why: string, attempt: (inputs: TableInputs) => void) => {
    const inputs = newTable();
    inputs.restoreLockspace(1, dlm, "vg");
    assertThrows(() => attempt(inputs), Error, why);
  };
  const lock = { vgName: "vg", resourceType: ResourceType.lv, lvUuid: "L", lvArgs: "" };
  const shared = { ...lock, mode: Mode.sh };
  refused("restored once", (inputs) => inputs.restoreLockspace(2, dlm, "vg"));
  refused("a name that can be started", (inputs) => inputs.restoreLockspace(2, dlm, "global"));
  refused("a name that can be started", (inputs) => {
    inputs.restoreLockspace(2, dlm, "x".repeat(60));
  });
  refused("with its lock type", (inputs) => inputs.restoreLockspace(2, LockType.none, "other"));
  refused("before the first request", (inputs) => {
    inputs.request(1, 1, lockVg);
    inputs.restoreLockspace(2, dlm, "other");
  });
  refused("before the first request", (inputs) => {
    inputs.request(1, 1, lockVg);
    inputs.restoreLock(shared);
  });
  refused("a lock is restored once", (inputs) => {
    inputs.restoreLock(shared);
    inputs.restoreLock(shared);
  });
  refused("in a mode that is held", (inputs) => inputs.restoreLock({ ...lock, mode: Mode.un }));
  refused("restored into its lockspace", (inputs) => {
    inputs.restoreLockspace(2, dlm, "");
    inputs.restoreLock({ ...shared, vgName: "" });
  });
});

Deno.test("a text that is longer than its slot stops the table", () => {
  const engine = newEngine({ checked: false });
  for (const kind of Object.values(Input)) {
    for (const length of [-1, 65, 0x7fffffff]) {
      const submit = () =>
        engine.submit(kind, 1, (records, at) => records.setInt(at, LENGTH, length));
      assertThrows(submit, Error, "does not fit its slot");
    }
  }
});

Deno.test("clients: the host keeps within the bound", () => {
  const inputs = newTable();
  for (let client = 1; client <= MAX_CLIENTS; client++) {
    assertEquals(resultOf(inputs.request(client, client, lockVg)), -Errno.ENOLS);
  }
  inputs.gone(1);
  inputs.request(MAX_CLIENTS + 1, 1, lockVg);
  assertThrows(() => inputs.request(MAX_CLIENTS + 2, 1, lockVg), Error, "below MAX_CLIENTS");
});
