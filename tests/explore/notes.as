/**
 * What the explorer notes about its side of the boundary, as 32 bit words in the table's memory, so
 * that it is copied and compared with the rest of the state. notes.ts mirrors the layout.
 */
export const NOTES_BYTES: i32 = 320;
export const NOTES: usize = memory.data(NOTES_BYTES, 8);

export const LAST_REQUEST: i32 = 0;
export const DEATHS_LEFT: i32 = 1;
export const ENDED: i32 = 2;
export const CALL_COUNT: i32 = 3;
/** Numbers of the calls under way, and what they are about: op | resource << 8 | mode << 16. */
export const CALLS: i32 = 4;
export const CALL_INFO: i32 = 14;
/** Mode that the lock manager granted last, by resource. */
export const GRANTED: i32 = 24;
/** Mode of the persistent lock that was recorded last, by resource. */
export const RECORDED: i32 = 28;
/** Numbers of the lockspaces, by place in the world's list. */
export const LOCKSPACES: i32 = 32;
export const CLIENTS: i32 = 36;
/** Words of a client. */
export const CLIENT_WORDS: i32 = 8;
export const ROLE: i32 = 0;
export const ALIVE: i32 = 1;
export const BUDGET: i32 = 2;
/** Two unanswered requests at most; 0 is none. */
export const REQUESTS: i32 = 3;
/** Number of the request in the role's list whose reply may turn out to be undeliverable, plus 1. */
export const UNDELIVERED: i32 = 5;
export const MAX_SLOTS: i32 = 4;

export const MAX_RESOURCES: i32 = 4;
/** The world: how many clients, how many resources, and each resource's identity. */
export const CONFIG: usize = memory.data(64, 8);

export function notes(): usize {
  return NOTES;
}

export function config(): usize {
  return CONFIG;
}

export function note(at: i32): i32 {
  return load<i32>(NOTES + (<usize> at << 2));
}

export function slots(): i32 {
  return load<i32>(CONFIG);
}

export function resources(): i32 {
  return load<i32>(CONFIG + 4);
}

/** Client of a slot: its number is that of the slot plus 1. */
export function ofSlot(slot: i32, word: i32): i32 {
  return note(CLIENTS + slot * CLIENT_WORDS + word);
}

/** Could the client still say something, or could something still be said about it? */
export function matters(id: u32): bool {
  const slot = <i32> id - 1;
  return slot >= 0 && slot < slots() && (ofSlot(slot, ALIVE) != 0 || ofSlot(slot, UNDELIVERED) != 0);
}

export function isAlive(id: u32): bool {
  const slot = <i32> id - 1;
  return slot >= 0 && slot < slots() && ofSlot(slot, ALIVE) != 0;
}

/** Hashes of a resource's lockspace name and name, and its type. */
export function resourceOfWorld(index: i32, word: i32): i32 {
  return load<i32>(CONFIG + 8 + (<usize> (index * 3 + word) << 2));
}
