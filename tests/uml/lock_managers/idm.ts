/**
 * IDM, by the double of its client library (tests/idm): no drive with mutexes is there. Its drives are
 * files of the one host, its manager is part of the library. A second manager directory lets another
 * daemon on this host count as another host.
 *
 * @module
 */
import { buildDouble } from "../../idm/build.ts";
import type { Guest } from "../guest.ts";
import type { LockManager, Surroundings } from "./lock_manager.ts";

/** How much faster than real time the double is. */
const SCALE = 5;

/** All shared disks count as one drive: digits at the end of a path stand for a partition. */
const DRIVE = "disk";
/** A SCSI disk with a marked partition, for the global lock. */
const MARKED = `/sys/bus/scsi/devices/0:0:0:0/block/${DRIVE}/${DRIVE}1`;

/** Where the manager of a host, 1 or 2, has its files; that of host 1 is the usual place. */
const managerDirectory = (id: number) => id === 1 ? "/run/seagate_ilm" : `/run/seagate_ilm${id}`;

/** Settings of a daemon that counts as host `id`. */
const settings = (library: string, id = 1) =>
  `LD_LIBRARY_PATH=${library} ILM_RUN_DIR=${managerDirectory(id)} ` +
  `ILM_DOUBLE_DRIVES=/run/drives ILM_DOUBLE_SCALE=${SCALE}`;

/** The library is built on this machine; a guest sees its files. */
async function prepare(): Promise<Surroundings> {
  const library = await buildDouble();
  return {
    kernelArguments: () => [`ilm=${library}`],
    environment: settings(library),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** For the guest's bash: settings of a daemon on host 1 that counts as host 2. */
export const OTHER_HOST = settings("$(sed -n 's/.*\\bilm=\\([^ ]*\\).*/\\1/p' /proc/cmdline)", 2);

const MAKE_DRIVES = `set -e
mkdir -p /run/drives/.eio /run/drives/.latency
: > /run/drives/${DRIVE}
mount -t tmpfs bus /sys/bus
mkdir -p ${MARKED}
printf 'DEVTYPE=partition\\nPARTN=1\\nPARTNAME=propeller\\n' > ${MARKED}/uevent`;

/** Starts a host's manager; connections to the one before are dead. */
export const startManager = (id: number) =>
  `set -e
mkdir -p ${managerDirectory(id)}; cd ${managerDirectory(id)}; mkdir -p faults hold held eio
touch calls violations main.sock
tr -d '-' < /proc/sys/kernel/random/uuid | tr -d '\\n' > instance.new; mv instance.new instance`;

/** Ends a host's manager. */
export const stopManager = (id: number) =>
  `rm ${managerDirectory(id)}/instance ${managerDirectory(id)}/main.sock`;

/** From now on the drive answers nobody. */
export const BREAK_DRIVE = `: > /run/drives/.eio/${DRIVE}`;
export const MEND_DRIVE = `rm /run/drives/.eio/${DRIVE}`;

async function start(guest: Guest): Promise<void> {
  for (const script of [MAKE_DRIVES, startManager(1), startManager(2)]) {
    const { code, stderr } = await guest.run(script);
    if (code !== 0) throw new Error(`the double of IDM does not start: ${stderr}`);
  }
}

const argument = "-g idm";

export const idm: LockManager = {
  daemonArguments: { ours: argument, stock: argument },
  prepare,
  start,
};
