/**
 * Watches a lock table from outside, through its effects, answers and listings, and knows nothing of
 * how it decides: what must hold whatever the table chooses to do.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { EffectRecord, LmCallEffect } from "../../core/engine.ts";
import { Effect, LmCall } from "../../core/records.ts";
import { type InspectRow, Mode, ResourceType } from "../../core/types.ts";
import type { LmAnswer } from "./inputs.ts";

/** Name of a call's resource, `""` if it is about a whole lockspace. */
export function resourceOf(call: LmCallEffect): string {
  if (call.resourceType === ResourceType.none) return "";
  const name = call.resourceType === ResourceType.vg ? "VGLK" : call.lvUuid;
  return `${call.lockspace}/${name}`;
}

export class Referee {
  /** Unanswered requests with their clients; those of dead clients are taken out. */
  readonly unanswered = new Map<number, number>();
  readonly calls = new Map<number, LmCallEffect>();
  readonly timers = new Set<number>();
  /** Mode that the lock manager granted, by resource. */
  readonly #granted = new Map<string, Mode>();
  readonly #dead = new Set<number>();

  asked(client: number, request: number): void {
    this.unanswered.set(request, client);
  }

  died(client: number): void {
    this.#dead.add(client);
    for (const [request, of] of this.unanswered) {
      if (of === client) this.unanswered.delete(request);
    }
  }

  /** The lock manager answers a call; this goes before what the table makes of it. */
  answered(call: LmCallEffect, { result }: LmAnswer): void {
    this.calls.delete(call.call);
    const resource = resourceOf(call);
    if (result < 0 || resource === "") return;
    if (call.op === LmCall.lock || call.op === LmCall.convert) {
      this.#granted.set(resource, call.mode);
    } else if (call.op === LmCall.unlock) {
      this.#granted.delete(resource);
    }
  }

  /** One answer for each request, none to the dead; one call at a time for a resource. */
  saw(effects: readonly EffectRecord[]): void {
    for (const effect of effects) {
      if (effect.kind === Effect.reply) {
        const client = this.unanswered.get(effect.request);
        assertEquals(effect.client, client, "an answer goes to who asked, once");
        this.unanswered.delete(effect.request);
      } else if (effect.kind === Effect.armTimer) {
        this.timers.add(effect.timer);
      } else if (effect.kind === Effect.lmCall && effect.op !== LmCall.forget) {
        const resource = resourceOf(effect);
        const busy = [...this.calls.values()].some((call) => resourceOf(call) === resource);
        assert(resource === "" || !busy, `two calls for ${resource}`);
        this.calls.set(effect.call, effect);
      }
    }
  }

  /** What is listed fits what the lock manager granted, and no two claims exclude each other. */
  inspect(rows: Iterable<InspectRow>): void {
    let lockspace = 0;
    let resource = "";
    let modes: Mode[] = [];
    const waiting = new Set<number>();
    for (const row of rows) {
      if (row.kind === "lockspace") {
        lockspace++;
      } else if (row.kind === "resource") {
        resource = `${lockspace}/${row.name}`;
        modes = [];
        assertEquals(row.mode, this.#granted.get(resource) ?? Mode.un, `mode of ${resource}`);
      } else if (row.kind === "lock") {
        modes.push(row.mode);
        assertEquals(row.mode, this.#granted.get(resource), "a claim has the mode granted");
        assert(modes.length === 1 || !modes.includes(Mode.ex), `ex is alone in ${resource}`);
        if (!row.persistent) this.#mayHold(row.clientId, resource);
      } else {
        const asker = this.unanswered.get(row.requestId);
        assert(asker !== undefined || this.#called(resource), "only the living wait");
        waiting.add(row.requestId);
      }
    }
  }

  /** The dead hold what is being released, or what could not be released yet. */
  #mayHold(client: number, resource: string): void {
    const late = this.#called(resource) || this.timers.size > 0;
    assert(!this.#dead.has(client) || late, `a dead client holds ${resource}`);
  }

  #called(resource: string): boolean {
    return [...this.calls.values()].some((call) => resourceOf(call) === resource);
  }
}
