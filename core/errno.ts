/**
 * Result numbers of the native protocol with their names, what they mean and what to do about them.
 * The numbers are Linux errno values (whatever the architecture) and lvmlockd's own from 210 on.
 *
 * @module
 */

export const Errno = {
  EPERM: 1,
  ENOENT: 2,
  EIO: 5,
  EAGAIN: 11,
  ENOMEM: 12,
  EBUSY: 16,
  EEXIST: 17,
  EINVAL: 22,
  ENOSPC: 28,
  ENOLCK: 37,
  ENOTEMPTY: 39,
  EUNATCH: 49,
  EXFULL: 54,
  EMSGSIZE: 90,
  EPROTONOSUPPORT: 93,
  ENOTCONN: 107,
  ETIMEDOUT: 110,
  ECONNREFUSED: 111,
  EALREADY: 114,
  ESTALE: 116,
  EUCLEAN: 117,
  ECANCELED: 125,
  ENOLS: 210,
  ESTARTING: 211,
  EARGS: 212,
  EHOSTID: 213,
  EMANAGER: 214,
  EPREPARE: 215,
  ELOCKD: 216,
  EVGKILLED: 217,
  ELOCKIO: 218,
  EREMOVED: 219,
  EDEVOPEN: 220,
  ELMERR: 221,
  EORPHAN: 222,
  EADOPT_NONE: 223,
  EADOPT_RETRY: 224,
  EIOTIMEOUT: 225,
  ELOCKREPAIR: 226,
} as const;
export type ErrnoName = keyof typeof Errno;

const names = new Map<number, ErrnoName>(
  (Object.entries(Errno) as [ErrnoName, number][]).map(([name, n]) => [n, name]),
);

/** The name of a result: `errnoName(-210)` is `ENOLS`, 0 or more is `OK`. */
export function errnoName(result: number): ErrnoName | "OK" | `E${number}` {
  if (result >= 0) return "OK";
  return names.get(-result) ?? `E${-result}`;
}

/** What a refusal means to a person, what to do next, and whether asking again may help. */
export interface Explanation {
  meaning: string;
  hint: string;
  retryable: boolean;
}

const say = (meaning: string, hint: string, retryable = false): Explanation => ({
  meaning,
  hint,
  retryable,
});

const explanations: Partial<Record<ErrnoName, Explanation>> = {
  EPERM: say(
    "This operation is not permitted here",
    "It works only when the daemon runs with --test",
  ),
  ENOENT: say(
    "No such lock is held",
    "List the locks to see what is held; for an unlock this usually needs no action",
  ),
  EIO: say("The lock manager met an I/O error", "Check the storage, then try again", true),
  EAGAIN: say(
    "The lock is held elsewhere",
    "Try again later, or release it where it is held",
    true,
  ),
  ENOMEM: say("A limit of the lock table is reached", "Release locks or close clients", true),
  EBUSY: say("It is in use", "Deactivate the LVs of the VG, or stop it on the other hosts", true),
  EEXIST: say(
    "It exists already, or is locked in another mode",
    "List the locks to see the holder",
  ),
  EINVAL: say("The request does not fit", "Check the mode, the lock type and the VG's state"),
  ENOSPC: say("There is no room for it", "Free space or ask for less"),
  ENOLCK: say("No lock manager is running", "Start sanlock or the DLM", true),
  ENOTEMPTY: say("LV locks are held", "Deactivate all LVs of the VG first", true),
  EXFULL: say("Several lock managers are running", "Choose one with --lock-type or -g"),
  EMSGSIZE: say("The lease area is full", "Extend the lvmlock LV"),
  EPROTONOSUPPORT: say(
    "This lock type is not supported here",
    "Use a VG whose lock type this daemon serves; `status` lists them",
  ),
  ETIMEDOUT: say("The deadline passed before the request was served", "Give it more time", true),
  ECONNREFUSED: say("The lock manager does not answer", "Check that it is running", true),
  EALREADY: say("This lock is already held in this mode", "Nothing needs to be done"),
  ESTALE: say("The lockspace is stopping", "Wait until it has stopped, then start it", true),
  ECANCELED: say("The request was cancelled", "Ask again if it is still wanted", true),
  ENOLS: say("The VG's lockspace is not started", "Start it: vgchange --lockstart VG"),
  ESTARTING: say("The lockspace is still starting", "Try again in a moment", true),
  EARGS: say(
    "The VG's lock args do not fit this lock manager",
    "Compare `vgs -o name,lock_type,lock_args` with the cluster name that `status` shows",
  ),
  EHOSTID: say("The host id is missing or out of range", "Set local/host_id to 1..2000"),
  EMANAGER: say("The lock manager is not running", "Start it, then try again", true),
  EVGKILLED: say(
    "The VG lost its lock storage and was killed",
    "Deactivate its LVs, then drop the VG",
  ),
  ELOCKIO: say("I/O errors on the VG's leases", "Check the storage", true),
  EREMOVED: say("The VG was removed by another host", "Stop the VG here"),
  EDEVOPEN: say("The lock manager cannot open the lvmlock LV", "Check permissions of the device"),
  ELMERR: say("The lock manager reported an error", "See lmResult and the daemon's log", true),
  EORPHAN: say(
    "An orphan lock of a dead daemon exists",
    "Activate the LV in the mode that it was active in, or restart the daemon with --adopt 1",
  ),
  EADOPT_NONE: say("There is no orphan lock to adopt", "Ask without adopt_only"),
  EADOPT_RETRY: say("The orphan lock has another mode", "Adopt it in that mode", true),
  EIOTIMEOUT: say("I/O to the leases timed out", "Check the storage, then try again", true),
  ELOCKREPAIR: say("The lease is damaged", "Repair it with --lockopt repair"),
};

/** Explains a negative result; results without an entry get a general sentence. */
export function explain(result: number): Explanation {
  const known = explanations[errnoName(result) as ErrnoName];
  return known ?? say(`The request failed with ${result}`, "See the daemon's log");
}
