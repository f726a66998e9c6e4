/**
 * A lock table whose lock manager answers when it likes, watched by a {@link Referee}. Every input
 * goes to a second table as well: the same inputs have the same effects.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { EffectRecord, LmCallEffect } from "../../core/engine.ts";
import { emptyRequest, LockType, Op, type Request, ResourceType } from "../../core/types.ts";
import { VGS } from "./commands.ts";
import { type LmAnswer, TableInputs } from "./inputs.ts";
import { Referee } from "./referee.ts";
import { newEngine } from "./table.ts";

/** Client that starts the VGs. */
const ADMIN = 1_000_000;

export class SlowTable {
  readonly #inputs = new TableInputs(newEngine({ checked: true }));
  readonly #twin = new TableInputs(newEngine({ checked: false }));
  readonly referee = new Referee();
  #requests = 0;

  constructor() {
    const serves = [LockType.sanlock];
    const options = { test: false, glType: LockType.none, serves, forgets: [LockType.sanlock] };
    this.#submit((inputs) => inputs.configure(options));
    for (const vgName of VGS) {
      const start = { op: Op.start, resourceType: ResourceType.vg, lockType: LockType.sanlock };
      this.request(ADMIN, { ...emptyRequest, ...start, vgName });
    }
    this.settle();
  }

  request(client: number, request: Request): void {
    const id = ++this.#requests;
    this.referee.asked(client, id);
    this.#submit((inputs) => inputs.request(client, id, request));
  }

  gone(client: number): void {
    this.referee.died(client);
    this.#submit((inputs) => inputs.gone(client));
  }

  cancel(client: number, id: number): void {
    this.#submit((inputs) => inputs.cancel(client, id));
  }

  timer(timer: number): void {
    this.referee.timers.delete(timer);
    this.#submit((inputs) => inputs.timer(timer));
  }

  answer(call: LmCallEffect, answer: LmAnswer): void {
    this.referee.answered(call, answer);
    this.#submit((inputs) => inputs.lmDone(call.call, answer));
  }

  /** Answers every call with success and lets every timer fire, until there are no more. */
  settle(): void {
    const { calls, timers } = this.referee;
    while (calls.size + timers.size > 0) {
      const [call] = calls.values();
      const [timer] = timers;
      if (call !== undefined) this.answer(call, { result: 0 });
      else this.timer(timer!);
    }
  }

  inspect() {
    return this.#inputs.engine.inspect();
  }

  #submit(input: (inputs: TableInputs) => EffectRecord[]): void {
    const effects = input(this.#inputs);
    assertEquals(JSON.stringify(input(this.#twin)), JSON.stringify(effects));
    this.referee.saw(effects);
    this.referee.inspect(this.inspect());
  }
}
