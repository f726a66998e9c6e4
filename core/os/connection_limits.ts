/**
 * How the descriptors of this process are shared out: most of them to native clients, some to the
 * HTTP interface, the rest to lock managers and files.
 *
 * @module
 */

/** Clients that the lock table has room for. */
const NATIVE_MAX = 60_000;
/** Descriptors that native clients leave to everything else, or half of all if that is less. */
const LEFT_FILES = 2048;
const API_MAX = 4096;
/** Descriptors for lock managers and files, or half of what is left if that is less. */
const OTHER_FILES = 128;

/**
 * Native connections served at once.
 * @param files open files that this process may have.
 */
export function nativeConnections(files: number): number {
  return Math.min(NATIVE_MAX, Math.max(files - LEFT_FILES, files >> 1));
}

/**
 * Connections to the HTTP interface at a time, beside as many native ones as there may be.
 * @param files open files that this process may have.
 */
export function apiConnections(files: number): number {
  const left = files - nativeConnections(files);
  return Math.min(API_MAX, left - Math.min(OTHER_FILES, left >> 1));
}
