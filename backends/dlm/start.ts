/**
 * Starting a lockspace.
 *
 * @module
 */
import { Errno } from "../../core/errno.ts";
import { logger } from "../../core/log.ts";
import { type LockspaceOutlook, ResourceType } from "../../core/types.ts";
import type {
  Adopt,
  JoinAnswer,
  LockspaceSpec,
  PrepareAnswer,
  ResourceSpec,
} from "../lock_manager.ts";
import type { ControlLibrary, DlmHandle, DlmLibrary, KernelVersion } from "./client.ts";
import type { Controller } from "./controller.ts";
import { clearTheWay } from "./inherited.ts";
import { clusterOf, shown } from "./lock_args.ts";

import { DlmLockspace, kernelName, lockspaceTitle } from "./lockspace.ts";
import { awaitQuorum, pause, pendingNote, type Readiness } from "./quorum.ts";
import type { SystemFiles } from "./system_files.ts";
import type { Tools } from "./tools.ts";

const log = logger("dlm");

/** Everything outside this process that a start needs. */
export interface Surroundings {
  library: () => DlmLibrary;
  control: () => ControlLibrary;
  files: SystemFiles;
  tools: Tools;
  controller: Controller;
  /** Is the LV with this UUID active on this host? True if it cannot be told. */
  mayBeActive: (lvUuid: string) => boolean;
  /** Pause between two looks at what a join waits for, milliseconds. */
  lookMs: number;
}

const NO_CLUSTER = "no DLM cluster runs on this host: start corosync, then dlm (dlm_controld)";
const NO_DAEMON = "dlm_controld does not run on this host: start dlm; if it refuses because of " +
  "lockspaces that were left behind, restart the host";

const NO_DEVICE =
  "the DLM's control device /dev/misc/dlm-control is missing, or not the kernel's: " +
  "is udev running?";

/** The part of a start that is answered at once. */
export async function prepareStart(
  spec: LockspaceSpec,
  { library, files, controller }: Surroundings,
): Promise<PrepareAnswer> {
  const refuse = (error: number, why: string): PrepareAnswer => ({
    result: -error,
    message: `${shown(lockspaceTitle(spec))}: ${why}`,
  });
  // The kernel and udev make other names of some characters.
  if (!/^[A-Za-z0-9+_.-]*$/.test(spec.vgName)) {
    return refuse(Errno.EINVAL, "no VG can have this name");
  }
  const wanted = spec.vgName === "" ? "" : clusterOf(spec.vgArgs);
  if (wanted === undefined) {
    return refuse(Errno.EARGS, `the lock args "${shown(spec.vgArgs)}" are not understood`);
  }
  const cluster = files.clusterName();
  if (cluster === "") {
    const whose = wanted === "" ? "" : `it belongs to the DLM cluster "${shown(wanted)}", but `;
    return refuse(Errno.EMANAGER, whose + NO_CLUSTER);
  }
  if (spec.vgName !== "" && wanted !== cluster) {
    const why = `it belongs to the cluster "${shown(wanted)}", this host to "${shown(cluster)}"`;
    return refuse(Errno.EARGS, why);
  }
  if (!await controller.isRunning()) return refuse(Errno.EMANAGER, NO_DAEMON);
  if (!files.hasControlDevice()) {
    return refuse(Errno.EMANAGER, NO_DEVICE);
  }
  try {
    if (await library().kernelVersion() === undefined) return refuse(Errno.EMANAGER, NO_DEVICE);
  } catch (error) {
    return refuse(Errno.EMANAGER, (error as Error).message);
  }
  return { result: 0 };
}

export type Joining = NonNullable<LockspaceOutlook["joining"]>;

export interface Joined {
  answer: JoinAnswer;
  lockspace?: DlmLockspace;
}

/** What becomes of a join; undefined if the kernel refuses it. */
type Entered = DlmHandle | Readiness | "left behind" | undefined;

/** One join under way. `note` says what it waits for. */
export class Join {
  readonly joining: Joining;
  readonly #cancelled = new AbortController();
  readonly #name: string;
  readonly #title: string;
  #over = false;
  /** Another process made the lockspace. */
  #wasThere = false;

  constructor(
    private readonly spec: LockspaceSpec,
    private readonly adopt: Adopt,
    private readonly around: Surroundings,
  ) {
    this.#name = kernelName(spec.name);
    this.#title = lockspaceTitle(spec);
    const note = `joining the lockspace ${this.#name}`;
    this.joining = { note, sinceMs: Date.now(), longestMs: 0 };
  }

  /** Gives up if it is not yet in the kernel's hands: the join then answers ECANCELED. */
  cancel(): void {
    this.#cancelled.abort();
  }

