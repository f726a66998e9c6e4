/**
 * The sanlock lock manager: leases on the shared disk itself. Each VG is a lockspace on its own lease
 * LV; each lock is a lease in it, taken through the sanlock daemon of this host.
 *
 * @module
 */
import { Errno } from "../../core/errno.ts";
import { type LockspaceOutlook, LockType, type Mode, ResourceType } from "../../core/types.ts";
import { logger } from "../../core/log.ts";
import type {
  Adopt,
  Answer,
  GrantAnswer,
  HostsAnswer,
  InitAnswer,
  InitVgSpec,
  JoinAnswer,
  JoinOptions,
  LeaseStorage,
  LeftBehind,
  LockManager,
  LockRecorder,
  LockspaceSpec,
  PrepareAnswer,
  ResourceSpec,
} from "../lock_manager.ts";
import type { SanlockClient } from "./client.ts";
import { formatVg, renameLeases, unsupported } from "./format.ts";
import { isGlEnabled, retireGl, switchGl } from "./global_lock.ts";
import { blockingOwner, countOtherHosts, describeOwner, stateWord } from "./hosts.ts";
import type { Joining } from "./join.ts";
import { loadSanlock } from "./library.ts";
import { parseSetLockArgs } from "./lock_args.ts";
import { convertLock, releaseLock, takeLock } from "./locks.ts";
import { leaseOf, type SanlockLockspace } from "./lockspace.ts";
import { findFreeSlot, freeLvLease, initLvLease } from "./lv_slots.ts";
import { Monitor } from "./monitor.ts";
import { findLeftBehind } from "./orphans.ts";
import { isHeldElsewhere, mayBeDisconnected, refusal } from "./results.ts";
import { joinLockspace, leaveLockspace, prepareStart, type StartSettings } from "./start.ts";
import { isTakenAway } from "./taken.ts";

const log = logger("sanlock");

/** A sanlock daemon that is well answers in far less than a millisecond. */
const ANSWER_LIMIT_MS = 5000;

/** False also if the question is not answered in time. */
async function soon(question: Promise<boolean>): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ANSWER_LIMIT_MS);
  });
  return await Promise.race([question, late]).finally(() => clearTimeout(timer));
}

export interface SanlockSettings extends StartSettings {
  /** Where LV locks are noted so that a later daemon, also the stock one, can adopt them. */
  recorder?: LockRecorder;
}

export class SanlockManager implements LockManager {
  readonly type = LockType.sanlock;
  readonly acrossHosts = true;
  onLost: LockManager["onLost"];
  #client: SanlockClient | undefined;
  readonly #lockspaces = new Map<number, SanlockLockspace>();
  readonly #joins = new Map<number, AbortController>();
  readonly #joining = new Map<number, Joining>();
  /** Being left by us. */
  readonly #leaving = new Set<LockspaceSpec>();
  /** Leases are given out one after the other: two at a time would find the same one free. */
  #slotting: Promise<unknown> = Promise.resolve();
  readonly #monitor: Monitor;

