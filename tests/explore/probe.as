/** What the explorer's build of the lock table exports: the table's own boundary, and its state. */
export { inbox, outbox, submit } from "./mod";
export { config, notes } from "./notes";
export { begin, pack, packedAt, reset, unpack } from "./image";
export {
  callAt,
  callsWritten,
  clientAt,
  clients,
  hashAt,
  timerAt,
  timersWritten,
  wordsAt,
  write,
} from "./canonical";
export { heldBy, quiet, relies, settle, versionOf } from "./verify";
