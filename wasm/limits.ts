/**
 * Every bound of the lock table. Past a bound a request is answered ENOMEM, as the stock daemon
 * answers a failed allocation; nothing is dropped silently.
 */

/** Longest name, UUID or lock args in bytes (MAX_NAME and MAX_ARGS of the native protocol). */
export const MAX_TEXT: i32 = 64;
/** Longest VG name that may be started: `lvm_` and the name must fit 63 bytes. */
export const MAX_VG_NAME: i32 = 59;
/** Characters of a lockspace name that sanlock keeps; longer names collide on their beginning. */
export const SANLOCK_NAME: i32 = 48;
/** Clients known at once. */
export const MAX_CLIENTS: i32 = 65536;
/** Unanswered requests of one client. A native client has one; an HTTP session may have more. */
export const MAX_CLIENT_ACTIONS: i32 = 1024;
/** Lockspaces known at once. */
export const MAX_LOCKSPACES: i32 = 4096;
/** Resources (LVs, mostly) in one lockspace. */
export const MAX_RESOURCES: i32 = 4194304;
/** Requests waiting for one resource. */
export const MAX_QUEUE: i32 = 65536;
/** Pause between two attempts at a lock that another host holds, in milliseconds. */
export const RETRY_MS: i32 = 1000;
