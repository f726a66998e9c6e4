/**
 * Nobody believes that he has a lock for himself while somebody else believes that he has it too, on
 * whatever host. idm does not stop a host whose leases have run out, and gives up what a dead daemon
 * held: what such hosts believe counts for nothing.
 *
 * @module
 */
import { LockType, Mode } from "../../../core/types.ts";
import type { Belief } from "../beliefs.ts";
import type { MakeChecker } from "../checker.ts";

export const exclusion: MakeChecker = (scene, object) => {
  const died = new Map<number, number>();
  /** What each host was granted and has not given back. */
  const granted = new Set<string>();
  const keyOf = (host: number, lockspace: string, resource: string) =>
    `${host} ${lockspace}/${resource}`;
  /** The manager has taken it away, while the host was not looking. */
  const isTaken = ({ host, lockspace, resource }: Belief) =>
    granted.has(keyOf(host, lockspace, resource)) &&
    !scene.held().some((lock) =>
      lock.host === host && lock.lockspace === lockspace && lock.resource === resource
    );
  const isUnprotected = (belief: Belief) => {
    if (scene.kind !== LockType.idm) return false;
    const { host, vgName, sinceMs, session } = belief;
    if (scene.isLost(host, vgName) || isTaken(belief)) return true;
    return session === undefined && sinceMs <= (died.get(host) ?? -1);
  };
  return {
    name: "exclusion",
    believed(belief, beside) {
      for (const other of beside) {
        if (belief.mode !== Mode.ex && other.mode !== Mode.ex) continue;
        if (isUnprotected(other) || isUnprotected(belief)) continue;
        object(`${who(belief)} while ${who(other)}`);
      }
    },
    called({ name, daemon, lockspace, resource }) {
      if (name === "unlock") granted.delete(keyOf(daemon.host.number, lockspace, resource));
    },
    answered({ name, daemon, lockspace, resource }, { result }) {
      if (result < 0 || (name !== "lock" && name !== "convert")) return;
      granted.add(keyOf(daemon.host.number, lockspace, resource));
    },
    daemonDied({ host }) {
      died.set(host.number, scene.now());
    },
  };
};

function who({ host, session, mode, lockspace, resource }: Belief): string {
  const what = session === undefined ? "has it active" : `has it by ${session.name}`;
  return `host ${host} ${what} in mode ${
    mode === Mode.ex ? "ex" : "sh"
  } (${lockspace}/${resource})`;
}
