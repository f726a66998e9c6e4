/**
 * A lock table whose lock manager, a {@link World}, answers every call at once. It tells what each
 * input caused in the words of the model.
 *
 * @module
 */
import type { EffectRecord, LmCallEffect } from "../../core/engine.ts";
import { Effect, LmCall } from "../../core/records.ts";
import {
  emptyRequest,
  LockType,
  Mode,
  Op,
  type Request,
  ResourceType,
  ResultFlag,
} from "../../core/types.ts";
import { VGS } from "./commands.ts";
import { type LmAnswer, TableInputs } from "./inputs.ts";
import type { ModelReply } from "./model_state.ts";
import { newEngine } from "./table.ts";
import type { World } from "./world.ts";

/** Client that starts the VGs. */
const ADMIN = 1000;

export class PromptTable {
  readonly #inputs = new TableInputs(newEngine({ checked: true }));
  readonly #vgs = new Map<number, string>();
  readonly #timers = new Map<string, number>();
  #replies: ModelReply[] = [];
  #calls: string[] = [];

  constructor(private readonly world: World) {
    const serves = [LockType.sanlock];
    this.#inputs.configure({ test: false, glType: LockType.none, serves, forgets: [] });
    VGS.forEach((vgName, i) => {
      const start = { op: Op.start, resourceType: ResourceType.vg, lockType: LockType.sanlock };
      this.request(ADMIN, 1_000_000 + i, { ...emptyRequest, ...start, vgName });
    });
    this.take();
  }

  take(): { replies: ModelReply[]; calls: string[] } {
    const taken = { replies: this.#replies, calls: this.#calls };
    this.#replies = [];
    this.#calls = [];
    return taken;
  }

  get timers(): string[] {
    return [...this.#timers.keys()].sort();
  }

  request(client: number, id: number, request: Request): void {
    this.#perform(this.#inputs.request(client, id, request));
  }

  gone(client: number): void {
    this.#perform(this.#inputs.gone(client));
  }

  cancel(client: number, id: number): void {
    this.#perform(this.#inputs.cancel(client, id));
  }

  timer(name: string): void {
    const timer = this.#timers.get(name)!;
    this.#timers.delete(name);
    this.#perform(this.#inputs.timer(timer));
  }

  inspect() {
    return this.#inputs.engine.inspect();
  }

  #perform(effects: EffectRecord[], cause?: LmCallEffect): void {
    for (const effect of effects) {
      if (effect.kind === Effect.reply) this.#reply(effect);
      else if (effect.kind === Effect.armTimer) this.#arm(effect.timer, cause!);
      else if (effect.kind === Effect.lmCall) {
        this.#perform(this.#inputs.lmDone(effect.call, this.#ask(effect)), effect);
      }
    }
  }

  #reply({ request, reply }: EffectRecord & { kind: typeof Effect.reply }): void {
    const shExists = (reply.flags & ResultFlag.shExists) !== 0;
    this.#replies.push({ id: request, result: reply.result, shExists, mode: reply.mode });
  }

  /** A timer is armed in answer to a refusal: it is for that request, or for an orphan. */
  #arm(timer: number, cause: LmCallEffect): void {
    this.#timers.set(`${this.#resource(cause)} ${cause.request || "orphan"}`, timer);
  }

  #resource(call: LmCallEffect): string {
    const name = call.resourceType === ResourceType.vg ? "VGLK" : call.lvUuid;
    return `${this.#vgs.get(call.lockspace)}/${name}`;
  }

  #ask(call: LmCallEffect): LmAnswer {
    if (call.op === LmCall.prepare) this.#vgs.set(call.lockspace, call.vgName);
    const name = this.#resource(call);
    switch (call.op) {
      case LmCall.lock:
        this.#calls.push(`${name} lock ${call.mode} 0`);
        return this.world.lock(name, call.mode);
      case LmCall.convert:
        this.#calls.push(`${name} convert ${call.mode} ${call.version}`);
        return this.world.convert(name, call.mode, call.version);
      case LmCall.unlock:
        this.#calls.push(`${name} unlock ${Mode.un} ${call.version}`);
        return this.world.unlock(name, call.version);
      default:
        return { result: 0 };
    }
  }
}
