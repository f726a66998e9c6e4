/**
 * Starting and stopping a lockspace.
 *
 * @module
 */
import { Errno } from "../../core/errno.ts";
import { logger } from "../../core/log.ts";
import type { KillCommand } from "../../core/types.ts";
import type {
  Answer,
  JoinAnswer,
  JoinOptions,
  LockspaceSpec,
  PrepareAnswer,
} from "../lock_manager.ts";
import type { SanlockClient } from "./client.ts";
import {
  ConfigCommand,
  HELPER_TEXT_LENGTH,
  NAME_LENGTH,
  ReleaseFlag,
  RemFlag,
  RestrictFlag,
} from "./constants.ts";
import { readDeltaLease } from "./delta_lease.ts";
import { deviceAppears, unsupported } from "./format.ts";
import { MAX_HOST_ID, readGeometry } from "./geometry.ts";
import { isGlEnabled } from "./global_lock.ts";
import { isRandomName, ownHostName } from "./host_name.ts";
import { addLockspace, type Joining, prospectOf } from "./join.ts";
import { isLvmName, leaseDevice, parseVgArgs } from "./lock_args.ts";
import { leaseAt, lockspaceArg, type SanlockLockspace, UNUSED } from "./lockspace.ts";
import { isCorrupt, mayBeDisconnected, refusal, shown } from "./results.ts";

const log = logger("sanlock");

export interface StartSettings {
  /** Seconds, 0 for sanlock's own default. */
  ioTimeout: number;
  killCommand: KillCommand;
}

type Prepared = { answer: PrepareAnswer; lockspace?: SanlockLockspace };

const refuse = (message: string, result: number, lmResult = 0): Prepared => ({
  answer: { result: -result, lmResult, message },
});

/** The part of a start that is answered at once: checks, registration, sizes, global lock. */
export async function prepareStart(
  client: SanlockClient,
  spec: LockspaceSpec,
  how: JoinOptions,
  settings: StartSettings,
): Promise<Prepared> {
  const vg = `VG ${spec.vgName}`;
  const args = parseVgArgs(spec.vgArgs);
  if (!isLvmName(spec.vgName)) return refuse("not the name of a VG", Errno.EINVAL);
  if (args === undefined) {
    return refuse(`${vg}: the lock args "${shown(spec.vgArgs)}" are not understood`, Errno.EARGS);
  }
  const missing = unsupported(new Set(args.options));
  if (missing !== undefined) return refuse(`${vg}: ${missing}`, Errno.EARGS);
  const path = leaseDevice(spec.vgName, args.leaseLv);
  if (path === undefined) return refuse(`${vg}: its path is too long`, Errno.EINVAL);
  const hostId = await hostIdFor(client, spec, how);
  if (hostId < 1 || hostId > MAX_HOST_ID) {
    const hint = `host id ${hostId} is not one of 1 to ${MAX_HOST_ID}: set local/host_id in ` +
      "lvmlocal.conf, differently on each host";
    return refuse(`${vg}: ${hint}`, Errno.EHOSTID);
  }
  if (!await deviceAppears(path)) return refuse(`${vg}: there is no ${path}`, Errno.EARGS);
  const connection = await client.register();
  if ("result" in connection) {
    return refuse(refusal(`${vg}: sanlock`, connection.result), Errno.EMANAGER, connection.result);
  }
  const prepared = await inspect(client, { spec, hostId, path, connection }, settings);
  if (prepared.lockspace === undefined) await connection.close();
  return prepared;
}

/** A lockspace that is joined already has its host id. */
async function hostIdFor(
  client: SanlockClient,
  spec: LockspaceSpec,
  how: JoinOptions,
): Promise<number> {
  if (how.adopt === "no") return spec.hostId;
  const { lockspaces } = await client.getLockspaces();
  const name = spec.name.slice(0, NAME_LENGTH);
  return lockspaces.find((lockspace) => lockspace.name === name)?.hostId ?? spec.hostId;
}

async function inspect(
  client: SanlockClient,
  known: Pick<SanlockLockspace, "spec" | "hostId" | "path" | "connection">,
  { killCommand }: StartSettings,
): Promise<Prepared> {
  const { spec, hostId, path, connection } = known;
  const vg = `VG ${spec.vgName}`;
  const killArgs = killCommand.args(spec.vgName);
  // Cut short, they would name another VG.
  if (killCommand.path.length > HELPER_TEXT_LENGTH || killArgs.length > HELPER_TEXT_LENGTH) {
    return refuse(`${vg}: "${killCommand.path} ${killArgs}" is too long`, Errno.EARGS);
  }
  for (
    const registered of [
      await connection.killpath(killCommand.path, killArgs),
      await connection.restrict(RestrictFlag.sigkill),
    ]
  ) {
    if (registered < 0) return refuse(refusal(vg, registered), Errno.EMANAGER, registered);
  }
  const geometry = await readGeometry(client, path);
  if ("result" in geometry) {
    const { result } = geometry;
    const error = isCorrupt(result) ? Errno.ELOCKREPAIR : Errno.EMANAGER;
    return refuse(refusal(`${vg}: reading the leases on ${path}`, result), error, result);
  }
  if (hostId > geometry.maxHostId) {
    const size = geometry.alignSize / 1024 / 1024;
    const room = `its ${size} MiB leases have room for host ids up to ${geometry.maxHostId}`;
    return refuse(`${vg}: host id ${hostId} is too great: ${room}`, Errno.EHOSTID);
  }
  const lockspace: SanlockLockspace = {
    ...known,
    geometry,
    held: new Map(),
    freeLockOffset: 0,
    joined: false,
  };
  const gl = await isGlEnabled(client, lockspace);
  if (gl < 0) {
    return refuse(refusal(`${vg}: reading the global lock's lease`, gl), Errno.EARGS, gl);
  }
  const previous = await readDeltaLease(path, geometry, hostId);
  const answer: PrepareAnswer = { result: 0, glEnabled: gl === 1 };
  if (previous !== undefined) answer.prevGeneration = previous.generation;
  return { answer, lockspace };
}

