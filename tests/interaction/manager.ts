/**
 * A lock manager that grants everything at once and remembers value blocks: what `auto` and `given`
 * of the scripts stand for.
 *
 * @module
 */
import type { LmCallEffect } from "../../core/engine.ts";
import { LmCall } from "../../core/records.ts";
import { ResourceType } from "../../core/types.ts";
import type { LmAnswer } from "./inputs.ts";

const FORMAT = 0x0101;
const REMOVED = 1;

export class WillingManager {
  readonly #blocks = new Map<string, NonNullable<LmAnswer["valueBlock"]>>();

  answer(call: LmCallEffect): LmAnswer {
    const key = `${call.lockspace}/${call.resourceType}`;
    const writes = call.op === LmCall.unlock || call.op === LmCall.convert;
    if (call.resourceType === ResourceType.lv) return { result: 0 };
    if (call.op === LmCall.lock) {
      const valueBlock = this.#blocks.get(key);
      return valueBlock === undefined ? { result: 0 } : { result: 0, valueBlock };
    }
    const removes = call.op === LmCall.unlock && call.arg !== 0;
    if (writes && (call.version !== 0 || removes)) {
      const flags = removes ? REMOVED : 0;
      this.#blocks.set(key, { version: FORMAT, flags, resourceVersion: call.version });
    }
    return { result: 0 };
  }
}
