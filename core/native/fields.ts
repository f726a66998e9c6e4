/**
 * The fields of a native request by number: what both parsers make and requests are made of.
 *
 * @module
 */
import type { Value } from "./config_text.ts";
import { ownText } from "./names.ts";

/** Every key that a request may have, but for the PV paths of idm; its number is its place. */
export const keys = [
  "request",
  "cmd",
  "mode",
  "opts",
  "vg_name",
  "vg_uuid",
  "vg_lock_type",
  "vg_lock_args",
  "lv_name",
  "lv_uuid",
  "lv_lock_args",
  "version",
  "host_id",
  "path",
  "path_num",
  "max_retries",
  "align_mb",
  "lv_size_bytes",
  "set_lock_args",
  "prev_lv_args",
  "pid",
  "dump_room",
] as const;

export type Key = typeof keys[number];

/** Number of each key. */
export const Slot = Object.freeze(
  Object.fromEntries(keys.map((key, slot) => [key, slot])),
) as Readonly<Record<Key, number>>;

export interface Fields {
  /** By {@link Slot}; undefined where the key is missing. */
  readonly values: (Value | undefined)[];
  /** What has no number. */
  readonly others?: ReadonlyMap<string, Value>;
}

const nothing: (Value | undefined)[] = keys.map(() => undefined);

/** A field is missing until it is set. */
export function noValues(): (Value | undefined)[] {
  return nothing.slice();
}

/** Texts of their own: names outlive the request, in locks and in the log. */
export function fieldsOf(pairs: ReadonlyMap<string, Value>): Fields {
  const valueOf = (key: Key) => {
    const value = pairs.get(key);
    return typeof value === "string" ? ownText(value) : value;
  };
  return { values: keys.map(valueOf), others: pairs };
}
