/**
 * The embedded lock manager: what serves when no sanlock, DLM or IDM is there. It arbitrates among
 * the processes of one host, through the lock table, and keeps persistent locks across a crash of
 * the daemon. **It protects one host only.** LVM knows no such manager, so it poses as a dlm cluster
 * that has this host's own name.
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
  JoinAnswer,
  LockManager,
  LockspaceSpec,
  PrepareAnswer,
  ResourceSpec,
} from "../lock_manager.ts";
import { ValueBlocks } from "../value_blocks.ts";
import type { Store } from "./store.ts";

export { checkedName, DEFAULT_STATE_DIR, derivedName, hostIdentity } from "./cluster_name.ts";
export { Store, StoreDamaged, StoreInUse } from "./store.ts";

/** Version of the lock args, as dlm's are written by the stock daemon. */
const ARGS_VERSION = "1.0.0";

const EMBEDDED_ARGS = /^[0-9.]+:embedded-/;

const ok: Answer = { result: 0 };

/** Text of a client, for a message of one line. */
const shown = (text: string) => text.replace(/[^\x20-\x7e]/g, "?");

export class EmbeddedManager implements LockManager {
  readonly type = LockType.dlm;
  readonly acrossHosts = false;
  readonly #values = new ValueBlocks();

  /** @param clusterName as from `derivedName` or `checkedName`. */
  constructor(readonly clusterName: string, readonly recorder: Store) {}

  isRunning(): boolean {
    return true;
  }

  initVg(): InitAnswer {
    return { result: 0, vgArgs: `${ARGS_VERSION}:${this.clusterName}` };
  }

  /** Refuses every VG that was not made by this host's embedded manager. */
  prepare(lockspace: LockspaceSpec): PrepareAnswer {
    if (lockspace.vgName === "") return ok; // lvm_global carries no args
    const match = /^1\.[0-9]+\.[0-9]+:(.*)$/.exec(lockspace.vgArgs);
    if (match?.[1] === this.clusterName) return ok;
    const found = match === null
      ? `has lock args "${shown(lockspace.vgArgs)}", which are not understood`
      : `belongs to the dlm cluster "${shown(match[1]!)}"`;
    return {
      result: -Errno.EARGS,
      lmResult: -Errno.EARGS,
      message:
        `VG ${shown(lockspace.vgName)} ${found}; the embedded lock manager of this host serves ` +
        `only VGs of "${this.clusterName}"`,
    };
  }

  /** A cluster may come up later; then the global lock is the cluster's. */
  join(): JoinAnswer {
    return { result: 0, temporary: true };
  }

  /** Also those of another host's embedded manager, to refuse them by name. */
  recognises(vgArgs: string): boolean {
    return EMBEDDED_ARGS.test(vgArgs);
  }

  leave(lockspace: LockspaceSpec): Answer {
    this.#values.drop(lockspace);
    return ok;
  }

  /** The lock table has decided already; nobody else can hold it. */
  lock(lockspace: LockspaceSpec, resource: ResourceSpec, _mode: Mode): GrantAnswer {
    const valueBlock = this.#values.read(lockspace, resource);
    return valueBlock === undefined ? ok : { result: 0, valueBlock };
  }

  convert(
    lockspace: LockspaceSpec,
    resource: ResourceSpec,
    _mode: Mode,
    { version }: { version: number },
  ): GrantAnswer {
    this.#values.write(lockspace, resource, version);
    return ok;
  }

  unlock(
    lockspace: LockspaceSpec,
    resource: ResourceSpec,
    { version, freeVg }: { version: number; freeVg: boolean },
  ): Answer {
    this.#values.write(lockspace, resource, version, freeVg);
    return ok;
  }

  otherHosts(): HostsAnswer {
    return ok;
  }

  close(): void {
    this.recorder.close();
  }
}
