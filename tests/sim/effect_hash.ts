/**
 * A sum over everything that the lock tables were told and what they answered, with time and host: two
 * runs with the same sum went the same way.
 *
 * @module
 */
import type { EffectRecord } from "../../core/engine.ts";
import { Effect } from "../../core/records.ts";

export class EffectHash {
  #one = 0x811c9dc5;
  #other = 0x9e3779b9;

  number(value: number): void {
    this.#one = Math.imul(this.#one ^ value, 0x01000193);
    this.#other = Math.imul((this.#other << 5 | this.#other >>> 27) ^ value, 0x27d4eb2d);
  }

  text(text: string): void {
    this.number(text.length);
    for (let i = 0; i < text.length; i++) this.number(text.charCodeAt(i));
  }

  effect(effect: EffectRecord): void {
    this.number(effect.kind);
    switch (effect.kind) {
      case Effect.reply:
        this.number(effect.client);
        this.number(effect.request);
        this.number(effect.reply.op);
        this.number(effect.reply.result);
        return this.number(effect.reply.flags);
      case Effect.lmCall:
        this.number(effect.call ?? 0);
        this.number(effect.op);
        this.number(effect.lockspace);
        this.number(effect.resourceType);
        this.number(effect.mode);
        this.number(effect.version);
        return this.text(effect.lvUuid);
      case Effect.armTimer:
        this.number(effect.timer);
        return this.number(effect.ms);
      case Effect.recordLock:
        this.number(effect.lockspace);
        this.number(effect.mode);
        return this.text(effect.lvUuid);
      case Effect.recordLockspace:
      case Effect.lockspaceGone:
        return this.number(effect.lockspace);
    }
  }

  toString(): string {
    const hex = (value: number) => (value >>> 0).toString(16).padStart(8, "0");
    return hex(this.#one) + hex(this.#other);
  }
}