/** The slow part of a start. `onProgress` is told what is waited for. */
export async function joinLockspace(
  client: SanlockClient,
  lockspace: SanlockLockspace,
  how: JoinOptions,
  { ioTimeout }: StartSettings,
  cancelled: AbortSignal,
  onProgress: (joining: Joining) => void,
): Promise<JoinAnswer> {
  const { spec, hostId, path, geometry } = lockspace;
  const vg = `VG ${spec.vgName}`;
  const name = spec.name.slice(0, NAME_LENGTH);
  if (how.adopt === "only") {
    const { lockspaces } = await client.getLockspaces();
    if (!lockspaces.some((each) => each.name === name)) {
      return { result: -Errno.EADOPT_NONE, message: `${vg}: its lockspace is not joined` };
    }
  }
  const lease = await readDeltaLease(path, geometry, hostId);
  const inUse = lease !== undefined && lease.timestamp !== 0;
  const ownName = inUse ? await ownHostName() : "";
  const { joining, rival } = prospectOf(lease, hostId, ownName, ioTimeout);
  onProgress(joining);
  const lmResult = await addLockspace(client, lockspace, ioTimeout, rival, cancelled);
  const inherited = lmResult === -Errno.EEXIST && how.adopt !== "no";
  if (cancelled.aborted && lmResult < 0) {
    return { result: -Errno.ECANCELED, lmResult, message: `${vg}: the start was given up` };
  }
  if (lmResult < 0 && !inherited) {
    const message = joinRefusal(vg, hostId, lmResult, lease?.hostName ?? "");
    return { result: lmResult, lmResult, message };
  }
  const kept = await client.setConfig(spec.name, ConfigCommand.usedByOrphans);
  // A daemon that was killed while it joined may not have said so.
  if (kept < 0 && !inherited) {
    await client.remLockspace(lockspaceArg(lockspace), 0);
    return { result: kept, lmResult: kept, message: refusal(vg, kept) };
  }
  return await adopted(lockspace);
}

/** The lockspace is ours; its lease tells the generation. */
async function adopted(lockspace: SanlockLockspace): Promise<JoinAnswer> {
  const { path, geometry, hostId, spec } = lockspace;
  lockspace.joined = true;
  const lease = await readDeltaLease(path, geometry, hostId);
  if (lease !== undefined && isRandomName(lease.hostName)) {
    log.warn(
      `VG ${spec.vgName}: sanlock has no fixed name on this host, so that a start after a crash ` +
        "takes minutes: set our_host_name in /etc/sanlock/sanlock.conf, differently on each host",
    );
  }
  return lease === undefined
    ? { result: 0, hostId }
    : { result: 0, hostId, generation: lease.generation };
}

function joinRefusal(vg: string, hostId: number, result: number, rival: string): string {
  if (result === -Errno.EEXIST) {
    return `${vg}: sanlock has its lockspace already, from a daemon that ended without leaving ` +
      "it: start this daemon with --adopt 1 to take it over";
  }
  const text = refusal(`${vg}: joining as host ${hostId}`, result);
  return rival === "" ? text : `${text} (last used by "${rival}")`;
}

/** How long a lock that was just released may keep the lockspace in use, in steps. */
const LEAVE_TRIES = 6;
const LEAVE_PAUSE_MS = 500;

/**
 * Leaves the lockspace. Orphans of a daemon that died keep it in use: EBUSY, unless `force` says that
 * nothing counts on them any more.
 */
export async function leaveLockspace(
  client: SanlockClient,
  lockspace: SanlockLockspace,
  { freeVg, force }: { freeVg: boolean; force: boolean },
  { ioTimeout }: StartSettings,
): Promise<Answer> {
  const arg = lockspaceArg(lockspace);
  const vg = `VG ${lockspace.spec.vgName}`;
  // A VG that is removed has no LV left that an orphan could protect.
  if (force || freeVg) {
    await lockspace.connection.release(leaseAt(lockspace, 0, ""), ReleaseFlag.orphan);
  }
  let result = await client.remLockspace(arg, RemFlag.unused);
  for (let tries = 1; result === -Errno.EBUSY && tries < LEAVE_TRIES; tries++) {
    await new Promise((wake) => setTimeout(wake, LEAVE_PAUSE_MS));
    result = await client.remLockspace(arg, RemFlag.unused);
  }
  // Already gone: sanlock gave it up, or was started anew.
  const gone = result === -Errno.ENOENT || mayBeDisconnected(result);
  if (result < 0 && !gone) {
    const busy = result === -Errno.EBUSY;
    const message = busy
      ? `${vg}: locks of a daemon that died are still held in it: adopt them with --adopt 1, or ` +
        `drop them with lvmlockctl --drop ${lockspace.spec.vgName} once no LV of it is active`
      : refusal(`${vg}: leaving its lockspace`, result);
    return { result, lmResult: result, message };
  }
  lockspace.joined = false;
  if (freeVg) {
    const written = await client.writeLockspace({ ...arg, name: UNUSED }, ioTimeout);
    if (written < 0) log.error(refusal(`${vg}: clearing its lockspace on disk`, written));
  }
  await lockspace.connection.close();
  return { result: 0, lmResult: result };
}
