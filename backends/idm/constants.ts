/**
 * Numbers of libseagate_ilm, named as in its header, and what its calls answer.
 *
 * @module
 */

/** Modes of a mutex. */
export const IlmMode = { unlock: 0, exclusive: 1, shareable: 2 } as const;
export type IlmMode = typeof IlmMode[keyof typeof IlmMode];

/** Most drives of one mutex that lvmlockd passes on: one less than the library has room for. */
export const MAX_DRIVES = 511;
/** Room for one path on its way to the manager, bytes, with the zero at its end. */
export const PATH_ROOM = 4096;
/** Longest kill path and longest arguments, bytes, without the zero at the end. */
export const MAX_KILL_TEXT = 127;

/** How long a mutex is held without being renewed, milliseconds. The manager renews each second. */
export const LEASE_MS = 60_000;
/** A manager that takes longer to take a connection hangs. Milliseconds. */
export const ANSWER_MS = 10_000;

/** Answers of the library, where they have a meaning of their own. */
export const Answered = {
  done: 0,
  /** Taken elsewhere, refused, unknown, or the connection ended while the answer was read. */
  refused: -1,
  unknown: -2,
  ioError: -5,
  tooFewDrives: -12,
  heldAlready: -16,
  invalid: -22,
  brokenPipe: -32,
  expired: -62,
  connectionReset: -104,
  notConnected: -107,
  /** Ours: the library does not answer. */
  late: -110,
} as const;
