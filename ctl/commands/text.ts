/**
 * The words in which locks, clients and times are shown to people.
 *
 * @module
 */
import type { z } from "@hono/zod-openapi";
import type {
  Client,
  Holder,
  RemoteHost,
  Resource,
  ResourceRef,
  Waiter,
} from "../../core/api/schemas/locks.ts";
import type { Lockspace } from "../../core/api/schemas/lockspaces.ts";
import type { Status } from "../../core/api/schemas/status.ts";
import { formatElapsed } from "../progress.ts";

export type ClientJson = z.infer<typeof Client>;
export type HolderJson = z.infer<typeof Holder>;
export type RemoteHostJson = z.infer<typeof RemoteHost>;
export type WaiterJson = z.infer<typeof Waiter>;
export type ResourceJson = z.infer<typeof Resource>;
export type ResourceRefJson = z.infer<typeof ResourceRef>;
export type LockspaceJson = z.infer<typeof Lockspace>;
export type StatusJson = z.infer<typeof Status>;

/** Columns as wide as their widest cell, two blanks between them, no blanks at line ends. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => widths[i] = Math.max(widths[i] ?? 0, cell.length));
  }
  return rows.map((row) => {
    const cells = row.map((cell, i) => cell.padEnd(widths[i]!));
    return `${cells.join("  ").trimEnd()}\n`;
  }).join("");
}

/** `vgchange pid 123`, `pid 123`, `client 7`; `, gone` if it is. */
export function clientText(client: ClientJson | null): string {
  if (!client) return "unknown";
  const pid = client.pid === null ? `client ${client.id}` : `pid ${client.pid}`;
  const name = client.command === null ? pid : `${client.command} ${pid}`;
  return client.connected ? name : `${name}, gone`;
}

/** `global lock`, `VG vg0`, `LV vg0/<uuid>`; `names` has the names of LVs by UUID. */
export function resourceText(
  { type, vg, lvUuid }: Pick<ResourceRefJson, "type" | "vg" | "lvUuid">,
  names?: ReadonlyMap<string, string>,
): string {
  if (type === "gl") return vg === null ? "global lock" : `global lock in ${vg}`;
  if (type === "vg") return vg === null ? "VG lock of the global lockspace" : `VG ${vg}`;
  return `LV ${vg}/${names?.get(lvUuid ?? "") ?? lvUuid}`;
}

/** An age that the daemon gave in seconds. */
export function ageText(ageSeconds: number): string {
  return formatElapsed(ageSeconds * 1000);
}

/** `1 lock`, `2 locks`. */
export function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? "" : "s"}`;
}

/** `host 2 (node2), LIVE, for 3 min 0 s`, as far as it is known. */
export function hostText(
  { hostId, name, state, heldSince }: RemoteHostJson,
  nowMs: number,
): string {
  const parts = [`host ${hostId}${name === null ? "" : ` (${name})`}`];
  if (state !== null) parts.push(state);
  if (heldSince !== null) {
    parts.push(`for ${formatElapsed(Math.max(0, nowMs - Date.parse(heldSince)))}`);
  }
  return parts.join(", ");
}

/** Who holds a resource, in one line: `held ex by lvcreate pid 12 for 3 s`; `""` if nobody is known. */
export function holdersText(resource: ResourceJson | undefined, nowMs: number): string {
  if (!resource) return "";
  const holders = resource.holders.map(({ mode, persistent, client, ageSeconds }) => {
    const kind = persistent ? ", persistent" : "";
    return `${mode} by ${clientText(client)} for ${ageText(ageSeconds)}${kind}`;
  });
  const host = resource.waiters.map(({ blockedBy }) => blockedBy).find(Boolean);
  if (host) holders.push(`by ${hostText(host, nowMs)}`);
  if (holders.length === 0) return "";
  const shown = holders.slice(0, 3).join("; ");
  const more = holders.length > 3 ? ` and ${holders.length - 3} more` : "";
  return `held ${shown}${more}`;
}
