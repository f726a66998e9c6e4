/**
 * Shows what is in the lock table as the JSON of the HTTP interface. One {@link Presenter} serves
 * one listing: it notes once who is connected and what time it is.
 *
 * @module
 */
import type { z } from "@hono/zod-openapi";
import type { LockService } from "../service.ts";
import { type ActionRow, type ClientId, type LockRow, Mode, OptionFlag } from "../types.ts";
import { presentOutlook, presentRemoteHost } from "./outlook.ts";
import { sinceOf } from "./schemas/common.ts";
import type { Client, Holder, Resource, ResourceRef, Waiter } from "./schemas/locks.ts";
import type { Lockspace } from "./schemas/lockspaces.ts";
import { fromBytes, fromBytesOrNull } from "./text.ts";
import type { LockspaceView, ResourceView } from "./view.ts";
import { lockTypeWord, modeWord, opWord, resourceTypeWord } from "./words.ts";

export type ClientJson = z.infer<typeof Client>;
export type HolderJson = z.infer<typeof Holder>;
export type ResourceRefJson = z.infer<typeof ResourceRef>;
export type ResourceJson = z.infer<typeof Resource>;
export type WaiterJson = z.infer<typeof Waiter>;

export function presentRef(
  { row, lockspace }: Pick<ResourceView, "row" | "lockspace">,
): ResourceRefJson {
  const type = resourceTypeWord(row.type);
  return {
    type,
    vg: fromBytesOrNull(lockspace.vgName),
    lockspace: fromBytes(lockspace.name),
    name: fromBytes(row.name),
    lvUuid: type === "lv" ? fromBytes(row.name) : null,
  };
}

export class Presenter {
  readonly #service: LockService;
  readonly #nowMs: number;
  readonly #connected: Set<ClientId>;

  constructor(service: LockService, nowMs: number) {
    this.#service = service;
    this.#nowMs = nowMs;
    this.#connected = new Set();
    for (const { id } of service.clients()) this.#connected.add(id);
  }

  /** Null for client 0, who is nobody. */
  client(id: ClientId): ClientJson | null {
    if (id === 0) return null;
    const info = this.#service.client(id);
    return {
      id,
      origin: info?.origin ?? null,
      pid: info?.pid || null,
      command: info ? fromBytesOrNull(info.command) : null,
      connected: this.#connected.has(id),
    };
  }

  holder(row: LockRow): HolderJson {
    return {
      mode: row.mode === Mode.ex ? "ex" : "sh",
      persistent: row.persistent,
      client: this.client(row.clientId || row.takenBy),
      ...sinceOf(row.sinceMs, this.#nowMs),
    };
  }

  /** `lockspace` is the name of the one that the request is in. */
  waiter(row: ActionRow, lockspace: string): WaiterJson {
    const hosts = row.owner.hostId === 0 ? [] : this.#service.outlook(lockspace)?.hosts;
    return {
      op: opWord(row.op),
      mode: modeWord(row.mode),
      persistent: (row.flags & OptionFlag.persistent) !== 0,
      client: this.client(row.clientId),
      ...sinceOf(row.sinceMs, this.#nowMs),
      blockedBy: presentRemoteHost(row.owner, hosts),
    };
  }

  resource(view: ResourceView): ResourceJson {
    return {
      ...presentRef(view),
      mode: modeWord(view.row.mode),
      version: view.row.version,
      holders: view.locks.map((row) => this.holder(row)),
      waiters: view.waiters.map((row) => this.waiter(row, view.lockspace.name)),
    };
  }

  lockspace({ row, resources, pending }: LockspaceView): z.infer<typeof Lockspace> {
    const count = (of: (view: ResourceView) => number) =>
      resources.reduce((sum, view) => sum + of(view), 0);
    return {
      vg: fromBytesOrNull(row.vgName),
      lockspace: fromBytes(row.name),
      vgUuid: fromBytesOrNull(row.vgUuid),
      lockType: lockTypeWord(row.lockType),
      lockArgs: fromBytesOrNull(row.vgArgs),
      hostId: row.hostId || null,
      generation: row.generation || null,
      state: row.state,
      killed: row.killed,
      dropped: row.dropped,
      globalLock: row.glEnabled,
      locks: count((view) => view.locks.length),
      waiting: pending.length + count((view) => view.waiters.length),
      pending: pending.map((action) => this.waiter(action, row.name)),
      ...sinceOf(row.sinceMs, this.#nowMs),
      ...presentOutlook(this.#service.outlook(row.name), this.#nowMs),
    };
  }
}
