/**
 * Watches the lockspaces in use: who is in them, and whether their locks still hold. dlm_controld's
 * end is told at once; a lockspace that somebody else has left or removed is noticed soon after.
 *
 * @module
 */
import { logger } from "../../core/log.ts";
import type { LockspaceHost } from "../../core/types.ts";
import type { Controller } from "./controller.ts";
import { type DlmLockspace, lockspaceTitle } from "./lockspace.ts";
import type { NodeNames } from "./node_names.ts";
import type { SystemFiles } from "./system_files.ts";

const log = logger("dlm");

/** Pause between two looks at the members, milliseconds. */
const LOOK_MS = 2000;

const GONE = "dlm_controld is gone: other nodes may take what this host has locked; " +
  "the DLM can be used again when this host is restarted";
const REMOVED = "this host is not in its lockspace any more: somebody has left it or removed it";

export interface MonitorEvents {
  /** The locks in this lockspace are lost. Called once for each. */
  lost(lockspace: DlmLockspace, why: string): void;
}

export class Monitor {
  /** With the members at the last look. */
  readonly #watched = new Map<DlmLockspace, readonly number[]>();
  #seenMs = 0;
  #stopListening: (() => void) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly around: { files: SystemFiles; controller: Controller; names: NodeNames },
    private readonly events: MonitorEvents,
    private readonly lookMs = LOOK_MS,
  ) {}

  watch(lockspace: DlmLockspace): void {
    this.#watched.set(lockspace, []);
    this.#stopListening ??= this.around.controller.onGone(() => this.#loseAll());
    clearTimeout(this.#timer);
    this.#look();
  }

  unwatch(lockspace: DlmLockspace): void {
    this.#watched.delete(lockspace);
    if (this.#watched.size === 0) this.stop();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#watched.clear();
    this.#stopListening?.();
    this.#stopListening = undefined;
  }

  /** Members at the last look; undefined if the lockspace is not watched. */
  hosts(lockspace: DlmLockspace): LockspaceHost[] | undefined {
    const { files, names } = this.around;
    const self = files.localNode();
    return this.#watched.get(lockspace)?.map((node) => ({
      hostId: node,
      name: names.known(node),
      generation: 0,
      state: "LIVE",
      self: node === self,
      lastSeenMs: this.#seenMs,
    }));
  }

  #look(): void {
    for (const lockspace of [...this.#watched.keys()]) {
      if (this.around.files.isMember(lockspace.name)) this.#note(lockspace);
      else if (!lockspace.leaving) this.#lose(lockspace, REMOVED, true);
    }
    if (this.#watched.size === 0) return;
    this.#timer = setTimeout(() => this.#look(), this.lookMs);
    Deno.unrefTimer(this.#timer);
  }

  #note(lockspace: DlmLockspace): void {
    const members = this.around.files.members(lockspace.name) ?? [];
    void this.around.names.learn(members);
    this.#watched.set(lockspace, members);
    this.#seenMs = Date.now();
  }

  #loseAll(): void {
    for (const lockspace of [...this.#watched.keys()]) this.#lose(lockspace, GONE, false);
  }

  #lose(lockspace: DlmLockspace, why: string, isGone: boolean): void {
    this.unwatch(lockspace);
    lockspace.lose(why, isGone);
    log.error(`${lockspaceTitle(lockspace.spec)}: locks are lost: ${why}`);
    this.events.lost(lockspace, why);
  }
}
