/**
 * Explains a refusal of the lock table to a person and to a program: what was asked, why it was
 * refused, who is in the way, and what to do next.
 *
 * @module
 */
import { Errno, errnoName, explain } from "../errno.ts";
import {
  type ClientId,
  Mode,
  Op,
  OptionFlag,
  type Owner,
  type Reply,
  type Request,
  ResourceType,
} from "../types.ts";
import type { ApiContext } from "./context.ts";
import { outlooksOf, presentRemoteHost, type RemoteHostJson } from "./outlook.ts";
import { type HolderJson, Presenter, presentRef, type ResourceRefJson } from "./present.ts";
import { ApiError, fill } from "./problem.ts";
import { statusOf } from "./results.ts";
import { fromBytes } from "./text.ts";
import { treeOf } from "./view.ts";
import { modeWord } from "./words.ts";

/** Holders named in `detail`; more are only counted. */
const NAMED_MAX = 4;
/** Holders listed in `holders`. */
const LISTED_MAX = 100;

/** The error that answers a call whose request the table refused with `reply`. */
export function refusal(
  api: ApiContext,
  client: ClientId,
  request: Request,
  reply: Pick<Reply, "result"> & Partial<Reply>,
): ApiError {
  const { meaning, hint, retryable } = explain(reply.result);
  const blockers = isConflict(reply.result) ? blockersOf(api, client, request) : [];
  const host = remoteHost(api, request, reply.owner);
  const detail = [`${describe(request)}: ${lowerFirst(meaning)}`];
  if (blockers.length > 0) detail.push(nameHolders(blockers));
  if (host) detail.push(nameHost(host));
  if ((reply.lmResult ?? 0) < 0 && reply.lmResult !== reply.result) {
    detail.push(`the lock manager returned ${reply.lmResult}`);
  }
  if (reply.message !== undefined) detail.push(reply.message);
  const code = errnoName(reply.result);
  return new ApiError({
    ...fill(code, reply.result),
    title: meaning,
    status: statusOf(reply.result),
    detail: detail.join("; "),
    hint,
    retryable,
    ...listed(blockers),
    ...(host ? { blockedBy: host } : {}),
  });
}

/** The error for a request that was cancelled at its deadline; `owner` was in its way. */
export function timedOut(
  api: ApiContext,
  client: ClientId,
  request: Request,
  deadlineMs: number,
  settled: boolean,
  owner?: Owner,
): ApiError {
  const result = -Errno.ETIMEDOUT;
  const { meaning, hint, retryable } = explain(result);
  const blockers = blockersOf(api, client, request);
  const detail = [`${describe(request)}: not done within ${deadlineMs} ms`];
  if (blockers.length > 0) detail.push(nameHolders(blockers));
  const host = remoteHost(api, request, owner);
  if (host) detail.push(nameHost(host));
  if (request.op === Op.start) detail.push(...joiningNotes(api, request));
  detail.push(afterDeadline(request, settled));
  return new ApiError({
    ...fill("ETIMEDOUT", result),
    title: meaning,
    status: statusOf(result),
    detail: detail.join("; "),
    hint,
    retryable,
    ...listed(blockers),
    ...(host ? { blockedBy: host } : {}),
  });
}

function remoteHost(
  api: ApiContext,
  request: Request,
  owner: Owner | undefined,
): RemoteHostJson | null {
  if (!owner || owner.hostId === 0) return null;
  return presentRemoteHost(owner, outlooksOf(api.service, request).flatMap(({ hosts }) => hosts));
}

/** `held by host 2 (node2), LIVE, since 2026-01-31T12:00:00.000Z`. */
function nameHost({ hostId, name, state, heldSince }: RemoteHostJson): string {
  const host = `host ${hostId}${name === null ? "" : ` (${name})`}`;
  const since = heldSince === null ? null : `since ${heldSince}`;
  return `held by ${[host, state, since].filter((part) => part !== null).join(", ")}`;
}

