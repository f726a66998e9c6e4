/**
 * The other side of a table's boundary: takes its effects and notes who still waits for an answer,
 * what the lock manager was asked and what it granted. The notes are in the table's memory, so that
 * they belong to the state.
 *
 * @module
 */
import { CREATED, Effect, Field, LmCall, owesAnswer, STRIDE } from "../../core/records.ts";
import { Mode, ResourceType } from "../../core/types.ts";
import { CLIENT_WORDS, ClientNote, findings, MAX_CALLS, Note, type ProbeExports } from "./notes.ts";
import { vgsOf, type World } from "./world.ts";

/** Something happened that must not. */
export class Violation extends Error {
  override name = "Violation";
}

/** A lock manager call that is under way. */
export interface CallInfo {
  op: number;
  /** Place in the world's list; -1 if it is about a whole lockspace or none. */
  resource: number;
  /** Mode that is asked for; place of the lockspace if it is about no resource. */
  about: number;
}

/** Words of a record: lengths and beginnings of the LV's and the VG's name. */
const LV_LENGTH = 33 + 4;
const LV_TEXT = (192 + 4 * 64) >> 2;
const VG_LENGTH = 33;
const VG_TEXT = 192 >> 2;

export class Watch {
  readonly table: ProbeExports;
  readonly ints: Int32Array;
  readonly bytes: Uint8Array;
  /** Effects of the last input. */
  effects = 0;
  /** Replies of the last input: slots, requests by place in the role's list, results. */
  protected readonly replies: { slot: number; which: number; result: number; created: boolean }[] =
    [];
  /** Resources of which the last input recorded a persistent lock that was not there before. */
  protected readonly kept = new Set<number>();
  readonly #notes: number;
  readonly #clients: number;
  readonly #vgs: readonly string[];
  /** Resources by `place of the lockspace * 64 + type * 16 + number of the LV`. */
  readonly #resources = new Map<number, number>();

  constructor(module: WebAssembly.Module, readonly world: World) {
    const abort = (message: number, _file: number, line: number) => {
      throw new Violation(`the table stopped: ${this.#string(message)} (line ${line})`);
    };
    const instance = new WebAssembly.Instance(module, { env: { abort } });
    this.table = instance.exports as unknown as ProbeExports;
    const { buffer } = this.table.memory;
    this.ints = new Int32Array(buffer);
    this.bytes = new Uint8Array(buffer);
    this.#notes = this.table.notes() >> 2;
    this.#clients = world.roles.reduce((sum, { clients }) => sum + clients, 0);
    this.#vgs = vgsOf(world);
    world.resources.forEach((name, i) => this.#resources.set(this.#keyOf(name), i));
  }

  /** Reads an AssemblyScript string (UTF-16, its length in bytes before it). */
  #string(at: number): string {
    const text = new Uint8Array(this.bytes.buffer, at, this.ints[(at - 4) >> 2]!);
    return new TextDecoder("utf-16le").decode(text);
  }

