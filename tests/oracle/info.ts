/**
 * Parses the text of a state listing (`info`) into a tree: clients, then lockspaces with their
 * waiting actions and resources, each with its locks and waiting actions.
 *
 * @module
 */

/** Values of one line by key. */
export type Row = Record<string, string>;

export interface ResourceInfo {
  row: Row;
  locks: Row[];
  actions: Row[];
}

export interface LockspaceInfo {
  row: Row;
  actions: Row[];
  resources: ResourceInfo[];
}

export interface Info {
  clients: Row[];
  lockspaces: LockspaceInfo[];
}

/** Keys by kind of line; values may hold blanks, so that only these words separate them. */
const keys: Record<string, string[]> = {
  client: ["pid", "fd", "pi", "id", "name"],
  ls: [
    ["ls_name", "vg_name", "vg_uuid", "vg_sysid", "vg_args", "lm_type", "host_id", "generation"],
    ["create_fail", "create_done", "thread_work", "thread_stop", "thread_done", "kill_vg"],
    ["drop_vg", "fence_pr", "no_timeout", "sanlock_gl_enabled"],
  ].flat(),
  r: ["name", "type", "mode", "sh_count", "version"],
  lk: ["mode", "version", "flags", "client_id"],
  action: [
    ["client_id", "flags", "version", "op", "rt", "mode", "lm_type", "result", "lm_rv"],
    ["owner_host_id", "owner_generation"],
  ].flat(),
};

const separators = new Map(
  Object.entries(keys).map(([kind, words]) => [kind, new RegExp(`(?:^| )(${words.join("|")})=`)]),
);

function parseRow(kind: string, text: string): Row {
  const row: Row = {};
  const parts = text.split(separators.get(kind)!);
  for (let i = 1; i + 1 < parts.length; i += 2) row[parts[i]!] ??= parts[i + 1]!;
  return row;
}

/** Adds one line to the tree. */
function addLine(info: Info, kind: string, rest: string): void {
  const lockspace = info.lockspaces.at(-1);
  const resource = lockspace?.resources.at(-1);
  if (kind === "client") info.clients.push(parseRow("client", rest));
  else if (kind === "ls") {
    info.lockspaces.push({ row: parseRow("ls", rest), actions: [], resources: [] });
  } else if (kind === "ls_action") lockspace!.actions.push(parseRow("action", rest));
  else if (kind === "r") {
    lockspace!.resources.push({ row: parseRow("r", rest), locks: [], actions: [] });
  } else if (kind === "lk") resource!.locks.push(parseRow("lk", rest));
  else if (kind === "r_action") resource!.actions.push(parseRow("action", rest));
  else if (kind !== "structs") throw new Error(`unknown line in the listing: info=${kind} ${rest}`);
}

/** Parses a complete listing; throws on a line of an unknown kind. */
export function parseInfo(text: string): Info {
  const info: Info = { clients: [], lockspaces: [] };
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const match = /^info=(\w+) (.*)$/.exec(line);
    if (match === null) throw new Error(`not a line of a listing: ${line}`);
    addLine(info, match[1]!, match[2]!);
  }
  return info;
}

/** True for an entry of a lockspace that has ended and only waits to be cleared away. */
export function isGone(lockspace: LockspaceInfo): boolean {
  return (lockspace.row.ls_name ?? "").startsWith("REM:") || lockspace.row.thread_done === "1";
}
