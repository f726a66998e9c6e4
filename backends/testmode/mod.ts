/**
 * The backends of `--test`: every lock is granted by the local rules alone, no lock manager is
 * called. They answer as the stock daemon's test mode answers, its waits included.
 *
 * @module
 */
import { Errno } from "../../core/errno.ts";
import { LockType, type Mode } from "../../core/types.ts";
import type {
  Answer,
  GrantAnswer,
  HostsAnswer,
  InitAnswer,
  InitLvSpec,
  InitVgSpec,
  JoinAnswer,
  LeaseStorage,
  LockManager,
  LockspaceSpec,
  Outcome,
  PrepareAnswer,
  ResourceSpec,
} from "../lock_manager.ts";
import { ValueBlocks } from "../value_blocks.ts";

/** Cluster name of the stock daemon's test mode. */
export const TEST_CLUSTER = "test";
/** Host ids that sanlock knows. */
const SANLOCK_MAX_HOST_ID = 2000;
/** First lease slot of an LV, and the size of a slot: where `init_lv` counts from. */
const FIRST_LV_SLOT = 67;
const SLOT_BYTES = 1024 * 1024;
/** How long the stock test mode takes over a sanlock prepare and join, in milliseconds. */
const PREPARE_MS = 1000;
const JOIN_MS = 2000;

const ok: Answer = { result: 0 };

const sleep = (ms: number) => new Promise<void>((wake) => setTimeout(wake, ms));

/** What the three types have in common: everything works, value blocks are remembered. */
export class TestManager implements LockManager {
  /** As the real ones would, so that requests take the same way. */
  readonly acrossHosts: boolean = true;
  readonly #values = new ValueBlocks();
  constructor(readonly type: LockType) {}

  isRunning(): boolean {
    return true;
  }
  initVg(_spec: InitVgSpec): Outcome<InitAnswer> {
    return this.type === LockType.dlm ? { result: 0, vgArgs: `1.0.0:${TEST_CLUSTER}` } : ok;
  }
  prepare(_lockspace: LockspaceSpec): Outcome<PrepareAnswer> {
    return ok;
  }
  join(_lockspace: LockspaceSpec): Outcome<JoinAnswer> {
    return ok;
  }
  leave(lockspace: LockspaceSpec): Outcome<Answer> {
    this.#values.drop(lockspace);
    return ok;
  }
  lock(lockspace: LockspaceSpec, resource: ResourceSpec, _mode: Mode): Outcome<GrantAnswer> {
    const valueBlock = this.#values.read(lockspace, resource);
    return valueBlock === undefined ? ok : { result: 0, valueBlock };
  }
  convert(
    lockspace: LockspaceSpec,
    resource: ResourceSpec,
    _mode: Mode,
    { version }: { version: number },
  ): Outcome<GrantAnswer> {
    this.#values.write(lockspace, resource, version);
    return ok;
  }
  unlock(
    lockspace: LockspaceSpec,
    resource: ResourceSpec,
    how: { version: number; freeVg: boolean },
  ): Outcome<Answer> {
    this.#values.write(lockspace, resource, how.version, how.freeVg);
    return ok;
  }
  otherHosts(): Outcome<HostsAnswer> {
    return ok;
  }
  close(): void {}
}

/** sanlock adds lock args, lease offsets, a device that must exist and a slow start. */
class SanlockTestManager extends TestManager {
  #nextSlot = FIRST_LV_SLOT;
  #enabledIn = "";

  constructor() {
    super(LockType.sanlock);
  }