  #keyOf(name: string): number {
    const [vg = "", of = ""] = name.split("/");
    const place = this.#vgs.indexOf(vg);
    if (of === "GLLK") return place * 64 + ResourceType.gl * 16;
    if (of === "VGLK") return place * 64 + ResourceType.vg * 16;
    return place * 64 + ResourceType.lv * 16 + Number(of.slice(1));
  }

  note(at: number): number {
    return this.ints[this.#notes + at]!;
  }

  setNote(at: number, value: number): void {
    this.ints[this.#notes + at] = value;
  }

  /** What is noted of a client. */
  of(slot: number, word: number): number {
    return this.note(Note.clients + slot * CLIENT_WORDS + word);
  }

  setOf(slot: number, word: number, value: number): void {
    this.setNote(Note.clients + slot * CLIENT_WORDS + word, value);
  }

  /** Place of a call in the notes. */
  #callAt(call: number): number {
    for (let i = 0; i < this.note(Note.callCount); i++) {
      if (this.note(Note.calls + i) === call) return i;
    }
    throw new Violation("the table waits for a call that it did not make");
  }

  callInfo(call: number): CallInfo {
    const info = this.note(Note.callInfo + this.#callAt(call));
    return { op: info & 0xff, resource: ((info >> 8) & 0xff) - 1, about: info >> 16 };
  }

  /** The lock manager is about to answer a call. */
  answering(call: number, result: number): void {
    const { op, resource, about } = this.callInfo(call);
    const at = this.#callAt(call);
    const last = this.note(Note.callCount) - 1;
    this.setNote(Note.callCount, last);
    this.setNote(Note.calls + at, this.note(Note.calls + last));
    this.setNote(Note.callInfo + at, this.note(Note.callInfo + last));
    if (op === LmCall.leave) this.#forget(Note.granted, about);
    if (result < 0 || resource < 0) return;
    if (op === LmCall.lock || op === LmCall.convert) this.setNote(Note.granted + resource, about);
    else if (op === LmCall.unlock) this.setNote(Note.granted + resource, Mode.un);
  }

  /** Nothing is granted, or recorded, in a lockspace any more. */
  #forget(what: number, place: number): void {
    for (const [key, index] of this.#resources) {
      if (key >> 6 === place) this.setNote(what + index, Mode.un);
    }
  }

  /** Hands in what is in the inbox, and notes the effects. @throws {Violation} */
  submit(): void {
    this.replies.length = 0;
    this.kept.clear();
    this.effects = this.table.submit();
    let at = this.table.outbox() >> 2;
    for (let i = 0; i < this.effects; i++, at += STRIDE >> 2) this.#effect(at);
  }

  #effect(at: number): void {
    const { ints } = this;
    switch (ints[at + Field.kind]) {
      case Effect.reply:
        return this.#reply(at);
      case Effect.lmCall:
        this.#calls(at);
        return;
      case Effect.recordLock: {
        const resource = this.#resourceOf(at);
        if (resource >= 0) this.#record(resource, ints[at + Field.mode]!);
        return;
      }
      case Effect.recordLockspace: {
        const place = this.#placeOf(ints[at + Field.lockspace]!);
        if (ints[at + Field.arg] === 0) this.#forget(Note.recorded, place);
        return;
      }
    }
  }

  #record(resource: number, mode: number): void {
    if (this.note(Note.recorded + resource) === Mode.un) this.kept.add(resource);
    this.setNote(Note.recorded + resource, mode);
  }

  #reply(at: number): void {
    const slot = this.ints[at + Field.client]! - 1;
    if (slot >= this.#clients) return; // one of those that only set the world up
    const request = this.ints[at + Field.request]!;
    for (let i = 0; i < 2; i++) {
      if (request === 0 || this.of(slot, ClientNote.requests + i) !== request) continue;
      this.setOf(slot, ClientNote.requests + i, 0);
      const which = this.of(slot, ClientNote.asked + i);
      const created = (this.ints[at + Field.flags]! & CREATED) !== 0;
      this.replies.push({ slot, which, result: this.ints[at + Field.result]!, created });
      if (created && this.world.undeliverable) {
        this.setOf(slot, ClientNote.undelivered, which + 1);
      }
      return;
    }
    throw new Violation(`a reply to C${slot + 1} that it does not wait for (request ${request})`);
  }

  #placeOf(lockspace: number): number {
    for (let i = 0; i < this.#vgs.length; i++) {
      if (this.note(Note.lockspaces + i) === lockspace) return i;
    }
    return -1;
  }

  #resourceOf(at: number): number {
    const { ints } = this;
    const type = ints[at + Field.resourceType]!;
    if (type === ResourceType.none) return -1;
    const place = this.#placeOf(ints[at + Field.lockspace]!);
    const named = type === ResourceType.lv && ints[at + LV_LENGTH] !== 0;
    const lv = named ? ((ints[at + LV_TEXT]! >> 8) & 0xff) - 48 : 0;
    return this.#resources.get(place * 64 + type * 16 + lv) ?? -1;
  }

  /** Calls of one resource come one after the other, also those that owe no answer. */
  #calls(at: number): void {
    const { ints } = this;
    const op = ints[at + Field.op]!;
    const lockspace = ints[at + Field.lockspace]!;
    if (op === LmCall.prepare) this.noteLockspace(lockspace, this.#vgOf(at));
    const place = this.#placeOf(lockspace);
    if (lockspace !== 0 && place < 0) throw new Violation("a call for no lockspace that is there");
    const resource = this.#resourceOf(at);
    const count = this.note(Note.callCount);
    for (let i = 0; i < count && resource >= 0; i++) {
      const other = (this.note(Note.callInfo + i) >> 8) & 0xff;
      if (other === resource + 1) throw new Violation("two calls for one resource");
    }
    if (!owesAnswer(op)) return;
    if (count === MAX_CALLS) throw new Violation("more calls under way than are expected");
    const about = resource >= 0 ? ints[at + Field.mode]! : place;
    this.setNote(Note.calls + count, ints[at + Field.call]!);
    this.setNote(Note.callInfo + count, op | (resource + 1) << 8 | about << 16);
    this.setNote(Note.callCount, count + 1);
  }

  #vgOf(at: number): string {
    if (this.ints[at + VG_LENGTH] === 0) return "lvm_global";
    return String.fromCharCode(this.ints[at + VG_TEXT]! & 0xff);
  }

  noteLockspace(id: number, vg: string): void {
    this.setNote(Note.lockspaces + this.#vgs.indexOf(vg), id);
  }

  /** Judges the state that was reached. @throws {Violation} */
  settle(): void {
    const found = this.table.settle();
    if (found !== 0) throw new Violation(findings[found]!);
  }
}
