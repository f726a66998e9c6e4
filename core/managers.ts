/**
 * Makes the lock managers that the options ask for.
 *
 * @module
 */
import {
  checkedName,
  derivedName,
  EmbeddedManager,
  hostIdentity,
  Store,
} from "../backends/embedded/mod.ts";
import type { LockManager } from "../backends/lock_manager.ts";
import { DlmManager } from "../backends/dlm/mod.ts";
import { DriveRecords, IdmManager } from "../backends/idm/mod.ts";
import { SanlockManager } from "../backends/sanlock/mod.ts";
import { TEST_CLUSTER, testManagers } from "../backends/testmode/mod.ts";
import { AdoptRecorder, mayBeActive } from "./adoption/mod.ts";
import { killCommandOf } from "./kill_script.ts";
import { logger } from "./log.ts";
import type { DaemonOptions } from "./options.ts";
import { PidFile } from "./os/pid_file.ts";
import type { LockManagerStatus } from "./service.ts";
import { LockType } from "./types.ts";

const log = logger("daemon");

/** Where locks between processes of this host live, whatever directories the options name. */
const LOCK_DIR = "/run/lock";

export interface Managers {
  managers: LockManager[];
  status: LockManagerStatus[];
  /** What there may be to take over of an earlier daemon; absent if nothing is adopted. */
  inheritance?: Inheritance;
}

/** The adopt file as it was found, and who keeps it from now on. */
export type Inheritance = ReturnType<typeof AdoptRecorder.open>;

/**
 * The embedded manager for VGs of this host, and those that span hosts. A cluster manager that is not
 * running or not installed costs nothing until a VG asks for it.
 * @throws {PidFileError} if another daemon on this host serves the same embedded cluster name.
 * @throws {Error} if the adopt file cannot be written.
 */
export function makeManagers(options: DaemonOptions): Managers {
  if (options.test) return testBackends();
  const inheritance = options.adopt ? AdoptRecorder.open(options.adoptFile) : undefined;
  const embedded = embeddedBackend(options);
  const sanlock = new SanlockManager({
    ioTimeout: options.sanlockTimeout,
    killCommand: killCommandOf(options),
    ...inheritance && { recorder: inheritance.recorder },
  });
  const dlm = new DlmManager({
    mayBeActive,
    ...inheritance && { recorder: inheritance.recorder },
  });
  const idm = new IdmManager({
    killCommand: killCommandOf(options),
    ...inheritance && {
      recorder: inheritance.recorder,
      records: DriveRecords.open(`${options.adoptFile}.idm`),
    },
  });
  const made = {
    managers: [embedded.manager, dlm, sanlock, idm],
    status: [embedded.status, dlmStatus, sanlockStatus, idmStatus],
  };
  return inheritance === undefined ? made : { ...made, inheritance };
}

const dlmStatus: LockManagerStatus = {
  type: LockType.dlm,
  provider: "dlm",
  clusterName: "",
  protects: "the DLM protects VGs on all nodes of its cluster, where one runs",
  acrossHosts: true,
};

const sanlockStatus: LockManagerStatus = {
  type: LockType.sanlock,
  provider: "sanlock",
  clusterName: "",
  protects: "sanlock protects VGs on shared disks by leases on those disks",
  acrossHosts: true,
};

const idmStatus: LockManagerStatus = {
  type: LockType.idm,
  provider: "idm",
  clusterName: "",
  protects: "IDM protects VGs by mutexes inside the drives",
  acrossHosts: true,
};

function embeddedBackend(options: DaemonOptions) {
  const { stateDir, embeddedName } = options;
  const clusterName = embeddedName !== ""
    ? checkedName(embeddedName)
    : derivedName(hostIdentity(), stateDir);
  const bootId = Deno.readTextFileSync("/proc/sys/kernel/random/boot_id").trim();
  const store = new Store(`${stateDir}/${clusterName}.db`, bootId);
  guard(clusterName, store);
  if (store.discarded > 0) {
    log.info(`${store.discarded} locks of an earlier boot are forgotten: no LV is active any more`);
  }
  const status: LockManagerStatus = {
    type: LockType.dlm,
    provider: "embedded",
    clusterName,
    protects: "the embedded lock manager protects VGs on this host only, " +
      `as dlm cluster "${clusterName}"`,
    acrossHosts: false,
  };
  return { manager: new EmbeddedManager(clusterName, store), status };
}

/**
 * Two daemons must never serve one cluster name from different records, whatever their options say.
 * The lock is held until the process ends.
 * @throws {PidFileError} if another daemon on this host serves it.
 */
function guard(clusterName: string, store: Store): void {
  try {
    Deno.mkdirSync(LOCK_DIR, { recursive: true });
    PidFile.acquire(`${LOCK_DIR}/lvmlockd-${clusterName}.pid`);
  } catch (error) {
    store.close();
    throw error;
  }
}

function testBackends(): Managers {
  const managers = testManagers();
  const status = managers.map(({ type }): LockManagerStatus => ({
    type,
    provider: "test",
    clusterName: type === LockType.dlm ? TEST_CLUSTER : "",
    protects: "test mode: no lock manager is asked, nothing is protected from other hosts",
    acrossHosts: false,
  }));
  return { managers, status };
}
