/**
 * Watches a lock table from outside, through its effects, answers and listings, and knows nothing of
 * how it decides: what must hold whatever the table chooses to do.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { EffectRecord, LmCallEffect } from "../../core/engine.ts";
import { Effect, LmCall, owesAnswer } from "../../core/records.ts";
import { type InspectRow, type LockspaceRow, Mode, ResourceType } from "../../core/types.ts";
import type { LmAnswer } from "./inputs.ts";

export class Referee {
  /** Unanswered requests with their clients; those of dead clients are taken out. */
  readonly unanswered = new Map<number, number>();
  readonly calls = new Map<number, LmCallEffect>();
  readonly timers = new Set<number>();
  /** Mode that the lock manager granted, by resource. */
  readonly #granted = new Map<string, Mode>();
  readonly #dead = new Set<number>();
  readonly #lockspaces = new Map<number, string>();

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
    const resource = this.#resource(call);
    // Left, or not: the table begins anew.
    if (call.op === LmCall.leave) this.#forget(call.lockspace);
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
      } else if (effect.kind === Effect.lockspaceGone) {
        this.#lockspaces.delete(effect.lockspace);
      } else if (effect.kind === Effect.lmCall && owesAnswer(effect.op)) {
        this.#called(effect);
      }
    }
  }

  /** A call is for a lockspace that is there, not being left, and for a resource that is free. */
  #called(call: LmCallEffect): void {
    if (call.op === LmCall.prepare) this.#lockspaces.set(call.lockspace, call.vgName);
    const known = call.lockspace === 0 || this.#lockspaces.has(call.lockspace);
    assert(known, "a call for a lockspace that is not there");
    for (const other of this.calls.values()) {
      if (other.lockspace !== call.lockspace || call.lockspace === 0) continue;
      assert(other.op !== LmCall.leave, "a call for a lockspace that is being left");
      const same = this.#resource(other) === this.#resource(call);
      assert(call.resourceType === ResourceType.none || !same, "two calls for one resource");
    }
    this.calls.set(call.call, call);
  }

  #forget(lockspace: number): void {
    const prefix = `${this.#lockspaces.get(lockspace)}/`;
    for (const name of this.#granted.keys()) {
      if (name.startsWith(prefix)) this.#granted.delete(name);
    }
  }

  /** Name of a call's resource, `""` if it is about a whole lockspace. */
  #resource(call: LmCallEffect): string {
    if (call.resourceType === ResourceType.none) return "";
    const fixed: Record<number, string> = { [ResourceType.gl]: "GLLK", [ResourceType.vg]: "VGLK" };
    const name = fixed[call.resourceType] ?? call.lvUuid;
    return `${this.#lockspaces.get(call.lockspace)}/${name}`;
  }

  /** What is listed fits what the lock manager granted, and no two claims exclude each other. */
  inspect(rows: Iterable<InspectRow>): void {
    let lockspace: LockspaceRow | undefined;
    let resource = "";
    let modes: Mode[] = [];
    for (const row of rows) {
      if (row.kind === "lockspace") {
        lockspace = row;
      } else if (row.kind === "resource") {
        resource = `${lockspace!.vgName}/${row.name}`;
        modes = [];
        // A stop goes on when a release failed: the lockspace is left anyway.
        if (lockspace!.state === "stopping") continue;
        assertEquals(row.mode, this.#granted.get(resource) ?? Mode.un, `mode of ${resource}`);
      } else if (row.kind === "lock") {
        modes.push(row.mode);
        assertEquals(row.mode, this.#granted.get(resource), "a claim has the mode granted");
        assert(modes.length === 1 || !modes.includes(Mode.ex), `ex is alone in ${resource}`);
        if (!row.persistent) this.#mayHold(row.clientId, resource);
      } else {
        const asker = this.unanswered.get(row.requestId);
        assert(asker !== undefined || this.#busy(resource), "only the living wait");
      }
    }
  }

  /** The dead hold what is being released, or what could not be released yet. */
  #mayHold(client: number, resource: string): void {
    const vgName = resource.slice(0, resource.indexOf("/"));
    const late = this.#busy(resource) || this.#busy(vgName) || this.timers.size > 0;
    assert(!this.#dead.has(client) || late, `a dead client holds ${resource}`);
  }

  /** Is a call under way for the resource, or for any in the VG? */
  #busy(name: string): boolean {
    return [...this.calls.values()].some((call) => {
      const of = name.includes("/") ? this.#resource(call) : this.#lockspaces.get(call.lockspace);
      return of === name;
    });
  }
}
