/**
 * The cluster: which nodes reach each other, who has the majority, who is fenced, and when the
 * lockspaces of a node that failed go on.
 *
 * A node that is cut off reaches nobody; all others reach each other.
 *
 * @module
 */
import type { ManagerFaults, Surroundings } from "../../manager.ts";
import { Hosts, withoutFaults, type World } from "../shared.ts";
import { DlmHost } from "./host.ts";
import { type Member, Space } from "./space.ts";

export interface DlmOptions {
  /** Name of the cluster, as it is in the lock args of its VGs. `sim` if absent. */
  clusterName?: string;
}

/** Until a node that does not answer counts as failed, and until it has been fenced. */
const DETECTION_MS = 3000;
/** From the failure until the locks of a node are free. Measured: 6.3 s with two nodes. */
const RECOVERY_MS = [4000, 7000] as const;

export class Cluster implements World {
  faults: ManagerFaults = withoutFaults();
  readonly hosts: Hosts<DlmHost>;
  readonly spaces = new Map<string, Space>();
  readonly clusterName: string;

  constructor(readonly around: Surroundings, { clusterName = "sim" }: DlmOptions) {
    this.clusterName = clusterName;
    this.hosts = new Hosts((number) => new DlmHost(number, this));
  }

  now(): number {
    return this.around.clock.now();
  }

  space(name: string): Space {
    let space = this.spaces.get(name);
    if (space === undefined) this.spaces.set(name, space = new Space(name));
    return space;
  }

  /** The lockspace that a host is in, if it is. */
  memberOf(name: string, host: DlmHost): Member | undefined {
    return this.spaces.get(name)?.members.get(host.number);
  }

  /** Most of the nodes reach each other; of two, one is enough. */
  get isQuorate(): boolean {
    let all = 0;
    let there = 0;
    for (const host of this.hosts.all()) {
      all++;
      if (this.reaches(host)) there++;
    }
    return there * 2 > all || (all === 2 && there === 1);
  }

  /** A single node needs nobody. */
  reaches(host: DlmHost): boolean {
    if (!host.up || host.paused || !host.managed) return false;
    return !host.cut || this.hosts.count === 1;
  }

  /** Something has changed: who is fenced, what stands still, what goes on? */
  look(): void {
    const { isQuorate } = this;
    if (isQuorate) { for (const host of this.hosts.all()) this.#fenceLater(host); }
    for (const space of [...this.spaces.values()]) this.#lookAt(space, isQuorate);
  }

  #lookAt(space: Space, isQuorate: boolean): void {
    if (isQuorate) this.#recover(space);
    let stalled = !isQuorate || space.recoveries.length > 0;
    for (const { host } of space.members.values()) stalled ||= !this.reaches(host);
    space.stalled = stalled;
    if (!stalled) { for (const session of [...space.sessions]) session.look(); }
  }

  #recover(space: Space): void {
    const now = this.now();
    const ready = space.recoveries.filter(({ readyMs }) => readyMs <= now);
    if (ready.length === 0) return;
    space.recoveries = space.recoveries.filter(({ readyMs }) => readyMs > now);
    for (const { member } of ready) {
      space.remove(member, now, () => this.around.chance.perMille(500));
    }
  }

  #isInUse(host: DlmHost): boolean {
    for (const { members } of this.spaces.values()) if (members.has(host.number)) return true;
    return false;
  }

  /** A node that does not answer is reset before others go on. */
  #fenceLater(host: DlmHost): void {
    if (!host.up || host.fencing || this.reaches(host) || !this.#isInUse(host)) return;
    host.fencing = true;
    const { life } = host;
    this.around.clock.after(DETECTION_MS, () => {
      host.fencing = false;
      if (host.life !== life || this.reaches(host) || !this.isQuorate) return;
      this.around.resetHost(host.number, "the other nodes of the DLM cluster do not see it");
    });
  }

  /** After the host's death: its lockspaces stand still until the others have agreed. */
  nodeFailed(host: DlmHost): void {
    host.fencing = false;
    const { clock, chance } = this.around;
    for (const space of this.spaces.values()) {
      const member = space.members.get(host.number);
      if (member === undefined) continue;
      space.members.delete(host.number);
      for (const session of space.sessions) {
        if (session.member === member) space.sessions.delete(session);
      }
      const ms = chance.between(...RECOVERY_MS);
      space.recoveries.push({ member, readyMs: this.now() + ms });
      clock.after(ms, () => this.look());
    }
    this.look();
  }
}
