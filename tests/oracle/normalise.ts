/**
 * Brings replies and listings of both daemons to a form in which equal behaviour is equal text:
 * no process ids, descriptors or pool sizes, clients named as in the script, idle LVs left out.
 *
 * @module
 */
import { type Info, isGone, type LockspaceInfo, parseInfo, type Row } from "./info.ts";
import { parseReply, type Reply } from "./message.ts";
import type { Transcript } from "./transcript.ts";

/** Reply keys of newer releases, which clients of older ones ignore. */
const newerReplyKeys = ["ls_generation", "prev_generation"];

/** Keys whose value is chance or has no meaning to compare. */
const meaningless = new Set(["pid", "fd", "pi", "thread_work"]);

/** Keys that only one release's listing has. */
const releaseKeys = new Set([
  ...["vg_sysid", "drop_vg", "generation", "fence_pr", "no_timeout"],
  ...["owner_host_id", "owner_generation"],
]);

/** Option bits that 2.03.16 does not know: adopt, adopt_only, nodelay, repair. */
const newerFlags = 0x10000 | 0x200000 | 0x400000 | 0x800000;

/** Flags as a sorted list of words: their separators vary and mean nothing. */
function flagWords(value: string): string {
  return value.split(",").filter((word) => word !== "").sort().join(",");
}

/** Replaces by `?` what a listing cannot show on one line of words. */
export function printable(value: string): string {
  // deno-lint-ignore no-control-regex
  return value.replaceAll(/[\x00-\x20\x7f]/g, "?");
}

/** Normalises the replies of one transcript, which share the numbering of new leases. */
export class ReplyNormaliser {
  #firstLease: number | undefined;

  normalise(text: string): Reply {
    const reply = parseReply(text);
    for (const key of newerReplyKeys) reply.delete(key);
    const flags = reply.get("result_flags");
    if (flags !== undefined) reply.set("result_flags", flagWords(flags));
    if (reply.has("dump_len")) reply.set("dump_len", "some");
    const lease = /^1\.0\.0:(\d+)$/.exec(reply.get("lv_lock_args") ?? "");
    if (lease !== null) reply.set("lv_lock_args", `lease ${this.#relative(Number(lease[1]))}`);
    return reply;
  }

  /** Test mode numbers new leases through the daemon's life, not that of a script. */
  #relative(offset: number): number {
    this.#firstLease ??= offset;
    return offset - this.#firstLease;
  }
}

/** Script clients by the id that the daemon gave their connection. */
export function clientNames(transcript: Transcript): Map<string, string> {
  const names = new Map([["0", "nobody"], [String(transcript.controlId), "control"]]);
  transcript.opened.forEach((client, i) => {
    const earlier = transcript.opened.slice(0, i).filter((other) => other === client).length;
    names.set(String(transcript.controlId + 1 + i), `client ${client}.${earlier}`);
  });
  return names;
}

function normalValue(key: string, value: string, names: Map<string, string>): string {
  if (key === "client_id" || key === "id") return names.get(value) ?? `unknown ${value}`;
  if (key === "flags") return `0x${(Number(value) & ~newerFlags).toString(16)}`;
  return printable(value);
}

function normalRow(row: Row, names: Map<string, string>): string {
  const parts: string[] = [];
  for (const [key, value] of Object.entries(row)) {
    if (meaningless.has(key) || releaseKeys.has(key)) continue;
    parts.push(`${key}=${normalValue(key, value, names)}`);
  }
  return parts.join(" ");
}

function normalLockspace(lockspace: LockspaceInfo, names: Map<string, string>): string[] {
  const resources = lockspace.resources.filter(({ row, locks, actions }) =>
    row.type !== "lv" || row.mode !== "un" || locks.length > 0 || actions.length > 0
  );
  const texts = resources.map((resource) =>
    [
      "  resource " + normalRow(resource.row, names),
      ...resource.locks.map((lock) => "    lock " + normalRow(lock, names)),
      ...resource.actions.map((action) => "    waits " + normalRow(action, names)),
    ].join("\n")
  );
  return [
    "lockspace " + normalRow(lockspace.row, names),
    ...lockspace.actions.map((action) => "  waits " + normalRow(action, names)),
    ...texts.sort().flatMap((text) => text.split("\n")),
  ];
}

/** Hides the versions in lines of {@link normaliseInfo}. */
export function withoutVersions(lines: string[]): string[] {
  return lines.map((line) => line.replace(/ version=\d+/, ""));
}

/** The lines of a listing in normal form. Lockspaces that match `ignored` are left out. */
export function normaliseInfo(
  text: string,
  transcript: Transcript,
  ignored: (lockspace: LockspaceInfo) => boolean = () => false,
): string[] {
  const info: Info = parseInfo(text);
  const names = clientNames(transcript);
  const lockspaces = info.lockspaces.filter((entry) => !isGone(entry) && !ignored(entry));
  return [
    ...info.clients.map((client) => "client " + normalRow(client, names)),
    ...lockspaces.flatMap((lockspace) => normalLockspace(lockspace, names)),
  ];
}
