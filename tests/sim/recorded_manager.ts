/**
 * Stands between a daemon and its simulated lock manager: checkers see every call and answer, and what
 * the manager says later reaches the daemon in an event of its own, if it still lives.
 *
 * @module
 */
import type {
  Adopt,
  Answer,
  LeaseStorage,
  LockManager,
  LockRecorder,
  LockspaceSpec,
  Outcome,
  ResourceSpec,
} from "../../backends/lock_manager.ts";
import { Mode } from "../../core/types.ts";
import type { Call, CallAnswer } from "./checker.ts";
import type { SimDaemon } from "./daemon.ts";

/** Who watches. */
export interface Watch {
  called(call: Call): void;
  answered(call: Call, answer: CallAnswer): void;
  lost(daemon: SimDaemon, vgName: string): void;
}

type Method = keyof LockManager | keyof LeaseStorage;

const ofResources: ReadonlySet<Method> = new Set(
  ["lock", "convert", "unlock", "freeLv"] satisfies Method[],
);
/** `lock` and `convert` have a mode, the others how a release is to be done. */
const withMode: ReadonlySet<Method> = new Set(["lock", "convert"] satisfies Method[]);
const watched = ["prepare", "join", "leave", "lock", "convert", "unlock", "otherHosts"] as const;
const watchedLeases = [
  "freeLv",
  "findFreeLock",
  "setGlobalLock",
  "hasGlobalLock",
  "checkLockArgs",
] as const;
const passed = ["isRunning", "initVg", "leftBehind", "isTakingLocks", "refreshLv"] as const;
const passedLeases = ["initLv", "renameVg", "setLockArgs"] as const;
const plain = ["recognises", "cancelJoin", "forget", "outlook", "close"] as const;

/** Wraps what a simulated manager gave to a daemon. */
export function recorded(
  inner: LockManager,
  daemon: SimDaemon,
  watch: Watch,
  recorder: LockRecorder,
): LockManager {
  (inner as { recorder?: LockRecorder }).recorder = recorder;
  const wrapper = new Wrapper(daemon, watch);
  const outer: Record<string, unknown> = {
    type: inner.type,
    acrossHosts: inner.acrossHosts,
    recorder,
    onLost: undefined,
  };
  for (const name of watched) outer[name] = wrapper.watched(inner, name);
  for (const name of passed) outer[name] = wrapper.passed(inner, name);
  if (inner.status !== undefined) outer["status"] = wrapper.watched(inner, "status");
  for (const name of plain) {
    if (inner[name] !== undefined) outer[name] = (inner[name] as () => unknown).bind(inner);
  }
  if (inner.leases !== undefined) {
    const leases: Record<string, unknown> = {};
    for (const name of watchedLeases) leases[name] = wrapper.watched(inner.leases, name);
    for (const name of passedLeases) leases[name] = wrapper.passed(inner.leases, name);
    outer["leases"] = leases;
  }
  for (const name of Object.keys(outer)) {
    if (outer[name] === undefined && name !== "onLost") delete outer[name];
  }
  inner.onLost = (lockspace, why, commandRuns) => {
    watch.lost(daemon, lockspace.vgName);
    daemon.soon(() => (outer as unknown as LockManager).onLost?.(lockspace, why, commandRuns));
  };
  return outer as unknown as LockManager;
}

class Wrapper {
  constructor(private readonly daemon: SimDaemon, private readonly watch: Watch) {}

  /** A call that checkers see. */
  watched(inner: LockManager | LeaseStorage, name: Method) {
    const method = (inner as unknown as Record<string, unknown>)[name] as (
      ...args: unknown[]
    ) => unknown;
    return (...args: unknown[]) => {
      const call = this.#callOf(name, args);
      this.watch.called(call);
      const answer = method.apply(inner, args) as Outcome<Answer>;
      if (!(answer instanceof Promise)) {
        this.watch.answered(call, answer);
        return answer;
      }
      return this.#later(answer, (found) => this.watch.answered(call, found));
    };
  }

  passed(inner: LockManager | LeaseStorage, name: Method) {
    const method = (inner as unknown as Record<string, unknown>)[name];
    if (method === undefined) return undefined;
    return (...args: unknown[]) => {
      const answer = (method as (...args: unknown[]) => unknown).apply(inner, args);
      return answer instanceof Promise ? this.#later(answer, () => {}) : answer;
    };
  }

  /** The answer comes to the daemon by an event. */
  #later<T>(answer: Promise<T>, seen: (answer: T) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      answer.then((found) =>
        this.daemon.soon(() => {
          seen(found);
          resolve(found);
        }), (error) => this.daemon.soon(() => reject(error)));
    });
  }

  #callOf(name: Method, args: unknown[]): Call {
    const { id, name: lockspace, vgName } = args[0] as LockspaceSpec;
    const call: Call = {
      daemon: this.daemon,
      name,
      id,
      lockspace,
      vgName,
      resource: "",
      mode: Mode.iv,
      version: 0,
      force: false,
      freeVg: false,
      adopts: false,
    };
    if (ofResources.has(name)) call.resource = (args[1] as ResourceSpec).name;
    if (name === "setGlobalLock") call.resource = "GLLK";
    const how = (name === "leave" ? args[1] : withMode.has(name) ? args[3] : args[2]) as
      | { version?: number; force?: boolean; freeVg?: boolean; adopt?: Adopt }
      | undefined;
    if (withMode.has(name)) call.mode = args[2] as Mode;
    call.version = how?.version ?? 0;
    call.force = how?.force ?? false;
    call.freeVg = how?.freeVg ?? false;
    call.adopts = name === "lock" && how?.adopt !== "no";
    return call;
  }
}