  constructor(private readonly settings: SanlockSettings) {
    this.#monitor = new Monitor(() => this.#library(), settings.ioTimeout, {
      lost: ({ spec }, why) => this.onLost?.(spec, why),
      expired: ({ spec }, why) => this.onLost?.(spec, why, true),
    });
  }

  get recorder(): LockRecorder | undefined {
    return this.settings.recorder;
  }

  /** @throws {LibraryMissing} saying which package to install. */
  #library(): SanlockClient {
    return this.#client ??= loadSanlock();
  }

  /** The library, once it is certain that the sanlock daemon answers. */
  async #daemon(): Promise<SanlockClient | Answer> {
    let client;
    try {
      client = this.#library();
    } catch (error) {
      return { result: -Errno.EMANAGER, message: (error as Error).message };
    }
    const { result } = await client.version();
    if (result >= 0) return client;
    return { result: -Errno.EMANAGER, lmResult: result, message: refusal("sanlock", result) };
  }

  #joined({ id, name }: LockspaceSpec): SanlockLockspace {
    const lockspace = this.#lockspaces.get(id);
    if (lockspace === undefined) throw new Error(`Lockspace ${name} is not prepared`);
    return lockspace;
  }

  /** Not if it does not answer within seconds. */
  async isRunning(): Promise<boolean> {
    return await soon(this.#daemon().then((daemon) => !("result" in daemon)));
  }

  /** sanlock sends SIGTERM to holders of leases that it takes away. */
  async isTakingLocks(): Promise<boolean> {
    const names = (specs: Iterable<LockspaceSpec>) => Array.from(specs, ({ name }) => name);
    const ours = names(Array.from(this.#lockspaces.values(), ({ spec }) => spec));
    if (ours.length === 0) return false;
    return await soon(
      this.#library().getLockspaces().then(({ lockspaces }) =>
        isTakenAway(lockspaces, ours, names(this.#leaving))
      ),
    );
  }

  async initVg(spec: InitVgSpec): Promise<InitAnswer> {
    const client = await this.#daemon();
    return "result" in client ? client : await formatVg(client, spec, this.settings.ioTimeout);
  }

  async prepare(spec: LockspaceSpec, how: JoinOptions): Promise<PrepareAnswer> {
    const client = await this.#daemon();
    if ("result" in client) return client;
    const prepared = await prepareStart(client, spec, this.#howToJoin(spec, how), this.settings);
    if (prepared.lockspace !== undefined) this.#lockspaces.set(spec.id, prepared.lockspace);
    return prepared.answer;
  }

  async join(spec: LockspaceSpec, how: JoinOptions): Promise<JoinAnswer> {
    const lockspace = this.#joined(spec);
    const adopting = this.#howToJoin(spec, how);
    const client = this.#library();
    const join = new AbortController();
    this.#joins.set(spec.id, join);
    const { signal } = join;
    const answer = await joinLockspace(
      client,
      lockspace,
      adopting,
      this.settings,
      signal,
      (joining) => {
        this.#joining.set(spec.id, joining);
        log.info(
          `VG ${spec.vgName}: ${joining.note}; at most ${Math.round(joining.longestMs / 1000)} s`,
        );
      },
    );
    this.#joins.delete(spec.id);
    this.#joining.delete(spec.id);
    if (answer.result < 0) {
      this.#lockspaces.delete(spec.id);
      await lockspace.connection.close();
      return answer;
    }
    for (const [id, old] of this.#lockspaces) {
      if (id === spec.id || old.spec.name !== spec.name) continue;
      this.#lockspaces.delete(id);
      this.#monitor.unwatch(old);
      await old.connection.close();
    }
    this.#monitor.watch(lockspace);
    return answer;
  }

  cancelJoin({ id }: LockspaceSpec): void {
    this.#joins.get(id)?.abort();
  }

  /**
   * A lockspace that sanlock would not leave when it was stopped is still ours. So is, where adoption
   * is wanted, one that a daemon was joining when it died: sanlock went on with it.
   */
  #howToJoin(spec: LockspaceSpec, how: JoinOptions): JoinOptions {
    const old = [...this.#lockspaces.values()]
      .some(({ spec: { id, name }, joined }) => id !== spec.id && name === spec.name && joined);
    const ours = old || this.settings.recorder !== undefined;
    return ours && how.adopt === "no" ? { ...how, adopt: "ok" } : how;
  }

  async leave(spec: LockspaceSpec, how: { freeVg: boolean; force: boolean }): Promise<Answer> {
    const lockspace = this.#joined(spec);
    this.#monitor.unwatch(lockspace);
    this.#leaving.add(spec);
    const answer = await leaveLockspace(this.#library(), lockspace, how, this.settings);
    this.#leaving.delete(spec);
    if (lockspace.joined) this.#monitor.watch(lockspace);
    else this.#lockspaces.delete(spec.id);
    return answer;
  }

  async lock(
    spec: LockspaceSpec,
    resource: ResourceSpec,
    mode: Mode,
    how: { adopt: Adopt; repair: boolean; checkGl: boolean; persistent?: boolean },
  ): Promise<GrantAnswer> {
    const lockspace = this.#joined(spec);
    const client = this.#library();
    const gl = how.checkGl ? await isGlEnabled(client, lockspace) : -1;
    const answer = await takeLock(client, lockspace, resource, mode, how);
    if (answer.result < 0) await this.#explain(client, lockspace, resource, answer);
    return gl < 0 ? answer : { ...answer, glEnabled: gl === 1 };
  }

  async convert(
    spec: LockspaceSpec,
    resource: ResourceSpec,
    mode: Mode,
    how: { version: number },
  ): Promise<GrantAnswer> {
    const lockspace = this.#joined(spec);
    const client = this.#library();
    const answer = await convertLock(client, lockspace, resource, mode, how);
    if (answer.result < 0) await this.#explain(client, lockspace, resource, answer);
    return answer;
  }

  /** Adds who holds the lock; sees to it that a lost connection is noticed. */
  async #explain(
    client: SanlockClient,
    lockspace: SanlockLockspace,
    resource: ResourceSpec,
    answer: GrantAnswer,
  ): Promise<void> {
    const lmResult = answer.lmResult ?? 0;
    if (mayBeDisconnected(lmResult)) return await this.#monitor.checkDaemon();
    const lease = leaseOf(lockspace, resource);
    if (lease === undefined || !isHeldElsewhere(lmResult)) return;
    const names = this.#monitor.names(lockspace);
    const owner = await blockingOwner(client, lockspace, lease, names);
    if (owner === undefined) return;
    answer.owner = owner;
    const what = resource.type === ResourceType.lv ? `LV ${resource.name}` : resource.name;
    answer.message = `${what} in VG ${lockspace.spec.vgName} is held by ${describeOwner(owner)}`;
  }

  async unlock(
    spec: LockspaceSpec,
    resource: ResourceSpec,
    how: { version: number; freeVg: boolean },
  ): Promise<Answer> {
    const answer = await releaseLock(this.#library(), this.#joined(spec), resource, how);
    if (answer.result >= 0 && answer.message !== undefined) log.warn(answer.message);
    if (mayBeDisconnected(answer.lmResult ?? 0)) await this.#monitor.checkDaemon();
    return answer;
  }

  async otherHosts(spec: LockspaceSpec): Promise<HostsAnswer> {
    return await countOtherHosts(this.#library(), this.#joined(spec));
  }

  async status(spec: LockspaceSpec) {
    const { hostId } = this.#joined(spec);
    const { result, hosts } = await this.#library().getHosts(spec.name, hostId);
    const own = hosts.find((host) => host.hostId === hostId);
    if (result < 0 || own === undefined) return { result: 0, lmResult: result };
    const { generation, timestamp, state } = own;
    return {
      result: 0,
      owner: { hostId, generation, timestamp, state: stateWord(state), name: "" },
    };
  }

  async leftBehind(known: ReadonlySet<string>): Promise<LeftBehind[]> {
    const client = await this.#daemon();
    return "result" in client ? [] : await findLeftBehind(client, known);
  }

  outlook({ id }: LockspaceSpec): LockspaceOutlook | undefined {
    const joining = this.#joining.get(id);
    if (joining !== undefined) return { joining, hosts: [] };
    return this.#monitor.outlook(id);
  }

  /** Connections stay open until the process ends: closing them would orphan the locks. */
  close(): void {
    this.#monitor.stop();
  }

  readonly leases: LeaseStorage = {
    initLv: async (spec) => {
      const client = await this.#daemon();
      if ("result" in client) return client;
      const made = this.#slotting.then(() =>
        initLvLease(client, spec, this.#lockspaces.get(spec.lockspaceId))
      );
      this.#slotting = made.catch(() => {});
      return await made;
    },
    freeLv: (spec, resource) => freeLvLease(this.#library(), this.#joined(spec), resource),
    findFreeLock: (spec, size) => findFreeSlot(this.#library(), this.#joined(spec), size),
    renameVg: async (name, vgName, vgArgs) => {
      const client = await this.#daemon();
      if ("result" in client) return client;
      return await renameLeases(client, name, vgName, vgArgs, this.settings.ioTimeout);
    },
    setGlobalLock: (spec, enabled, exclusively) => {
      const lockspace = this.#joined(spec);
      if (exclusively && !enabled) return retireGl(lockspace);
      return switchGl(this.#library(), lockspace, enabled);
    },
    hasGlobalLock: async (spec) => {
      const result = await isGlEnabled(this.#library(), this.#joined(spec));
      return { result, lmResult: result };
    },
    checkLockArgs: (_spec, text) => {
      const words = parseSetLockArgs(text);
      const message = words && unsupported(words);
      return {
        result: -Errno.EPROTONOSUPPORT,
        message: message ?? "changing the lock args of a VG needs sanlock 4.2 or later",
      };
    },
    setLockArgs: () => ({
      result: -Errno.EINVAL,
      message: "changing the lock args of a VG needs sanlock 4.2 or later",
    }),
  };
}