  /** There is no limit: a quorum may come back at any time. */
  async run(): Promise<Joined> {
    const isThere = this.around.files.hasLockspace(this.#name);
    if (!isThere && this.adopt === "only") {
      return this.#refuse(-Errno.EADOPT_NONE, "this host is not in its lockspace");
    }
    const gone = Promise.withResolvers<Readiness>();
    const stopWatching = this.around.controller.onGone(() => gone.resolve("no dlm_controld"));
    const entered = await Promise.race([
      isThere ? this.#openExisting() : this.#create(),
      gone.promise,
    ]);
    stopWatching();
    this.#over = true;
    if (typeof entered === "object") return await this.#enter(entered);
    if (entered === "left behind") return this.#refuse(-Errno.EEXIST, LEFT_BEHIND);
    if (entered === "cancelled") return this.#refuse(-Errno.ECANCELED, "the start was cancelled");
    if (entered === "no dlm_controld") return this.#refuse(-Errno.EMANAGER, NO_DAEMON);
    return this.#refuse(-Errno.ELMERR, NOT_JOINED);
  }

  #say(note: string): void {
    if (this.joining.note === note || this.#over) return;
    this.joining.note = note;
    log.warn(`${this.#title}: ${note}`);
  }

  #refuse(result: number, why: string): Joined {
    return { answer: { result, message: `${this.#title}: ${why}` } };
  }

  async #create(): Promise<Entered> {
    const { signal } = this.#cancelled;
    const readiness = await awaitQuorum(this.around, signal, (note) => this.#say(note));
    if (readiness !== "ready") return readiness;
    // That may have taken long.
    if (this.around.files.hasLockspace(this.#name)) return await this.#openExisting();
    const create = this.around.library().create(this.#name);
    let pending = true;
    void this.#watch(() => pending);
    const handle = await create;
    pending = false;
    if (handle !== undefined && this.#over) {
      log.warn(`${this.#title}: joined after the start was given up; it is left again`);
      void handle.release();
    }
    if (handle !== undefined || !this.around.files.hasLockspace(this.#name)) return handle;
    // Joined, but its device comes later than libdlm waits for it.
    return await this.#open(`waiting for the device /dev/misc/dlm_${this.#name}: is udev running?`);
  }

  /** Sees what dlm_controld waits for, as long as the kernel has not joined. */
  async #watch(isPending: () => boolean): Promise<void> {
    const { control, lookMs } = this.around;
    const never = new AbortController().signal;
    for (;;) {
      await pause(lookMs, never);
      if (!isPending() || this.#over) return;
      const change = await pendingChange(control, this.#name);
      const note = change && pendingNote(change);
      if (note !== undefined && isPending()) this.#say(note);
    }
  }

  /** `lvm_global` has no LVs, so whatever a dead daemon left in it can be used again. */
  async #openExisting(): Promise<Entered> {
    if (this.adopt === "no" && this.spec.vgName !== "") return "left behind";
    this.#wasThere = true;
    return await this.#open(OTHER_JOIN);
  }

  /** Opens a lockspace that this host is in, or is about to be in. */
  async #open(note: string): Promise<Entered> {
    const { files, library, lookMs } = this.around;
    while (files.hasLockspace(this.#name)) {
      const handle = files.hasDevice(this.#name) ? await library().open(this.#name) : undefined;
      if (handle !== undefined) return handle;
      this.#say(note);
      await pause(lookMs, this.#cancelled.signal);
      if (this.#cancelled.signal.aborted) return "cancelled";
    }
    return await this.#create();
  }

  async #enter(handle: DlmHandle): Promise<Joined> {
    const slow = needsTwoSteps(await this.around.library().kernelVersion());
    const { mayBeActive } = this.around;
    const lockspace = new DlmLockspace(this.spec, this.#name, handle, slow, mayBeActive);
    // A global lock that a dead daemon held would keep every host from changes.
    while (this.#wasThere && this.spec.vgName === "" && await clearTheWay(lockspace, globalLock));
    return { answer: { result: 0 }, lockspace };
  }
}

const LEFT_BEHIND = "this host is in its lockspace already, from a daemon that ended without " +
  "leaving it: start this daemon with --adopt 1 to take over its locks";
/** A process that was killed may still be joining. */
const OTHER_JOIN = "waiting for a join that a daemon that died has begun";
const NOT_JOINED = "its lockspace cannot be joined; `dmesg` and `dlm_tool dump` say more";

async function pendingChange(control: () => ControlLibrary, name: string) {
  try {
    return await control().pendingChange(name);
  } catch {
    return undefined; // the library is missing: nobody can be asked
  }
}

/** Kernels of this version, or of none that is known, need two steps to EX to read a value block. */
function needsTwoSteps(version: KernelVersion | undefined): boolean {
  return version === undefined ||
    (version.major === 6 && version.minor === 0 && version.patch === 1);
}

const globalLock: ResourceSpec = { type: ResourceType.gl, name: "GLLK", lockArgs: "" };
