/**
 * Layout of the structures that libdlm and libdlmcontrol share with their callers, little endian.
 *
 * @module
 */

/** Sizes and offsets in bytes, by the names of the headers. */
export const layout = {
  dlm_lksb: { size: 24, sb_status: 0, sb_lkid: 4, sb_flags: 8, sb_lvbptr: 16 },
  dlmc_lockspace: { size: 140, cg_prev: 0, cg_next: 32, flags: 64, global_id: 68, name: 72 },
  dlmc_change: { size: 32, wait_condition: 16, wait_messages: 20 },
} as const;

/** What a lockspace waits for, as dlm_controld sees it. */
export interface PendingChange {
  /** One of `WaitFor`, or the number of messages that are missing. */
  condition: number;
  /** The number is one of messages. */
  messages: boolean;
}

/** The change of membership under way, from a `struct dlmc_lockspace`. */
export function decodePendingChange(bytes: Uint8Array): PendingChange {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = layout.dlmc_lockspace.cg_next;
  return {
    condition: view.getInt32(at + layout.dlmc_change.wait_condition, true),
    messages: view.getInt32(at + layout.dlmc_change.wait_messages, true) !== 0,
  };
}

/** A byte string as C has it: with a zero at its end. */
export function cText(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(new ArrayBuffer(text.length + 1));
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** The text before the first zero. */
export function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return String.fromCharCode(...bytes.subarray(0, end < 0 ? bytes.length : end));
}