  readonly leases: LeaseStorage = {
    initLv: (_spec: InitLvSpec) => ({
      result: 0,
      lvArgs: `1.0.0:${this.#nextSlot++ * SLOT_BYTES}`,
    }),
    freeLv: () => ok,
    findFreeLock: () => ok,
    renameVg: () => ok,
    setGlobalLock: (lockspace, enabled) => {
      this.#enabledIn = enabled ? lockspace.name : "";
      return ok;
    },
    hasGlobalLock: () => ({ result: 1 }),
    checkLockArgs: (_lockspace, args) => ({
      result: parseSetLockArgs(args) === undefined ? -Errno.EPROTONOSUPPORT : 0,
    }),
    setLockArgs: (_vg, vgArgs, args) => setArgs(vgArgs.split(":")[1] ?? "", args),
  };

  override initVg(spec: InitVgSpec): InitAnswer {
    if (spec.vgArgs === "") return { result: -Errno.EARGS };
    const answer = setArgs(spec.vgArgs, spec.otherArgs);
    if (answer.result < 0 || this.#enabledIn !== "" || !spec.enableGl) return answer;
    this.#enabledIn = spec.lockspaceName;
    return { ...answer, glEnabled: true };
  }

  override async prepare(lockspace: LockspaceSpec): Promise<PrepareAnswer> {
    const refused = (result: number) => ({ result: -result, lmResult: -result });
    const lockLv = lockLvOf(lockspace.vgArgs);
    if (lockLv === undefined) return refused(Errno.EARGS);
    if (lockspace.hostId < 1 || lockspace.hostId > SANLOCK_MAX_HOST_ID) {
      return refused(Errno.EHOSTID);
    }
    await sleep(PREPARE_MS);
    try {
      await Deno.stat(lockDevice(lockspace.vgName, lockLv));
    } catch {
      return refused(Errno.EARGS);
    }
    const first = this.#enabledIn === "" || this.#enabledIn === lockspace.name;
    if (first) this.#enabledIn = lockspace.name;
    return { result: 0, glEnabled: first };
  }

  override async join(): Promise<JoinAnswer> {
    await sleep(JOIN_MS);
    return ok;
  }

  override leave(lockspace: LockspaceSpec): Outcome<Answer> {
    if (this.#enabledIn === lockspace.name) this.#enabledIn = "";
    return super.leave(lockspace);
  }
}

/** The lock LV named by `1.0.0:<lv>[:…]`; undefined for anything else, or a newer major. */
function lockLvOf(vgArgs: string): string | undefined {
  const match = /^([0-9]+)\.[0-9]+\.[0-9]+:([^:]+)((?::[^:]+)*)$/.exec(vgArgs);
  if (match === null || Number(match[1]) > 2) return undefined;
  const options = (match[3] ?? "").split(":").filter((word) => word !== "");
  return options.every((word) => word === "persist" || word === "notimeout") ? match[2] : undefined;
}

/** Device-mapper doubles the dashes of a name. */
function lockDevice(vgName: string, lockLv: string): string {
  return `/dev/mapper/${vgName.replaceAll("-", "--")}-${lockLv.replaceAll("-", "--")}`;
}

/** Words of `--setlockargs`; undefined if there is none or one is unknown. */
function parseSetLockArgs(text: string): Set<string> | undefined {
  const known = ["persist", "nopersist", "timeout", "notimeout", "caw", "nocaw"];
  const words = text.split(",").filter((word) => word !== "");
  if (words.length === 0 || words.some((word) => !known.includes(word))) return undefined;
  return new Set(words);
}

function setArgs(lockLv: string, text: string): InitAnswer {
  if (text === "") return { result: 0, vgArgs: `1.0.0:${lockLv}` };
  const words = parseSetLockArgs(text);
  if (words === undefined) return { result: -Errno.EARGS };
  const options = ["notimeout", "persist"].filter((word) => words.has(word));
  const version = options.length > 0 ? "2.0.0" : "1.0.0";
  return { result: 0, vgArgs: [`${version}:${lockLv}`, ...options].join(":") };
}

/** The managers of the test mode, one for each lock type of LVM. */
export function testManagers(): LockManager[] {
  return [
    new TestManager(LockType.dlm),
    new SanlockTestManager(),
    new TestManager(LockType.idm),
  ];
}
