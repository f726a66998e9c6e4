/**
 * What the model knows about one lock: who holds it and who waits for it.
 *
 * @module
 */
import { Mode } from "../../core/types.ts";
import type { ResourceName } from "./world.ts";

export interface ModelRequest {
  id: number;
  client: number;
  what: "lock" | "update" | "query";
  mode: Mode;
  persistent: boolean;
  version: number;
  maxRetries: number;
}

export interface ModelReply {
  id: number;
  result: number;
  shExists: boolean;
  mode: Mode;
}

export interface Waiting extends ModelRequest {
  retries: number;
  /** Waits for a timer before the lock manager is asked again. */
  parked: boolean;
}

export interface Held {
  /** 0 when persistent. */
  client: number;
  mode: Mode;
  persistent: boolean;
  version: number;
  /** Its client is gone. */
  orphan: boolean;
}

export interface ModelResource {
  name: ResourceName;
  isVg: boolean;
  mode: Mode;
  version: number;
  held: Held[];
  waiting: Waiting[];
  /** The release of an orphan failed and waits for a timer. */
  parked: boolean;
}

export function transientOf(r: ModelResource, client: number): Held | undefined {
  return r.held.find((held) => !held.persistent && !held.orphan && held.client === client);
}

export function persistentOf(r: ModelResource): Held | undefined {
  return r.held.find(({ persistent }) => persistent);
}

/** Only what vg_update announced is written, and only when it is newer. */
export function versionToWrite(r: ModelResource, held: Held): number {
  return r.isVg && r.mode === Mode.ex && held.version > r.version ? held.version : 0;
}
