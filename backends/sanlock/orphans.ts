/**
 * What a daemon that died left behind in sanlock: lockspaces that are still joined, and in their
 * leases the LV locks that this host still owns. Found from sanlock and the disk alone.
 *
 * @module
 */
import { Errno } from "../../core/errno.ts";
import { logger } from "../../core/log.ts";
import { LockType, Mode } from "../../core/types.ts";
import type { LeftBehind } from "../lock_manager.ts";
import type { LockspaceArg, SanlockClient } from "./client.ts";
import { Lsf, NAME_LENGTH, Res, Sanlk } from "./constants.ts";
import { deadClientsGone } from "./dead_clients.ts";
import { readDeltaLease } from "./delta_lease.ts";
import { isBeyondEnd } from "./format.ts";
import { deviceFacts, FIRST_LV_SLOT, readGeometry } from "./geometry.ts";
import { formatLvArgs, formatVgArgs, lvOfDevice } from "./lock_args.ts";
import { UNUSED } from "./lockspace.ts";
import { refusal, shown } from "./results.ts";

const log = logger("sanlock");

const PREFIX = "lvm_";
/** An LV's UUID with its dashes, 6-4-4-4-4-4-6; other leases are not LVs'. */
const LV_UUID = /^[A-Za-z0-9]{6}(-[A-Za-z0-9]{4}){5}-[A-Za-z0-9]{6}$/;

/**
 * Every LVM lockspace that the sanlock daemon of this host has joined.
 * @param known UUIDs of LVs whose locks are known; they are not looked for.
 * @param settled resolves when nothing of the dead daemon is under way any more.
 */
export async function findLeftBehind(
  client: SanlockClient,
  known: ReadonlySet<string>,
  settled: () => Promise<void> = deadClientsGone,
): Promise<LeftBehind[]> {
  await settled();
  const { result, lockspaces } = await client.getLockspaces();
  if (result < 0) return [];
  const joined = lockspaces.filter(({ name, flags }) =>
    name.startsWith(PREFIX) && (flags & (Lsf.add | Lsf.rem)) === 0
  );
  const found = await Promise.all(joined.map((lockspace) => inspect(client, lockspace, known)));
  return found.filter((each) => each !== undefined);
}

async function inspect(
  client: SanlockClient,
  lockspace: LockspaceArg,
  known: ReadonlySet<string>,
): Promise<LeftBehind | undefined> {
  const { name, path, hostId } = lockspace;
  const lv = lvOfDevice(path);
  // sanlock keeps 48 bytes of the name; the device has all of it.
  if (lv === undefined || `${PREFIX}${lv.vgName}`.slice(0, NAME_LENGTH) !== name) {
    log.warn(shown(`the lockspace ${name} on ${path} is not one of LVM; it is left alone`));
    return undefined;
  }
  return {
    lockType: LockType.sanlock,
    vgName: lv.vgName,
    vgUuid: await vgUuidOf(path),
    vgArgs: formatVgArgs({ leaseLv: lv.lvName, options: [] }),
    hostId,
    locks: await ownedLvs(client, lockspace, known).catch((error) => {
      log.error(`cannot look for locks left behind in VG ${lv.vgName}: ${error}`);
      return [];
    }),
  };
}

/** The VG's UUID is in the device-mapper UUID of its LVs. `""` if it is not to be found. */
async function vgUuidOf(path: string): Promise<string> {
  try {
    const device = await Deno.realPath(path);
    const uuid = await Deno.readTextFile(`/sys/block/${device.split("/").at(-1)}/dm/uuid`);
    const match = /^LVM-(.{6})(.{4})(.{4})(.{4})(.{4})(.{4})(.{6})/.exec(uuid);
    return match === null ? "" : match.slice(1, 8).join("-");
  } catch {
    return "";
  }
}

/** The storage does not answer; each further slot would cost another I/O timeout. */
function isUnreadable(result: number): boolean {
  return result === Sanlk.aioTimeout || result === -Errno.EIO || result === Sanlk.leaderRead;
}

/** LV leases that carry our host id and the generation of the lockspace as it is joined now. */
async function ownedLvs(
  client: SanlockClient,
  { name, path, hostId }: LockspaceArg,
  known: ReadonlySet<string>,
): Promise<LeftBehind["locks"]> {
  const geometry = await readGeometry(client, path);
  if ("result" in geometry) {
    log.error(refusal(`reading the leases on ${path}`, geometry.result));
    return [];
  }
  const { alignSize, flags } = geometry;
  const generation = (await readDeltaLease(path, geometry, hostId))?.generation;
  const { size } = await deviceFacts(path);
  const locks: LeftBehind["locks"] = [];
  for (let slot = FIRST_LV_SLOT; size === 0 || (slot + 1) * alignSize <= size; slot++) {
    const offset = slot * alignSize;
    const lease = { lockspace: name, name: "", path, offset, flags };
    const { result, head } = await client.readResource(lease);
    if (isBeyondEnd(result)) break;
    if (isUnreadable(result)) {
      log.error(refusal(`looking for locks left behind on ${path}`, result));
      break;
    }
    if (result < 0 || head.name === UNUSED || !LV_UUID.test(head.name)) continue;
    // Never locked exclusively nor shared, or somebody else has told of it.
    if (head.lver === 0 || known.has(head.name)) continue;
    const owned = await client.readOwners({ ...lease, name: head.name });
    const ours = owned.owners.some((owner) =>
      owner.hostId === hostId && (generation === undefined || owner.generation === generation)
    );
    if (owned.result < 0 || !ours) continue;
    const mode = (owned.head.flags & Res.shared) !== 0 ? Mode.sh : Mode.ex;
    locks.push({ lvUuid: head.name, lvArgs: formatLvArgs(offset), mode });
  }
  return locks;
}
