/**
 * Socket activation: listening sockets that the service manager has opened for this process
 * (sd_listen_fds(3)). Whoever starts the daemon again keeps them, so that clients wait for the new
 * one instead of being refused.
 *
 * @module
 */
import { libc } from "./libc.ts";

/** The first descriptor that is passed on. */
const FIRST = 3;
/** More than anybody passes on; keeps a wrong number from being believed. */
const MOST = 64;
const AF_UNIX = 1;
const SOL_SOCKET = 1;
const SO_TYPE = 3;
const SO_ACCEPTCONN = 30;
const SOCK_STREAM = 1;
const F_SETFD = 2;
const FD_CLOEXEC = 1;
/** `struct sockaddr_un`. */
const ADDRESS_BYTES = 110;

/** What the environment says is for one process alone; our children must not see it. */
const VARIABLES = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "SD_ACTIVATION"];

/** A Unix stream socket that listens already. */
export interface ActivationSocket {
  fd: number;
  /** `FileDescriptorName=` of the socket unit; `""` if there is none. */
  name: string;
  /** Where it is bound. */
  path: string;
}

/** The sockets that the daemon serves, as far as it was given them. */
export interface ActivationSockets {
  native?: ActivationSocket;
  api?: ActivationSocket;
}

/**
 * Takes over the sockets that were passed to this process. From now on the programs that it runs
 * have neither the sockets nor the variables that tell of them. Call it once, before anything else
 * opens files.
 */
export function takeActivationSockets(): ActivationSocket[] {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES } = Deno.env.toObject();
  for (const variable of VARIABLES) Deno.env.delete(variable);
  if (LISTEN_PID !== String(Deno.pid)) return [];
  const count = Math.min(MOST, Number(/^\d+$/.exec(LISTEN_FDS ?? "")?.[0] ?? 0));
  const names = LISTEN_FDNAMES?.split(":") ?? [];
  const fds = [...Array(count).keys()].map((i) => FIRST + i);
  for (const fd of fds) libc().setDescriptorFlags(fd, F_SETFD, FD_CLOEXEC);
  return fds.flatMap((fd, i) => {
    const path = listensAt(fd);
    return path === undefined ? [] : [{ fd, name: names[i] ?? "", path }];
  });
}

/**
 * Which socket is which: by its path, else by its name, `native` or `api`. A single one that has
 * neither is the native one.
 */
export function assignSockets(
  sockets: readonly ActivationSocket[],
  paths: { native: string; api: string },
): ActivationSockets {
  // A path says more than a name: what is bound to the one is not the other, however it is called.
  const others = sockets.filter(({ path }) => path !== paths.native && path !== paths.api);
  const find = (what: "native" | "api") =>
    sockets.find(({ path }) => path === paths[what]) ?? others.find(({ name }) => name === what);
  const api = find("api");
  const native = find("native") ??
    (sockets.length === 1 && api === undefined ? sockets[0] : undefined);
  return { ...native && { native }, ...api && { api } };
}

/** The path of a Unix stream socket that listens; undefined for everything else. */
function listensAt(fd: number): string | undefined {
  if (option(fd, SO_TYPE) !== SOCK_STREAM || option(fd, SO_ACCEPTCONN) !== 1) return undefined;
  const address = new Uint8Array(ADDRESS_BYTES);
  const length = new Uint32Array([ADDRESS_BYTES]);
  if (libc().getsockname(fd, address, new Uint8Array(length.buffer)) !== 0) return undefined;
  if (new DataView(address.buffer).getUint16(0, true) !== AF_UNIX) return undefined;
  const path = address.subarray(2, length[0]);
  const end = path.indexOf(0);
  return new TextDecoder().decode(end < 0 ? path : path.subarray(0, end));
}

function option(fd: number, name: number): number | undefined {
  const value = new Int32Array(1);
  const length = new Uint32Array([value.byteLength]);
  const failed = libc().getsockopt(
    fd,
    SOL_SOCKET,
    name,
    new Uint8Array(value.buffer),
    new Uint8Array(length.buffer),
  );
  return failed === 0 ? value[0] : undefined;
}
