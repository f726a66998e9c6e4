/**
 * Where the daemon's sockets are: what an option says, else the environment, else the usual place.
 *
 * @module
 */
import type { CtlIo } from "./io.ts";

const defaultNativeSocket = "/run/lvm/lvmlockd.socket";
const defaultApiSocket = "/run/lvm/lvmlockd-api.socket";

/** Path of the native socket; `option` is `""` if not given. */
export function nativeSocketPath(option: string, io: CtlIo): string {
  return option || io.env("LVM_LVMLOCKD_SOCKET") || defaultNativeSocket;
}

/** Path of the socket of the HTTP interface; `option` is `""` if not given. */
export function apiSocketPath(option: string, io: CtlIo): string {
  return option || io.env("LVMLOCKD_API_SOCKET") || defaultApiSocket;
}
