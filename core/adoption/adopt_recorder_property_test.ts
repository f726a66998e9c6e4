/**
 * The adopt file after any history: what is committed is in it, however the process ends.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { locksOf, lv, Place, spec } from "../../tests/adoption/place.ts";
import { Mode } from "../types.ts";
import { type AdoptVg, parseAdoptFile, readAdoptFile } from "./adopt_file.ts";
import { AdoptRecorder } from "./adopt_recorder.ts";

/** What happens to a daemon. Numbers choose VGs and LVs. */
type Step =
  | { kind: "lock"; vg: number; lv: number; mode: Mode; args: string }
  | { kind: "join"; vg: number }
  | { kind: "leave"; vg: number }
  | { kind: "commit" }
  | { kind: "tidy" };

const vgNumber = fc.integer({ min: 0, max: 2 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant("lock" as const),
      vg: vgNumber,
      lv: fc.integer({ min: 0, max: 4 }),
      mode: fc.constantFrom(Mode.un, Mode.sh, Mode.ex),
      args: fc.constantFrom("a", "a", "a", ""),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("join" as const), vg: vgNumber }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("leave" as const), vg: vgNumber }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("commit" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("tidy" as const) }) },
);

/** The recorder beside a plain map of what is held. Two VGs share a UUID, as hostile clients may. */
class Run {
  readonly recorder: AdoptRecorder;
  readonly joined = new Set<string>();
  readonly held = new Map<string, Mode>();
  #open = false;

  constructor(readonly place: Place, carried: AdoptVg[]) {
    this.recorder = new AdoptRecorder(place.path, carried);
    for (const [key, mode] of locksOf(carried)) this.held.set(key, mode);
  }

  take(step: Step): void {
    if (step.kind === "commit") return this.commit();
    if (step.kind === "tidy") return this.recorder.tidy();
    if (!this.#open) this.recorder.begin();
    this.#open = true;
    const vg = `vg${step.vg}`;
    const about = spec(vg, { vgUuid: step.vg === 0 ? "" : "shared" });
    if (step.kind === "join") {
      if (!this.joined.has(vg)) this.recorder.recordLockspace(about, true);
      this.joined.add(vg);
    } else if (step.kind === "leave") {
      if (!this.joined.delete(vg)) return;
      this.recorder.recordLockspace(about, false);
      for (const key of this.held.keys()) if (key.startsWith(`${vg}/`)) this.held.delete(key);
    } else if (this.joined.has(vg)) {
      this.recorder.recordLock(`lvm_${vg}`, lv(`L${step.lv}`, step.mode, step.args));
      if (step.mode === Mode.un) this.held.delete(`${vg}/L${step.lv}`);
      else this.held.set(`${vg}/L${step.lv}`, step.mode);
    }
  }

  commit(): void {
    if (this.#open) this.recorder.commit();
    this.#open = false;
  }
}

const asObject = (locks: Map<string, Mode>) => Object.fromEntries([...locks].sort());

Deno.test("after any history every committed lock is in the file, and a new file has just those", () => {
  const histories = fc.array(step, { maxLength: 60, size: "max" });
  fc.assert(
    fc.property(histories, (history) => {
      using place = new Place();
      const run = new Run(place, []);
      for (const step of history) {
        run.take(step);
        if (step.kind !== "commit") continue;
        const found = place.locks;
        for (const key of run.held.keys()) assertEquals(found.has(key), true, key);
      }
      run.commit();
      run.recorder.tidy();
      assertEquals(asObject(place.locks), asObject(run.held));
      if (place.files.length > 0) assertEquals(place.files, ["adopt"]);
    }),
    { numRuns: 300 },
  );
});

Deno.test("a process that dies while it writes leaves all that was committed before", () => {
  const histories = fc.array(step, { minLength: 5, maxLength: 60, size: "max" });
  fc.assert(
    fc.property(histories, fc.nat(), (history, cut) => {
      using place = new Place();
      const run = new Run(place, []);
      let before: { text: string; held: Map<string, Mode> } = { text: "", held: new Map() };
      for (const step of history) {
        run.take(step);
        if (step.kind !== "commit") continue;
        const text = place.files.length > 0 ? place.text : "";
        // Rewritten files take the place of the old ones at once; only an addition can be cut.
        if (before.text !== "" && text.startsWith(before.text)) {
          const length = before.text.length + cut % (text.length - before.text.length + 1);
          const found = locksOf(parseAdoptFile(text.slice(0, length)).vgs);
          const bothTimes = [...before.held.keys()].filter((key) => run.held.has(key));
          for (const key of bothTimes) assertEquals(found.has(key), true, key);
        }
        before = { text, held: new Map(run.held) };
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("what one daemon leaves the next one carries, through any history", () => {
  const histories = fc.array(step, { maxLength: 40, size: "max" });
  fc.assert(fc.property(histories, histories, (first, second) => {
    using place = new Place();
    const dying = new Run(place, []);
    for (const step of first) dying.take(step);
    dying.commit();
    const left = readAdoptFile(place.path).vgs;
    const run = new Run(place, left);
    for (const step of second) run.take(step);
    run.commit();
    run.recorder.tidy();
    for (const [key, mode] of run.held) assertEquals(place.locks.get(key), mode, key);
    for (const { vgName, vgUuid, lockType, vgArgs } of left) {
      run.recorder.settle({ vgName, vgUuid, lockType, vgArgs, locks: [] });
    }
    run.recorder.tidy();
    for (const key of place.locks.keys()) assert(run.held.has(key));
  }));
});
