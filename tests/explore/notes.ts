/**
 * Where the explorer notes its side of the boundary, in the table's memory: mirrors notes.as.
 *
 * @module
 */

/** Words of the notes. */
export const Note = {
  lastRequest: 0,
  deathsLeft: 1,
  ended: 2,
  callCount: 3,
  calls: 4,
  callInfo: 14,
  granted: 24,
  recorded: 28,
  lockspaces: 32,
  clients: 36,
} as const;

export const CLIENT_WORDS = 8;
export const MAX_CALLS = 10;
export const MAX_RESOURCES = 4;
export const MAX_CLIENTS = 4;

/** Words of a client. `asked`: which of its role's requests those two are. */
export const ClientNote = {
  role: 0,
  alive: 1,
  budget: 2,
  requests: 3,
  undelivered: 5,
  asked: 6,
} as const;

/** What the explorer's build of the table exports; see probe.as. */
export interface ProbeExports {
  memory: WebAssembly.Memory;
  inbox(): number;
  outbox(): number;
  submit(): number;
  config(): number;
  notes(): number;
  begin(): void;
  pack(): number;
  packedAt(): number;
  reset(): void;
  unpack(): void;
  callAt(i: number): number;
  callsWritten(): number;
  clientAt(i: number): number;
  clients(): number;
  hashAt(): number;
  timerAt(i: number): number;
  timersWritten(): number;
  wordsAt(): number;
  write(): number;
  heldBy(client: number, resource: number, persistent: number): number;
  quiet(): number;
  relies(resource: number): number;
  settle(): number;
  versionOf(resource: number): number;
}

/** What `settle` finds, by number. */
export const findings = [
  "",
  "a request was forgotten",
  "the table has a request that nobody waits for",
  "a lock manager call was forgotten",
  "the table waits for a call that it did not make",
  "locks exclude each other",
  "a lock is held that the lock manager did not grant",
  "a client is known after its end",
  "a lock of a client that is gone is not released",
  "nothing is under way, but a request, or the daemon's end, waits for nothing",
  "the record of a persistent lock is not what is held",
];
