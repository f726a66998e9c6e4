/**
 * The numbers that the table shares with its host: kinds of input and effect, lock manager calls,
 * operations, modes, flags and errno values. core/records.ts mirrors the first three groups.
 */

// Inputs.
export const IN_REQUEST: i32 = 1;
export const IN_CLIENT_GONE: i32 = 2;
export const IN_REPLY_FAILED: i32 = 3;
export const IN_LM_DONE: i32 = 4;
export const IN_TIMER: i32 = 5;
export const IN_CANCEL: i32 = 6;
export const IN_RESTORE_LOCKSPACE: i32 = 7;
export const IN_RESTORE_LOCK: i32 = 8;
export const IN_CONFIGURE: i32 = 9;
export const IN_SHUTDOWN: i32 = 10;

// Effects.
export const OUT_REPLY: i32 = 1;
export const OUT_LM_CALL: i32 = 2;
export const OUT_ARM_TIMER: i32 = 3;
export const OUT_RECORD_LOCK: i32 = 4;
export const OUT_RECORD_LOCKSPACE: i32 = 5;
export const OUT_QUIT: i32 = 6;
export const OUT_SHUTDOWN_REFUSED: i32 = 7;
export const OUT_LOCKSPACE_GONE: i32 = 8;

// Rows of a state listing.
export const ROW_LOCKSPACE: i32 = 20;
export const ROW_RESOURCE: i32 = 21;
export const ROW_LOCK: i32 = 22;
export const ROW_ACTION: i32 = 23;

// Lock manager calls (OP of an LM_CALL effect).
export const LM_PREPARE: i32 = 1;
export const LM_JOIN: i32 = 2;
export const LM_LEAVE: i32 = 3;
export const LM_LOCK: i32 = 4;
export const LM_CONVERT: i32 = 5;
export const LM_UNLOCK: i32 = 6;
export const LM_FORGET: i32 = 7;
export const LM_HOSTS: i32 = 8;
export const LM_INIT_VG: i32 = 9;
export const LM_INIT_LV: i32 = 10;
export const LM_FREE_LV: i32 = 11;
export const LM_FIND_FREE: i32 = 12;
export const LM_RENAME: i32 = 13;
export const LM_RUNNING: i32 = 14;
export const LM_SET_GL: i32 = 15;
export const LM_HAS_GL: i32 = 16;
export const LM_REFRESH: i32 = 17;
export const LM_STATUS: i32 = 18;
export const LM_CHECK_ARGS: i32 = 19;
export const LM_SET_ARGS: i32 = 20;
export const LM_CANCEL_JOIN: i32 = 21;

// ARG bits of LM_LEAVE: the VG is removed; its locks are dropped whatever counts on them.
export const LEAVE_FREE: i32 = 1;
export const LEAVE_FORCE: i32 = 2;

// Operations of the native protocol.
export const OP_QUIT: i32 = 2;
export const OP_INIT: i32 = 3;
export const OP_FREE: i32 = 4;
export const OP_START: i32 = 5;
export const OP_STOP: i32 = 6;
export const OP_LOCK: i32 = 7;
export const OP_UPDATE: i32 = 8;
export const OP_ENABLE: i32 = 10;
export const OP_DISABLE: i32 = 11;
export const OP_START_WAIT: i32 = 12;
export const OP_STOP_ALL: i32 = 13;
export const OP_RENAME_BEFORE: i32 = 16;
export const OP_RENAME_FINAL: i32 = 17;
export const OP_RUNNING_LM: i32 = 18;
export const OP_FIND_FREE_LOCK: i32 = 19;
export const OP_KILL_VG: i32 = 20;
export const OP_DROP_VG: i32 = 21;
export const OP_BUSY: i32 = 22;
export const OP_QUERY_LOCK: i32 = 23;
export const OP_REFRESH_LV: i32 = 24;
export const OP_VG_STATUS: i32 = 25;
export const OP_SETLOCKARGS_BEFORE: i32 = 28;
export const OP_SETLOCKARGS_FINAL: i32 = 29;
export const OP_SET_REMOTE_LV_LOCK: i32 = 30;

// Lock modes.
export const IV: i32 = -1;
export const UN: i32 = 0;
export const SH: i32 = 2;
export const EX: i32 = 3;

// Resource types.
export const RT_NONE: i32 = 0;
export const RT_GL: i32 = 1;
export const RT_VG: i32 = 2;
export const RT_LV: i32 = 3;

// Lock manager types.
export const LM_TYPE_UNKNOWN: i32 = -2;
export const LM_TYPE_NONE: i32 = 0;
export const LM_TYPE_DLM: i32 = 2;
export const LM_TYPE_SANLOCK: i32 = 3;
export const LM_TYPE_IDM: i32 = 4;

// Option flags of a request; the last two are the table's own.
export const F_PERSISTENT: i32 = 0x1;
export const F_UNLOCK_CANCEL: i32 = 0x4;
export const F_NEXT_VERSION: i32 = 0x8;
export const F_WAIT: i32 = 0x10;
export const F_FORCE: i32 = 0x20;
export const F_EX_DISABLE: i32 = 0x40;
export const F_ENABLE: i32 = 0x80;
export const F_DISABLE: i32 = 0x100;
export const F_SEARCHED: i32 = 0x200;
export const F_ADOPT: i32 = 0x10000;
export const F_LV_UNLOCK: i32 = 0x80000;
export const F_ADOPT_ONLY: i32 = 0x200000;

// Result flags of a reply.
export const R_NO_LOCKSPACES: i32 = 0x1;
export const R_NO_GL_LS: i32 = 0x2;
export const R_NO_LM: i32 = 0x4;
export const R_DUP_GL_LS: i32 = 0x8;
export const R_WARN_GL_REMOVED: i32 = 0x10;
export const R_SH_EXISTS: i32 = 0x20;
export const R_HOSTS_UNKNOWN: i32 = 0x40;
/** For the host, not for clients: this reply tells of a persistent lock that was not there before. */
export const R_CREATED: i32 = 0x10000;

// Errno values.
export const EPERM: i32 = 1;
export const ENOENT: i32 = 2;
export const EAGAIN: i32 = 11;
export const ENOMEM: i32 = 12;
export const EBUSY: i32 = 16;
export const EEXIST: i32 = 17;
export const EINVAL: i32 = 22;
export const ENOLCK: i32 = 37;
export const ENOTEMPTY: i32 = 39;
export const EUNATCH: i32 = 49;
export const EXFULL: i32 = 54;
export const EPROTONOSUPPORT: i32 = 93;
export const EALREADY: i32 = 114;
export const ESTALE: i32 = 116;
export const ECANCELED: i32 = 125;
export const ENOLS: i32 = 210;
export const ESTARTING: i32 = 211;
export const EARGS: i32 = 212;
export const EVGKILLED: i32 = 217;
export const EREMOVED: i32 = 219;
