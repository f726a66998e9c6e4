/**
 * The table's memory: how much a lock takes, how it grows, that none is lost, and that the check of
 * the invariants finds every way to get it wrong.
 *
 * @module
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { Engine } from "../../core/engine.ts";
import { Errno } from "../../core/errno.ts";
import { Effect, LmCall } from "../../core/records.ts";
import {
  emptyRequest,
  LockType,
  Mode,
  Op,
  OptionFlag,
  type Request,
  ResourceType,
} from "../../core/types.ts";
import { buildWasm } from "../../scripts/build_wasm.ts";
import { type LmAnswer, TableInputs } from "./inputs.ts";
import { newEngine } from "./table.ts";

const inVg = { resourceType: ResourceType.vg, vgName: "vg", lockType: LockType.sanlock };
const start: Request = { ...emptyRequest, ...inVg, op: Op.start, vgUuid: "U", vgArgs: "1.0.0:a" };
const stop: Request = { ...emptyRequest, ...inVg, op: Op.stop, flags: OptionFlag.force };
const lockVg: Request = { ...emptyRequest, ...inVg, op: Op.lock, mode: Mode.ex };
const lockLv: Request = { ...lockVg, resourceType: ResourceType.lv, lvArgs: "dlm" };

/** An LV UUID as LVM makes them. */
const uuidOf = (n: number) => `abcdef-0000-0000-0000-0000-0000-${String(n).padStart(6, "0")}`;

/** Another host has it. */
const refusal: LmAnswer = {
  result: -Errno.EAGAIN,
  owner: { hostId: 3, generation: 1, timestamp: 7, state: "LIVE", name: "other" },
};

/** A table whose lock manager answers every call at once, with success unless told otherwise. */
class Play {
  readonly inputs: TableInputs;
  #requests = 0;

  constructor(engine: Engine) {
    this.inputs = new TableInputs(engine);
    const serves = [LockType.sanlock];
    this.inputs.configure({ test: false, glType: LockType.sanlock, serves, forgets: serves });
  }

  ask(client: number, request: Request, answer: LmAnswer = { result: 0 }): void {
    let effects = this.inputs.request(client, ++this.#requests, request);
    for (let next = effects; next.length > 0; effects = next) {
      next = effects.flatMap((effect) =>
        effect.kind === Effect.lmCall && effect.op !== LmCall.forget
          ? this.inputs.lmDone(effect.call, answer)
          : []
      );
    }
  }

  /** A bit of everything: it begins and ends without lockspace, lock and client. */
  everything(): void {
    this.ask(1, start);
    this.ask(1, lockVg);
    this.inputs.request(2, ++this.#requests, lockVg);
    this.ask(3, { ...lockLv, lvUuid: "A", maxRetries: -1 }, refusal);
    for (let i = 0; i < 40; i++) {
      const lv = { ...lockLv, lvUuid: uuidOf(i), flags: OptionFlag.persistent };
      this.ask(3, lv);
      this.ask(3, { ...lv, mode: Mode.sh });
    }
    const lvB = { ...lockLv, mode: Mode.sh, lvUuid: "B" };
    this.ask(3, { ...lvB, maxRetries: 1 }, { ...refusal, retry: true });
    this.ask(4, { ...lvB, lvArgs: "1.0.0:1048576" });
    this.inputs.request(4, ++this.#requests, { ...lockVg, mode: Mode.sh });
    this.inputs.gone(2);
    this.ask(1, { ...lockVg, mode: Mode.un });
    this.ask(1, stop);
    for (const client of [1, 3, 4]) this.inputs.gone(client);
  }
}

Deno.test("a persistent lock of an LV takes at most 300 bytes; memory grows in small steps", () => {
  const play = new Play(newEngine({ checked: false }));
  play.ask(1, start);
  const { engine } = play.inputs;
  const locks = 20_000;
  const before = engine.memoryBytes;
  let least = before;
  for (let i = 0; i < locks; i++) {
    play.ask(1, { ...lockLv, lvUuid: uuidOf(i), flags: OptionFlag.persistent });
    const grown = engine.memoryBytes;
    assert(grown - least <= 256 * 1024, `grew from ${least} to ${grown}`);
    least = grown;
  }
  assert((least - before) / locks <= 300, `${(least - before) / locks} bytes`);
});

Deno.test("memory does not grow with lockspaces, clients and refusals that came and went", () => {
  const play = new Play(newEngine({ checked: false }));
  play.everything();
  const { engine } = play.inputs;
  const before = engine.memoryBytes;
  for (let i = 0; i < 2_000; i++) play.everything();
  assertEquals(engine.memoryBytes, before);
  assertEquals([...engine.inspect()], []);
});

/** A table of sources in which a file has `to` in place of `from`. */
async function altered(file: string, from: string, to: string): Promise<Engine> {
  const sources = new URL("../../wasm", import.meta.url).pathname;
  const baseDir = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(baseDir, "wasm"));
    for await (const { name } of Deno.readDir(sources)) {
      if (!name.endsWith(".ts")) continue;
      const source = await Deno.readTextFile(join(sources, name));
      assert(name !== file || source.includes(from), `${file} has no ${from}`);
      const text = name === file ? source.replace(from, to) : source;
      await Deno.writeTextFile(join(baseDir, "wasm", name), text);
    }
    return new Engine(new WebAssembly.Module(await buildWasm({ baseDir })), true);
  } finally {
    await Deno.remove(baseDir, { recursive: true });
  }
}

const defects = [
  [
    "action.ts",
    "retireBytes(this.ownerName);\n    retireBytes(this.ownerState);\n    retire",
    "retire",
    "every living object is reached",
  ],
  ["lockspace.ts", "else this.vg = null;", "", "what is referred to lives"],
  [
    "calls.ts",
    "retire<Call>(call);",
    "retire<Call>(call);retire<Call>(call);",
    "an object is retired once",
  ],
] as const;

for (const [file, from, to, message] of defects) {
  Deno.test(`the check finds it if not: ${message}`, async () => {
    const engine = await altered(file, from, to);
    assertThrows(() => new Play(engine).everything(), Error, message);
  });
}

Deno.test("the check finds nothing in the table as it is", () => {
  new Play(newEngine({ checked: true })).everything();
});
