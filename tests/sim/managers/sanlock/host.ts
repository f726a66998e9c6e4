/**
 * A host with its sanlock daemon.
 *
 * @module
 */
import { Host } from "../shared.ts";
import type { Membership } from "./membership.ts";
import type { Join } from "./starts.ts";

export class SanlockHost extends Host {
  /** Lockspaces that its sanlock daemon has joined, by name. */
  readonly memberships = new Map<string, Membership>();
  readonly joining = new Map<string, Join>();
  /** Its sanlock daemon ended in lockspaces: the watchdog will reset it. */
  doomed = false;

  forget(membership: Membership): void {
    const { name } = membership.spec;
    if (this.memberships.get(name) === membership) this.memberships.delete(name);
  }

  /** Whether it reaches its disks has changed. */
  check(): void {
    for (const membership of [...this.memberships.values()]) membership.check();
  }

  /** Nothing of it goes on. @param how its daemon alone is gone: the watchdog is left. */
  lose(how: "host" | "sanlock"): void {
    for (const join of [...this.joining.values()]) {
      if (how === "host") join.release();
      else join.fail(-104);
    }
    for (const membership of [...this.memberships.values()]) {
      if (how === "host") membership.end();
      else {
        membership.abandon();
        this.doomed = true;
      }
    }
  }
}
