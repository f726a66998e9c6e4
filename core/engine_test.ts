/**
 * The boundary to the lock table: text, numbers and growing memory. What the table decides is tested
 * in tests/interaction/.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { TableInputs } from "../tests/interaction/inputs.ts";
import { newEngine } from "../tests/interaction/table.ts";
import type { EffectRecord, LmCallEffect } from "./engine.ts";
import { Errno } from "./errno.ts";
import { Effect, MAX_TEXT } from "./records.ts";
import { emptyRequest, LockType, Mode, Op, type Request, ResourceType } from "./types.ts";

const inVg = { resourceType: ResourceType.vg, vgName: "vg", lockType: LockType.sanlock };
const start: Request = { ...emptyRequest, ...inVg, op: Op.start };
const lockVg: Request = { ...emptyRequest, ...inVg, op: Op.lock, mode: Mode.sh };
const lockLv: Request = { ...lockVg, resourceType: ResourceType.lv, lvUuid: "L" };

/** A table that serves sanlock, with the VG `vg` started. */
function started(checked = true): TableInputs {
  const inputs = new TableInputs(newEngine({ checked }));
  const serves = [LockType.sanlock];
  inputs.configure({ test: false, glType: LockType.none, serves, forgets: [] });
  let effects = inputs.request(1, 1, start);
  for (let call = callOf(effects); call !== undefined; call = callOf(effects)) {
    effects = inputs.lmDone(call.call, { result: 0 });
  }
  return inputs;
}

function callOf(effects: EffectRecord[]): LmCallEffect | undefined {
  return effects.find((effect) => effect.kind === Effect.lmCall);
}

function resultsOf(effects: EffectRecord[]): number[] {
  return effects.flatMap((effect) => effect.kind === Effect.reply ? [effect.reply.result] : []);
}

Deno.test("a defect of the table says where and what", () => {
  const inputs = started();
  const error = assertThrows(() => inputs.request(0, 2, lockVg));
  assertMatch(
    error.message,
    /^Lock table stopped at wasm\/inputs\.ts:[0-9]+:[0-9]+: client 0 stands for nobody$/,
  );
});

Deno.test("too long text is cut, every byte comes back as it was", () => {
  const inputs = started();
  const bytes = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));
  for (let at = 0; at < 256; at += MAX_TEXT) {
    const lvUuid = bytes.slice(at, at + MAX_TEXT).join("");
    const call = callOf(inputs.request(1, 2 + at, { ...lockLv, lvUuid: lvUuid + "more" }));
    assertEquals(call?.lvUuid, lvUuid);
  }
  const names = [...inputs.engine.inspect()].flatMap((row) =>
    row.kind === "resource" ? row.name : []
  );
  assertEquals(names.slice(1).join(""), bytes.join(""));
});

Deno.test("texts of an earlier input do not shine through", () => {
  const inputs = started();
  inputs.request(1, 2, { ...lockLv, lvUuid: "a long name", lvArgs: "1.0.0:70254592" });
  const call = callOf(inputs.request(1, 3, { ...lockLv, lvUuid: "b" }));
  assertEquals([call?.lvUuid, call?.lvArgs], ["b", ""]);
});

Deno.test("numbers keep their sign, or lack of one", () => {
  const inputs = started();
  const ids = [0xfffffffe, 0x80000000, 1];
  for (const id of ids) {
    const [reply] = inputs.request(id, id, { ...lockVg, mode: Mode.un });
    assert(reply?.kind === Effect.reply);
    assertEquals([reply.client, reply.request], [id, id]);
    assertEquals([reply.reply.result, reply.reply.mode], [-Errno.ENOENT, Mode.iv]);
  }
  const call = callOf(inputs.request(1, 2, lockVg));
  const owner = {
    hostId: 2000,
    generation: 0xffffffff,
    timestamp: 0x90000000,
    state: "LIVE",
    name: "h",
  };
  const refused = { result: -Errno.ELOCKIO, lmResult: -221 };
  assertEquals(resultsOf(inputs.lmDone(call!.call, refused)), [-Errno.ELOCKIO]);
  const again = callOf(inputs.request(1, 3, { ...lockVg, maxRetries: -1 }));
  const [reply] = inputs.lmDone(again!.call, { result: -Errno.EAGAIN, owner });
  assert(reply?.kind === Effect.reply);
  assertEquals(reply.reply.owner, owner);
});

Deno.test("sizes beyond 32 bits", () => {
  const inputs = started();
  const lvSizeBytes = 2 ** 45 + 1;
  const find = { ...emptyRequest, ...inVg, op: Op.findFreeLock, lvSizeBytes };
  assertEquals(callOf(inputs.request(1, 2, find))?.size, lvSizeBytes);
});

Deno.test("memory that grows amid the effects of one input", () => {
  const inputs = started(false);
  const call = callOf(inputs.request(1, 2, lockVg));
  const waiting = 20_000;
  for (let client = 2; client < 2 + waiting; client++) inputs.request(client, client + 1, lockVg);
  const before = inputs.engine.memoryBytes;
  const effects = inputs.lmDone(call!.call, { result: 0 });
  assert(inputs.engine.memoryBytes > before, "the effects did not fit");
  assertEquals(effects.length, waiting + 1);
  effects.forEach((effect, i) => {
    assert(effect.kind === Effect.reply && effect.reply.result === 0);
    assertEquals([effect.client, effect.request], [i + 1, i + 2]);
  });
  assertEquals(resultsOf(inputs.request(1, 1_000_000, lockVg)), [-Errno.EALREADY]);
});

Deno.test("a listing may be left unfinished", () => {
  const inputs = started();
  inputs.request(1, 2, lockLv);
  for (const row of inputs.engine.inspect()) {
    assertEquals(row.kind, "lockspace");
    break;
  }
  const kinds = [...inputs.engine.inspect()].map(({ kind }) => kind);
  assertEquals(kinds, ["lockspace", "resource", "resource", "action"]);
});

Deno.test("the listing of one resource leaves out the others", () => {
  const inputs = started();
  const call = callOf(inputs.request(1, 2, lockLv));
  inputs.lmDone(call!.call, { result: 0 });
  inputs.request(2, 3, { ...lockLv, mode: Mode.ex });
  inputs.request(1, 4, { ...lockLv, lvUuid: "M" });
  const whole = [...inputs.engine.inspect()];
  const one = [...inputs.engine.inspectResource(lockLv)];
  const names = one.flatMap((row) => row.kind === "resource" ? row.name : []);
  assertEquals(names, ["L"]);
  assertEquals(one.map(({ kind }) => kind), ["lockspace", "resource", "lock", "action"]);
  for (const row of one) {
    assert(whole.some((other) => JSON.stringify(other) === JSON.stringify(row)));
  }
  assertEquals([...inputs.engine.inspectResource({ ...lockVg, vgName: "other" })], []);
  const rowsOf = (kind: string) => whole.filter((row) => row.kind === kind).length;
  assertEquals(inputs.engine.counts, {
    lockspaces: rowsOf("lockspace"),
    locks: rowsOf("lock"),
    waiting: rowsOf("action"),
  });
});

Deno.test("the type of the global lock", () => {
  const inputs = new TableInputs(newEngine({ checked: true }));
  const serves = [LockType.dlm, LockType.sanlock];
  inputs.configure({ test: false, glType: LockType.none, serves, forgets: [] });
  assertEquals(inputs.engine.globalLockType, LockType.none);
  inputs.request(1, 1, start);
  assertEquals(inputs.engine.globalLockType, LockType.sanlock);
});
