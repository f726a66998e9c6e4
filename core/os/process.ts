/** This process's name, session, standard streams and limits. @module */
import { cString, libc } from "./libc.ts";

const PR_SET_NAME = 15;
const RLIMIT_NOFILE = 7;
const F_SETFD = 2;
const FD_CLOEXEC = 1;
const O_RDWR = 0o2;
const O_CLOEXEC = 0o2000000;

/** Sets /proc/self/comm, cut to 15 characters by the kernel. */
export function setProcessName(name: string): void {
  libc().prctl(PR_SET_NAME, cString(name), 0n, 0n, 0n);
}

/** Open files that this process may have. */
export function fileLimit(): number {
  const limits = new BigUint64Array(2);
  if (libc().getrlimit(RLIMIT_NOFILE, new Uint8Array(limits.buffer)) !== 0) return 1024;
  return Number(limits[0]! > 1_000_000n ? 1_000_000n : limits[0]!);
}

/** Allows as many open files as the hard limit permits: one for each client. */
export function raiseFileLimit(): void {
  const limits = new BigUint64Array(2);
  const bytes = new Uint8Array(limits.buffer);
  if (libc().getrlimit(RLIMIT_NOFILE, bytes) !== 0) return;
  limits[0] = limits[1]!;
  libc().setrlimit(RLIMIT_NOFILE, bytes);
}

/**
 * Keeps a listening socket of node:net or node:http from the programs that this one runs: one that
 * outlives it would keep the address in use.
 */
export function closeOnExec(server: unknown): void {
  const fd = (server as { _handle?: { fd?: number } })._handle?.fd;
  if (fd !== undefined && fd >= 0) libc().setDescriptorFlags(fd, F_SETFD, FD_CLOEXEC);
}

/** Leaves the terminal's session and directory, as a daemon does. */
export function leaveSession(): void {
  libc().setsid();
  Deno.chdir("/");
}

/** What a descriptor of this process refers to; `""` if it is closed. */
function target(fd: string | number): string {
  try {
    return Deno.readLinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return "";
  }
}

/**
 * Points some of stdin (0), stdout (1) and stderr (2) to /dev/null, and every copy of them that the
 * runtime keeps or that was inherited, so that whoever started us sees their end.
 */
export function closeStreams(streams: number[]): void {
  const fd = libc().open(cString("/dev/null"), O_RDWR | O_CLOEXEC, 0);
  if (fd < 0) return;
  const closing = new Set(streams.map(target));
  const copies = [...Deno.readDirSync("/proc/self/fd")].map(({ name }) => name)
    .filter((name) => closing.has(target(name)) && Number(name) !== fd);
  for (const copy of new Set([...copies.map(Number), ...streams])) libc().dup2(fd, copy);
  libc().close(fd);
}
