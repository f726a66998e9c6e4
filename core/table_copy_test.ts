/**
 * Listings from a copy of the table: they show one moment, whatever happens meanwhile, and the same as
 * the table itself shows.
 *
 * @module
 */
import { assertEquals, assertGreater } from "@std/assert";
import { Engine, type Fill, fillRequest } from "./engine.ts";
import { readTable } from "./program.ts";
import { Effect, Field, Input, LmCall, Text } from "./records.ts";
import { TableCopies } from "./table_copy.ts";
import { emptyRequest, LockType, Mode, Op, OptionFlag, ResourceType } from "./types.ts";

const CLIENT = 1;
const vg = { vgName: "vg0", lockType: LockType.dlm };

/** A table with one VG, whose lock manager agrees to everything. */
class Busy {
  readonly engine = new Engine(new WebAssembly.Module(readTable()), false);
  #requests = 0;

  constructor() {
    this.#put(Input.configure, (records, at) => {
      records.setInt(at, Field.bits, 1 << LockType.dlm);
      records.setInt(at, Field.flags, 1);
    });
    this.#put(Input.restoreLockspace, (records, at) => {
      records.setInt(at, Field.lockspace, 1);
      records.setInt(at, Field.lockType, LockType.dlm);
      records.setText(at, Text.vgName, vg.vgName);
    });
  }

  /** Takes or gives back the persistent lock of LV number `n`. */
  lock(n: number, mode: Mode): void {
    const request = {
      ...emptyRequest,
      ...vg,
      op: Op.lock,
      resourceType: ResourceType.lv,
      lvUuid: `abcdef-0000-0000-0000-0000-0000-${String(n).padStart(6, "0")}`,
      lvArgs: "dlm",
      flags: OptionFlag.persistent,
      mode,
    };
    const id = ++this.#requests;
    this.#put(
      Input.request,
      (records, at) => fillRequest(records, at, CLIENT, id, request),
    );
  }

  #put(kind: Input, fill: Fill): void {
    for (const effect of this.engine.submit(kind, 0, fill)) {
      if (effect.kind !== Effect.lmCall || effect.op === LmCall.forget) continue;
      this.#put(Input.lmDone, (records, at) => records.setInt(at, Field.call, effect.call));
    }
  }

  get rows() {
    return [...this.engine.inspect()];
  }
}

const all = (rows: Iterable<unknown>) => Promise.resolve([...rows]);

Deno.test("a small table is listed as it is", async () => {
  const busy = new Busy();
  busy.lock(1, Mode.ex);
  assertEquals(await new TableCopies(busy.engine).listing(all), busy.rows);
});

Deno.test("a large one is listed from a copy, also when it has grown, and when it is empty again", async () => {
  const busy = new Busy();
  const copies = new TableCopies(busy.engine);
  for (const held of [8000, 20_000]) {
    for (let n = 0; n < held; n++) busy.lock(n, Mode.ex);
    assertGreater(busy.engine.memoryBytes, 1 << 20);
    for (let again = 0; again < 2; again++) {
      assertEquals(await copies.listing(all), busy.rows);
    }
  }
  for (let n = 0; n < 20_000; n++) busy.lock(n, Mode.un);
  const rows = await copies.listing(all);
  assertEquals(rows, busy.rows);
  assertEquals(rows.length, 2, "the VG and its lock");
});

Deno.test("a listing shows one moment, whatever is taken and given back while it is read", async () => {
  const busy = new Busy();
  for (let n = 0; n < 8000; n++) busy.lock(n, Mode.ex);
  const copies = new TableCopies(busy.engine);
  let before: unknown[] = [];
  const read = await copies.listing((rows) => {
    before = busy.rows;
    const seen = [];
    let n = 0;
    for (const row of rows) {
      seen.push(row);
      busy.lock(n, Mode.un);
      busy.lock(10_000 + n++, Mode.ex);
    }
    return Promise.resolve(seen);
  });
  assertEquals(read, before);
});

Deno.test("listings come one after the other; one that fails does not stop the next", async () => {
  const busy = new Busy();
  const copies = new TableCopies(busy.engine);
  const steps: string[] = [];
  const slow = copies.listing(async () => {
    steps.push("first begins");
    await new Promise((resume) => setImmediate(resume));
    steps.push("first ends");
    throw new Error("no room");
  }).catch((error: Error) => steps.push(error.message));
  const next = copies.listing(() => Promise.resolve(steps.push("second")));
  await Promise.all([slow, next]);
  assertEquals(steps.toSorted(), ["first begins", "first ends", "no room", "second"].toSorted());
  assertEquals(steps.indexOf("first ends") < steps.indexOf("second"), true);
});
