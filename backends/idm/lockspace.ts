/**
 * One lockspace that this daemon uses: its connection to the manager, the mutexes that it has, and
 * what becomes of them when the connection ends or their leases have run out.
 *
 * @module
 */
import { Errno } from "../../core/errno.ts";
import { logger } from "../../core/log.ts";
import { type Mode, ResourceType } from "../../core/types.ts";
import type { LockspaceSpec, ResourceSpec } from "../lock_manager.ts";
import { ChangeStamp, type Clock } from "./change_stamps.ts";
import type { IlmConnection, LockId, LockWish } from "./client.ts";

const log = logger("idm");

/** A mutex that this host has. */
export interface Held {
  readonly resource: Pick<ResourceSpec, "type" | "name">;
  readonly id: LockId;
  mode: Mode;
  /** With the drives that it was taken on; a copy. */
  readonly wish: LockWish;
}

/** A connection with what it took to make it. */
export interface Connected {
  connection: IlmConnection;
  /** Those of the global lock. */
  drives: () => readonly string[];
}

/** Why a connection could not be made. */
export interface NotConnected {
  result: number;
  lmResult?: number;
  /** Without the lockspace's name. */
  message: string;
}

export interface LockspaceParts {
  spec: LockspaceSpec;
  clock: Clock;
  connect: () => Promise<Connected | NotConnected>;
  /** Locks of LVs are lost; called at most once. */
  onLost: (why: string) => void;
}

export class IdmLockspace {
  /** By the resource's name. */
  readonly held = new Map<string, Held>();
  /** Of VG and global lock, by the resource's name. */
  readonly #stamps = new Map<string, ChangeStamp>();
  #connected: Connected | undefined;
  #connecting: Promise<Connected | NotConnected> | undefined;
  #lost = "";
  #left = false;
  /** Why there is no connection; `""` while there is one. */
  #trouble = "";
  #others: { count: number; atMs: number } | undefined;

  constructor(readonly parts: LockspaceParts) {}

  get spec(): LockspaceSpec {
    return this.parts.spec;
  }

  /** Why the locks of its LVs are lost; `""` while they are not. It serves nobody then. */
  get lost(): string {
    return this.#lost;
  }

  get trouble(): string {
    return this.#trouble;
  }

  /** Other hosts that held what was last looked at. */
  get others(): { count: number; atMs: number } | undefined {
    return this.#others;
  }

  noteOthers(count: number): void {
    this.#others = { count, atMs: Date.now() };
  }

  /** The connection that mutexes are held on, if it is there. */
  get connection(): IlmConnection | undefined {
    return this.#connected?.connection;
  }

  /** The connection; made anew if it has ended while nothing counted on it. */
  async connect(): Promise<Connected | NotConnected> {
    const connected = this.#connected;
    if (connected !== undefined) {
      if (!connected.connection.ended) return connected;
      this.connectionEnded(connected.connection);
    }
    if (this.#lost !== "") return { result: -Errno.ELOCKIO, message: this.#lost };
    this.#connecting ??= this.#connect().finally(() => this.#connecting = undefined);
    return await this.#connecting;
  }

  async #connect(): Promise<Connected | NotConnected> {
    const connected = await this.parts.connect();
    if ("result" in connected) return connected;
    if (this.#left) {
      void connected.connection.close();
      return { result: -Errno.ECANCELED, message: "it was left" };
    }
    if (this.#trouble !== "") log.warn(`${lockspaceTitle(this.spec)}: connected again`);
    this.#connected = connected;
    this.#trouble = "";
    void connected.connection.onEnd.then(() => this.connectionEnded(connected.connection));
    return connected;
  }

  /** The manager is gone, or has closed the connection: it holds nothing for us any more. */
  connectionEnded(connection: IlmConnection): void {
    if (this.#connected?.connection !== connection) return;
    this.#connected = undefined;
    void connection.close();
    this.#lose(CONNECTION_ENDED);
  }

  /** Leases have run out. The manager renews nothing on this connection any more. */
  leasesEnded(connection: IlmConnection): void {
    if (this.#connected?.connection !== connection || this.#lost !== "") return;
    this.#lose(LEASES_ENDED);
    // Its end would give up what else is held on it, and LVs may still be active.
    if (this.#lost !== "") return;
    this.#connected = undefined;
    void connection.close();
  }

  #lose(why: string): void {
    if (this.#left || this.#lost !== "") return;
    const title = lockspaceTitle(this.spec);
    this.#trouble = why;
    const held = [...this.held.values()];
    const lvs = held.filter(({ resource }) => resource.type === ResourceType.lv).length;
    const others = held.filter(({ resource }) => resource.type !== ResourceType.lv);
    this.held.clear();
    for (const stamp of this.#stamps.values()) stamp.forget();
    for (const { resource } of others) {
      log.error(
        `${title}: ${why}. ${lockName(this.spec, resource)} was held: the command that holds it ` +
          "goes on without protection from other hosts; look whether it was completed",
      );
    }
    if (lvs === 0) {
      if (others.length === 0) log.warn(`${title}: ${why}; nothing was locked`);
      return;
    }
    this.#lost = `${why}: other hosts may take ${lvs === 1 ? "the LV" : `the ${lvs} LVs`} ` +
      "that this host has locked";
    log.error(`${title}: locks are lost: ${this.#lost}`);
    this.parts.onLost(this.#lost);
  }

  stampOf({ name }: Pick<ResourceSpec, "name">): ChangeStamp {
    let stamp = this.#stamps.get(name);
    if (stamp === undefined) {
      stamp = new ChangeStamp(this.parts.clock);
      this.#stamps.set(name, stamp);
    }
    return stamp;
  }

  /** Whether a VG or the global lock was ever locked. */
  wasLocked(name: string): boolean {
    return this.#stamps.has(name);
  }

  /** Nobody waits for the manager, which takes a second: all locks have been released. */
  leave(): void {
    this.#left = true;
    void this.#connected?.connection.close();
    this.#connected = undefined;
  }
}

const CONNECTION_ENDED = "the connection to the IDM lock manager has ended";
const LEASES_ENDED = "the IDM lock manager could not renew its leases in time";

/** Locks of LVs carry no value. */
export function usesValue({ type }: Pick<ResourceSpec, "type">): boolean {
  return type !== ResourceType.lv;
}

/** How a lock is called in a message. */
export function lockName(
  { vgName }: LockspaceSpec,
  { type, name }: Pick<ResourceSpec, "type" | "name">,
): string {
  if (type === ResourceType.gl) return "the global lock";
  return type === ResourceType.vg ? `the lock of VG ${vgName}` : `LV ${name} in VG ${vgName}`;
}

/** "VG vg0", or what the lockspace of the global lock is called. */
export function lockspaceTitle({ vgName }: LockspaceSpec): string {
  return vgName === "" ? "the global lock" : `VG ${vgName}`;
}
