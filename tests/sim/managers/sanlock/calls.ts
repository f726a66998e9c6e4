/**
 * What the sanlock daemon of a host answers to acquire, convert, release and set_lvb: its own codes.
 *
 * @module
 */
import type { Adopt, ResourceSpec } from "../../../../backends/lock_manager.ts";
import { Sanlk } from "../../../../backends/sanlock/constants.ts";
import { parseLvArgs } from "../../../../backends/sanlock/lock_args.ts";
import { REMOVED } from "../../../../backends/sanlock/lockspace.ts";
import { Errno } from "../../../../core/errno.ts";
import { Mode, ResourceType } from "../../../../core/types.ts";
import { FORMAT } from "../shared.ts";
import { type Disk, isExclusive, isHeldBy, type Lease, othersOf, type Owner } from "./disk.ts";
import type { Token } from "./membership.ts";
import type { Session } from "./session.ts";
import type { Timing } from "./timing.ts";

const ENOENT = -Errno.ENOENT;
const EAGAIN = -Errno.EAGAIN;
const NO_TOKEN = -1;
/** For lock args that are none. */
export const NO_LEASE = 0;

/** The lease of a resource, or sanlock's code for why there is none. */
export function leaseOf(disk: Disk, { type, name, lockArgs }: ResourceSpec): Lease | number {
  const lease = type === ResourceType.gl
    ? disk.gl
    : type === ResourceType.vg
    ? disk.vg
    : disk.byArgs.get(lockArgs);
  if (lease === undefined) {
    return parseLvArgs(lockArgs) === undefined ? NO_LEASE : -Errno.EMSGSIZE;
  }
  return lease.name === name ? lease : Sanlk.leaderResource;
}

export class Calls {
  constructor(private readonly timing: Timing, private readonly now: () => number) {}

  acquire(
    session: Session,
    { type, name }: ResourceSpec,
    lease: Lease | number,
    mode: Mode,
    adopt: Adopt,
  ): number {
    const { membership } = session;
    if (membership === undefined || membership.phase !== "joined") return notJoined(session);
    const own = membership.tokens.get(name);
    if (own !== undefined) return adoptToken(own, session, mode, adopt);
    if (adopt === "only") return ENOENT;
    if (!membership.host.reaches) return Sanlk.aioTimeout;
    if (typeof lease === "number") return lease;
    if (membership.releasing.has(name)) return EAGAIN;
    const conflict = this.#conflict(session, lease, mode);
    if (conflict !== 0) return conflict;
    const { hostId, generation } = membership;
    const owner: Owner = { hostId, generation, mode, sinceMs: this.now() };
    lease.owners.push(owner);
    const block = type === ResourceType.lv ? undefined : lease.block;
    membership.tokens.set(name, { name, lease, owner, mode, session, block, changed: false });
    return 0;
  }

  /** Owners that count against the request; those that do not count any more are removed. */
  #conflict({ disk, membership }: Session, lease: Lease, mode: Mode): number {
    if (lease.owners.length === 0) return 0;
    const now = this.now();
    const { hostId, generation } = membership!;
    lease.owners = lease.owners.filter((owner) => disk.counts(owner, now));
    for (const owner of lease.owners) {
      if (isHeldBy(owner, hostId, generation)) continue;
      if (isExclusive(owner)) return this.#heldBy(disk, owner, now);
      if (mode === Mode.ex) return EAGAIN;
    }
    return 0;
  }

  #heldBy(disk: Disk, { hostId }: Owner, now: number): number {
    const silent = now - disk.delta(hostId).silentSince;
    return silent > this.timing.doubtfulMs ? Sanlk.acquireOwnedRetry : Sanlk.acquireIdlive;
  }

  /** A failed conversion leaves the old mode, on this host; `done` says that the disk has the new one. */
  convert(
    session: Session,
    name: string,
    mode: Mode,
    { failure, done }: { failure: number; done: boolean },
  ): number {
    const token = ownToken(session, name);
    if (token === undefined) return ENOENT;
    if (token.mode === mode) return -Errno.EALREADY;
    if (failure !== 0 && !done) return failure;
    if (!token.session.membership!.host.reaches) return Sanlk.aioTimeout;
    const others = othersOf(session.disk, token.lease, token.owner.hostId, this.now());
    if (mode === Mode.ex && others.length > 0) return EAGAIN;
    // What this host takes for exclusive still must stay so for others, whatever was answered.
    if (failure !== 0) {
      if (mode === Mode.ex) token.owner.mode = mode;
      return failure;
    }
    if (mode === Mode.sh) session.membership!.writeBlock(token);
    token.mode = token.owner.mode = mode;
    return 0;
  }

  /** The version is kept by sanlock until the lease is written the next time. */
  store(session: Session, name: string, version: number): number {
    const held = session.held.get(name);
    if (version === 0 || held?.block === undefined || held.mode !== Mode.ex) return 0;
    if (ownToken(session, name) === undefined) return ENOENT;
    held.block = { version: held.block.version || FORMAT, flags: 0, resourceVersion: version };
    held.changed = true;
    return 0;
  }

  /** What cannot be written now is written later; one that is to rename the lease is not. */
  release(session: Session, name: string, rename: boolean, failure: number): number {
    const token = ownToken(session, name);
    if (token === undefined) return NO_TOKEN;
    const membership = session.membership!;
    if (rename && failure !== 0) return failure;
    membership.tokens.delete(name);
    if (membership.phase === "recovering") {
      membership.cleared();
      return 0; // nothing is written any more
    }
    const problem = membership.host.reaches ? failure : Sanlk.aioTimeout;
    if (problem !== 0) {
      membership.releasing.set(name, token);
      membership.retryReleases();
      return problem;
    }
    membership.write(token);
    if (rename) token.lease.name = REMOVED;
    return 0;
  }
}

/** sanlock refuses new locks in a lockspace that it does not have, or is giving up. */
function notJoined({ membership, held }: Session): number {
  return membership?.phase === "recovering" && held.size > 0 ? -Errno.EBUSY : -Errno.ENOSPC;
}

/** This host has the lock already, maybe as an orphan: that is adopted without a look at the disk. */
function adoptToken(token: Token, session: Session, mode: Mode, adopt: Adopt): number {
  if (token.session.isOpen) return -Errno.EEXIST;
  if (adopt === "no" || token.mode !== mode) return -Errno.EUCLEAN;
  token.session = session;
  return 0;
}

function ownToken(session: Session, name: string): Token | undefined {
  const token = session.membership?.tokens.get(name);
  return token?.session === session ? token : undefined;
}