function joiningNotes(api: ApiContext, request: Request): string[] {
  return outlooksOf(api.service, request).flatMap(({ joining }) => joining?.note ?? []);
}

function afterDeadline({ op, vgName }: Request, settled: boolean): string {
  if (op === Op.start || op === Op.stop || op === Op.dropVg) {
    return `it goes on, GET /v1/lockspaces/${fromBytes(vgName)} shows its state`;
  }
  if (settled) return "it was cancelled";
  return "it is being cancelled, the lock manager has not answered yet; " +
    "should the lock be granted, it is released at once";
}

function isConflict(result: number): boolean {
  const { EAGAIN, EBUSY, EEXIST, ENOTEMPTY } = Errno;
  return [EAGAIN, EBUSY, EEXIST, ENOTEMPTY].some((errno) => result === -errno);
}

interface Blocker {
  resource: ResourceRefJson;
  holder: HolderJson;
}

/** Locks that stand against the request: of the resource, or for a stop all LV locks of the VG. */
function blockersOf(api: ApiContext, client: ClientId, request: Request): Blocker[] {
  const isLock = request.op === Op.lock;
  if (!isLock && request.op !== Op.stop) return [];
  const type = isLock ? request.resourceType : ResourceType.lv;
  const presenter = new Presenter(api.service, api.now());
  const blockers: Blocker[] = [];
  const rows = isLock ? api.service.inspectResource(request) : api.service.inspect();
  for (const { row, resources } of treeOf(rows)) {
    if (request.vgName !== "" && row.vgName !== request.vgName) continue;
    for (const view of resources) {
      if (view.row.type !== type) continue;
      if (request.lvUuid !== "" && view.row.name !== request.lvUuid) continue;
      const resource = presentRef(view);
      for (const lock of view.locks) {
        const own = isLock && !lock.persistent && lock.clientId === client;
        if (!own) blockers.push({ resource, holder: presenter.holder(lock) });
      }
    }
  }
  return blockers;
}

function listed(blockers: Blocker[]): { holders?: HolderJson[] } {
  if (blockers.length === 0) return {};
  return { holders: blockers.slice(0, LISTED_MAX).map(({ holder }) => holder) };
}

function nameHolders(blockers: Blocker[]): string {
  const names = blockers.slice(0, NAMED_MAX).map(({ resource, holder }) => {
    const what = resource.type === "lv" ? `LV ${resource.name} ` : "";
    const kind = holder.persistent ? " persistently" : "";
    return `${what}${holder.mode}${kind} by ${nameClient(holder)} since ${holder.since}`;
  });
  const more = blockers.length - names.length;
  return `held ${names.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

function nameClient({ client }: HolderJson): string {
  if (!client) return "a client not known any more";
  const name = client.pid === null ? `client ${client.id}` : `pid ${client.pid}`;
  const notes = [client.command, client.connected ? null : "gone"].filter((note) => note !== null);
  return notes.length === 0 ? name : `${name} (${notes.join(", ")})`;
}

/** What was asked: `Lock of VG "vg0" in mode ex`. */
export function describe(request: Request): string {
  const vg = `VG "${fromBytes(request.vgName)}"`;
  if (request.op !== Op.lock) return `${verbs[request.op] ?? "Request"} of ${vg}`;
  const what = {
    [ResourceType.none]: vg,
    [ResourceType.gl]: "the global lock",
    [ResourceType.vg]: vg,
    [ResourceType.lv]: `LV ${fromBytes(request.lvUuid)} in ${vg}`,
  }[request.resourceType];
  const kind = request.flags & OptionFlag.persistent ? "Persistent" : "Transient";
  if (request.mode <= Mode.un) return `Release of ${what}`;
  return `${kind} lock of ${what} in mode ${modeWord(request.mode)}`;
}

const verbs: { [op: number]: string } = {
  [Op.start]: "Start",
  [Op.stop]: "Stop",
  [Op.killVg]: "Kill",
  [Op.dropVg]: "Drop",
};

function lowerFirst(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}
