/**
 * The one table from results of the native protocol to HTTP status codes.
 *
 * @module
 */
import { Errno, type ErrnoName, errnoName } from "../errno.ts";

const statuses: Record<ErrnoName, number> = {
  // The caller's request.
  EPERM: 403,
  ENOENT: 404,
  ENOLS: 404,
  EUNATCH: 404,
  EINVAL: 422,
  EARGS: 422,
  EHOSTID: 422,
  EPROTONOSUPPORT: 501,
  // The state of locks, here or on other hosts.
  EAGAIN: 409,
  EBUSY: 409,
  EEXIST: 409,
  ENOTEMPTY: 409,
  ESTALE: 409,
  ESTARTING: 409,
  ECANCELED: 409,
  EXFULL: 409,
  EORPHAN: 409,
  EADOPT_NONE: 409,
  EADOPT_RETRY: 409,
  EREMOVED: 410,
  EVGKILLED: 410,
  EALREADY: 200,
  // The lock manager and its storage.
  EMANAGER: 503,
  ENOLCK: 503,
  ECONNREFUSED: 503,
  ENOTCONN: 503,
  EDEVOPEN: 503,
  EIO: 503,
  ELOCKIO: 503,
  EIOTIMEOUT: 503,
  ELOCKREPAIR: 503,
  ELMERR: 502,
  ETIMEDOUT: 504,
  // Room.
  ENOMEM: 503,
  ENOSPC: 507,
  EMSGSIZE: 507,
  // Results that no request should get.
  EUCLEAN: 500,
  EPREPARE: 500,
  ELOCKD: 500,
};

/** HTTP status of a result: 200 for 0 and more and for `EALREADY`, 500 for numbers without a name. */
export function statusOf(result: number): number {
  const name = errnoName(result);
  return name === "OK" ? 200 : statuses[name as ErrnoName] ?? 500;
}

/** True when what was asked for is so, either now or already before. */
export function succeeded(result: number): boolean {
  return statusOf(result) === 200;
}

/** True when the lock was held in that mode before. */
export function alreadyHeld(result: number): boolean {
  return result === -Errno.EALREADY;
}
