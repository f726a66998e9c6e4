/**
 * sanlock: leases on the shared disks. It runs without a watchdog; its log is sanlock.log in the host's
 * directory.
 *
 * @module
 */
import type { Guest } from "../guest.ts";
import { type LockManager, noSurroundings } from "./lock_manager.ts";

/** Seconds that one access to the disk may take; every time limit of sanlock is a multiple of it. */
export const IO_TIMEOUT = 1;

/** When a host that has stopped renewing its lease begins to lose its locks, in seconds. */
export const RENEWAL_FAILS_AFTER = 8 * IO_TIMEOUT;

/** When others may take the locks of a host that has stopped renewing its lease, in seconds. */
export const DEAD_AFTER = 8 * IO_TIMEOUT + 60;

/**
 * sanlock allocates each buffer of a mebibyte anew. New pages are slow in User-Mode Linux: a VG takes
 * ten seconds more to create when malloc does not keep them.
 */
const KEEP_MEMORY = "MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=1073741824";

const start = (hostId: number) =>
  `mkdir -p /run/sanlock && exec env ${KEEP_MEMORY} \
  sanlock daemon -D -w 0 -L -1 -U root -G root -e node${hostId} >> /run/shared/sanlock.log 2>&1`;

const AWAIT_ANSWER =
  "for i in {1..200}; do sanlock client status && exit; sleep 0.05; done; exit 1";

const argument = `-o ${IO_TIMEOUT} -A 1`;

export const sanlock: LockManager = {
  daemonArguments: { ours: argument, stock: `-g sanlock ${argument}` },
  prepare: () => Promise.resolve(noSurroundings),
  start: startSanlock,
};

export async function startSanlock(guest: Guest, hostId: number): Promise<void> {
  // It ends with the guest or by a signal; those who need it notice.
  guest.run(start(hostId)).catch(() => {});
  const { code, stderr } = await guest.run(AWAIT_ANSWER);
  if (code !== 0) throw new Error(`sanlock does not answer: ${stderr}`);
}
