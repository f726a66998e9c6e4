/**
 * The lease LV of a VG: the leases of hosts, of the VG and its LVs, as they are on the disk. What is
 * here outlives every host.
 *
 * @module
 */
import type { ValueBlock } from "../../../../backends/lock_manager.ts";
import { formatLvArgs } from "../../../../backends/sanlock/lock_args.ts";
import { DISABLED_GL, ENABLED_GL, UNUSED } from "../../../../backends/sanlock/lockspace.ts";
import { Mode } from "../../../../core/types.ts";
import { noValueBlock } from "../shared.ts";
import type { Timing } from "./timing.ts";

const MiB = 1024 * 1024;
/** Slots before the first LV's: those of hosts, of the global lock and of the VG. */
const FIRST_LV_SLOT = 67;

/** The lease by which a host proves that it is alive. */
export interface Delta {
  /** Number of the host that wrote it last. */
  host: number;
  generation: number;
  /** It was joined and not left. */
  inUse: boolean;
  /** When it was renewed last, once renewals have ended; `Infinity` while they go on. */
  silentSince: number;
  /** A host that is joining under this host id. */
  claim: number;
}

export interface Owner {
  hostId: number;
  generation: number;
  mode: Mode;
  sinceMs: number;
}

export interface Lease {
  name: string;
  owners: Owner[];
  block: ValueBlock;
}

/** Owner state as sanlock shows it to others. */
export type OwnerState = "FREE" | "LIVE" | "FAIL" | "DEAD";

const leaseNamed = (name: string): Lease => ({ name, owners: [], block: noValueBlock });

export class Disk {
  readonly deltas = new Map<number, Delta>();
  gl: Lease;
  vg: Lease = leaseNamed("VGLK");
  readonly lvs: Lease[] = [];
  /** LV leases by lock args. */
  readonly byArgs = new Map<string, Lease>();
  /** Its VG was removed. */
  removed = false;

  constructor(
    /** Name of the lockspace that is written on it. */
    public lockspace: string,
    slots: number,
    enableGl: boolean,
    private readonly timing: Timing,
  ) {
    this.gl = leaseNamed(enableGl ? ENABLED_GL : DISABLED_GL);
    for (let i = 0; i < slots; i++) {
      const lease = leaseNamed(UNUSED);
      this.lvs.push(lease);
      this.byArgs.set(argsOf(i), lease);
    }
  }

  delta(hostId: number): Delta {
    let delta = this.deltas.get(hostId);
    if (delta === undefined) {
      delta = { host: 0, generation: 0, inUse: false, silentSince: -Infinity, claim: 0 };
      this.deltas.set(hostId, delta);
    }
    return delta;
  }

  /** Does an owner's lease count? Not if the host has left, has joined again, or is dead. */
  counts(owner: Owner, now: number): boolean {
    const delta = this.deltas.get(owner.hostId);
    return delta !== undefined && delta.inUse && delta.generation === owner.generation &&
      now < delta.silentSince + this.timing.deadMs;
  }

  /** State of a host for others. */
  stateOf(hostId: number, now: number): OwnerState {
    const delta = this.deltas.get(hostId);
    if (delta === undefined || !delta.inUse) return "FREE";
    const silent = now - delta.silentSince;
    if (silent >= this.timing.deadMs) return "DEAD";
    return silent >= this.timing.lostMs ? "FAIL" : "LIVE";
  }

  /** Rewrites a lease: whoever holds it loses it. */
  rewrite(lease: Lease, name: string): void {
    lease.name = name;
    lease.owners = [];
    lease.block = noValueBlock;
  }

  /** Index of the first free slot from `start` on, without a turn; -1 if there is none. */
  freeSlot(start: number): number {
    for (let i = start; i < this.lvs.length; i++) if (this.lvs[i]!.name === UNUSED) return i;
    return -1;
  }

  *leases(): Generator<Lease> {
    yield this.gl;
    yield this.vg;
    yield* this.lvs;
  }
}

/** Whom of the owners the asking host has to reckon with. */
export function othersOf(disk: Disk, lease: Lease, hostId: number, now: number): Owner[] {
  if (lease.owners.length === 0) return none;
  return lease.owners.filter((owner) => owner.hostId !== hostId && disk.counts(owner, now));
}

const none: Owner[] = [];

export function isHeldBy(owner: Owner, hostId: number, generation: number): boolean {
  return owner.hostId === hostId && owner.generation === generation;
}

export const argsOf = (index: number): string => formatLvArgs((FIRST_LV_SLOT + index) * MiB);

export const isExclusive = ({ mode }: Owner): boolean => mode === Mode.ex;
