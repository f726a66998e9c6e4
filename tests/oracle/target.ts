/**
 * What a request is about: the lockspace and resource it reaches, and the harmless request that
 * passes through the same queues and so proves that everything before it has been handled.
 *
 * @module
 */
import type { Fields } from "./script.ts";

/** A lockspace as a script sees it: a VG name, or the global lockspace. */
export type Place = { gl: true } | { gl: false; vg: string };

/** A stable name for a place. */
export function placeKey(place: Place): string {
  return place.gl ? "gl" : `vg ${place.vg}`;
}

/**
 * Unlocks what the sender never holds. It goes through the resource queue of the lockspace, also in
 * a killed one, changes nothing and is answered -2 (or by a routing error). The reply to a second
 * one, sent after the first was answered, comes from a later round of the lockspace than any
 * request before the first: all of those are then either answered or waiting for a lock.
 */
export function marker(place: Place): Fields {
  if (place.gl) return [["request", "lock_gl"], ["mode", "un"]];
  return [["request", "lock_vg"], ["mode", "un"], ["vg_name", place.vg]];
}

/** The first value of a text field; `""` when it is absent, a number or the word `none`. */
export function textField(fields: Fields, key: string): string {
  const found = fields.find(([k]) => k === key)?.[1];
  return typeof found !== "string" || found === "none" ? "" : found;
}

const globalRequests = new Set(["lock_gl", "enable_gl", "disable_gl"]);

/** The lockspaces that a request may touch. */
export function placesOf(fields: Fields): Place[] {
  const request = textField(fields, "request");
  const vg: Place = { gl: false, vg: textField(fields, "vg_name") };
  if (request === "lock_gl") return [{ gl: true }];
  if (globalRequests.has(request)) return [{ gl: true }, vg];
  if (["start_vg", "stop_vg"].includes(request)) return [vg, { gl: true }];
  return vg.vg === "" ? [] : [vg];
}

/** Longest name a daemon keeps; the rest is cut off. */
export const nameLength = 64;

/** The lock that a request is about, as a name; `undefined` if it can change no lock's queue. */
export function lockOf(fields: Fields): string | undefined {
  const request = textField(fields, "request");
  const vg = textField(fields, "vg_name").slice(0, nameLength);
  if (globalRequests.has(request)) return "gl";
  if (request === "lock_vg") return `vg ${vg}`;
  if (request !== "lock_lv" && request !== "free_lv") return undefined;
  return `lv ${vg} ${textField(fields, "lv_uuid").slice(0, nameLength)}`;
}

/** Requests that start or end lockspaces, or might. */
export function changesLockspaces(fields: Fields): boolean {
  const request = textField(fields, "request");
  return [
    ...["start_vg", "stop_vg", "free_vg", "rename_vg_before", "kill_vg", "drop_vg"],
    "stop_all",
  ].includes(request);
}
