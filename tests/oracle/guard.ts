/**
 * Decides from a daemon's own listing whether a guarded step may run.
 *
 * @module
 */
import type { Info, ResourceInfo } from "./info.ts";
import { field, type Fields, type Guard } from "./script.ts";
import { printable } from "./normalise.ts";
import { nameLength, textField } from "./target.ts";

function findResource(info: Info, fields: Fields): ResourceInfo | undefined {
  const request = field(fields, "request");
  const gl = request === "lock_gl";
  const name = (key: string) => printable(textField(fields, key).slice(0, nameLength));
  const lockspaces = info.lockspaces.filter(({ row }) =>
    !row.ls_name!.startsWith("REM:") && (gl || printable(row.vg_name!) === name("vg_name"))
  );
  const type = request.endsWith("_lv") ? "lv" : gl ? "gl" : "vg";
  const resources = lockspaces.flatMap((lockspace) => lockspace.resources);
  return resources.find(({ row }) =>
    row.type === type && (type !== "lv" || printable(row.name!) === name("lv_uuid"))
  );
}

/** True if a step with this guard may run for the client with that id. */
export function guardAllows(guard: Guard, fields: Fields, info: Info, clientId: number): boolean {
  const resource = findResource(info, fields);
  const persistent = field(fields, "opts").includes("persistent");
  switch (guard) {
    case "unlocked":
      return resource === undefined ||
        (resource.locks.length === 0 && resource.actions.length === 0);
    case "cancelSafe":
      if (resource === undefined) return false;
      if (!persistent) return resource.locks.some((lock) => lock.client_id === String(clientId));
      return [...resource.locks, ...resource.actions].some((row) => (Number(row.flags) & 1) === 1);
  }
}
