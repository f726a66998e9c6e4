/**
 * The smallest lock manager between two hosts: for each resource, the mode that each host holds,
 * which call is done already though not answered yet, and the value block. Eight bits a resource:
 *
 *   bits 0, 1   mode that host 0 holds        bits 2, 3   mode that host 1 holds
 *   bit 4, 5    the call of host 0, 1 is done and not answered
 *   bits 6, 7   the value block's version
 *
 * @module
 */
import { LmCall } from "../../core/records.ts";
import { Mode } from "../../core/types.ts";

/** What a host asks the manager for, as `relies` of verify.as says it. */
export interface PendingCall {
  op: number;
  mode: number;
  version: number;
}

export function pendingOf(relies: number): PendingCall | undefined {
  const op = (relies >>> 4) & 0xff;
  if (op !== LmCall.lock && op !== LmCall.convert && op !== LmCall.unlock) return undefined;
  return { op, mode: (relies >>> 12) & 0xf, version: relies >>> 16 };
}

const part = (state: number, resource: number) => (state >>> (resource * 8)) & 0xff;

function withPart(state: number, resource: number, bits: number): number {
  const shift = resource * 8;
  return ((state & ~(0xff << shift)) | (bits << shift)) >>> 0;
}

export function heldBy(state: number, resource: number, host: number): number {
  return (part(state, resource) >> (host * 2)) & 3;
}

export function isDone(state: number, resource: number, host: number): boolean {
  return (part(state, resource) >> (4 + host) & 1) !== 0;
}

export function blockOf(state: number, resource: number): number {
  return part(state, resource) >> 6;
}

export function compatible(one: number, other: number): boolean {
  return one === Mode.un || other === Mode.un || (one === Mode.sh && other === Mode.sh);
}

/** The manager does what the call asks for; undefined if the other host forbids it. */
export function done(
  state: number,
  resource: number,
  host: number,
  call: PendingCall,
): number | undefined {
  const mode = call.op === LmCall.unlock ? Mode.un : call.mode;
  if (!compatible(mode, heldBy(state, resource, 1 - host))) return undefined;
  let bits = part(state, resource) & ~(3 << (host * 2));
  bits |= mode << (host * 2) | 1 << (4 + host);
  if (call.op !== LmCall.lock && call.version !== 0) {
    if (call.version > 3) throw new Error("the value block has two bits only");
    bits = (bits & 0x3f) | call.version << 6;
  }
  return withPart(state, resource, bits);
}

/** The call is answered. */
export function answered(state: number, resource: number, host: number): number {
  return withPart(state, resource, part(state, resource) & ~(1 << (4 + host)));
}

/** The host left the resource's lockspace. */
export function left(state: number, resource: number, host: number): number {
  return withPart(state, resource, part(state, resource) & ~(3 << (host * 2) | 1 << (4 + host)));
}

/** The same with the hosts' places exchanged. */
export function exchanged(state: number): number {
  const ones = 0x01010101;
  const modes = (state >>> 2 & ones * 3) | (state & ones * 3) << 2;
  const dones = (state >>> 1 & ones * 16) | (state & ones * 16) << 1;
  return (modes | dones | state & ones * 0xc0) >>> 0;
}
