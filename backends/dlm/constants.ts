/**
 * Numbers of libdlm and libdlmcontrol, named as in their headers.
 *
 * @module
 */

/** Bytes of a lock value block. */
export const LVB_LENGTH = 32;
/** Longest name of a resource, bytes. */
export const RESOURCE_NAME_LENGTH = 64;

/** Lock modes; those between have no use here. */
export const DlmMode = { nl: 0, pr: 3, ex: 5 } as const;
export type DlmMode = typeof DlmMode[keyof typeof DlmMode];

/** Flags of a lock request (`LKF_…`). */
export const LockFlag = {
  noqueue: 0x1,
  convert: 0x4,
  valblk: 0x8,
  persistent: 0x80,
  expedite: 0x400,
  orphan: 0x4000,
} as const;

/** Flags of a completed request (`DLM_SBF_…`). */
export const StatusFlag = { valNotValid: 0x02 } as const;

/** Status of a request that has not been completed, or was never made. */
export const IN_PROGRESS = 0x10003;
/** Status of an unlock that was done. */
export const UNLOCKED = 0x10002;

/** Flag of a new lockspace: it must not exist on this host. */
export const NEW_EXCLUSIVE = 0x8;

/** Longest command for other nodes, and the bytes that identify one. */
export const RUN_COMMAND_LENGTH = 1024;
export const RUN_UUID_LENGTH = 64;

export const RunStart = { nodeNone: 0x1 } as const;
export const RunCheck = { clear: 0x1, cancel: 0x2 } as const;
export const RunStatus = { waiting: 0x1, done: 0x2, failed: 0x4 } as const;

/** What dlm_controld waits for before it lets a lockspace go on (`DLMC_LS_WAIT_…`). */
export const WaitFor = { ringid: 1, quorum: 2, fencing: 3, fsdone: 4 } as const;
