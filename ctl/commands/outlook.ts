/**
 * The words in which people are told what a lock manager knows about a lockspace: its join, the lease
 * of this host, and the hosts in it.
 *
 * @module
 */
import { formatElapsed } from "../progress.ts";
import { ageText, type LockspaceJson, table } from "./text.ts";

type JoiningJson = NonNullable<LockspaceJson["joining"]>;
type LeaseJson = NonNullable<LockspaceJson["lease"]>;

const LIVE = "LIVE";

/** `joining as host 1, at most 50 s more`. */
export function joiningText({ note, remainingSeconds }: JoiningJson): string {
  if (remainingSeconds === null) return note;
  return `${note}, at most ${inSeconds(remainingSeconds)} more`;
}

/** A cell: `healthy`, `LATE, 20 s left`, `LOST`; `""` without a lease. */
export function leaseText(lease: LeaseJson | null): string {
  if (lease === null || lease.state === "healthy") return lease?.state ?? "";
  const state = lease.state.toUpperCase();
  const left = lease.state === "late" ? leftText(lease) : "";
  return left ? `${state}, ${left}` : state;
}

function leftText({ remainingSeconds }: LeaseJson): string {
  return remainingSeconds === null ? "" : `${inSeconds(remainingSeconds)} left`;
}

/** A cell: `3 live`, `2 live, 1 FAIL`; `""` if no host is known. */
export function hostsText(hosts: LockspaceJson["hosts"]): string {
  const counts = Map.groupBy(hosts, ({ state }) => state);
  const others = [...counts].filter(([state]) => state !== LIVE);
  const live = counts.get(LIVE)?.length ?? 0;
  if (hosts.length === 0) return "";
  return [`${live} live`, ...others.map(([state, { length }]) => `${length} ${state}`)].join(", ");
}

/** A table with a line per host; one sentence if none is known. */
export function hostsTable(hosts: LockspaceJson["hosts"]): string {
  if (hosts.length === 0) return "The lock manager does not tell which hosts are in it.\n";
  return table([
    ["HOST", "NAME", "STATE", "GENERATION", "LAST SEEN"],
    ...hosts.map((host) => [
      `${host.hostId}${host.self ? " (this)" : ""}`,
      host.name ?? "",
      host.state,
      `${host.generation}`,
      host.lastSeenSeconds === null ? "" : `${ageText(host.lastSeenSeconds)} ago`,
    ]),
  ]);
}

/** What goes on and is no trouble: joins, and hosts that are not live. A line each. */
export function notices(lockspaces: LockspaceJson[]): string {
  return lockspaces.flatMap((lockspace) => {
    const { joining, hosts } = lockspace;
    const joins = joining ? [`${nameOf(lockspace)} is starting: ${joiningText(joining)}\n`] : [];
    const absent = hosts.filter(({ state, self }) =>
      !self && (state === "FAIL" || state === "DEAD")
    );
    return [...joins, ...absent.map((host) => `${nameOf(lockspace)}: ${absenceText(host)}\n`)];
  }).join("");
}

function absenceText({ hostId, name, state, lastSeenSeconds }: LockspaceJson["hosts"][0]): string {
  const host = `host ${hostId}${name === null ? "" : ` (${name})`} is ${state}`;
  return lastSeenSeconds === null ? host : `${host}, last seen ${ageText(lastSeenSeconds)} ago`;
}

/** What is wrong, a line for each trouble, so that nobody overlooks it; `""` if nothing is. */
export function alarms(lockspaces: LockspaceJson[]): string {
  return lockspaces.flatMap((lockspace) => {
    const { vg, killed, lease } = lockspace;
    const lines: string[] = [];
    if (lease && lease.state !== "healthy") {
      const left = lease.state === "late" ? leftText(lease) : "";
      const when = left ? ` (${left})` : "";
      lines.push(
        `*** ${nameOf(lockspace)}: LEASE ${lease.state.toUpperCase()}${when}: ${lease.note}`,
      );
    }
    if (killed) {
      lines.push(
        `*** ${nameOf(lockspace)} lost its lock storage: deactivate its LVs, then run ` +
          `lvmlockctl drop ${vg}`,
      );
    }
    return lines.map((line) => `${line}\n`);
  }).join("");
}

function nameOf({ vg }: LockspaceJson): string {
  return vg === null ? "The global lockspace" : `VG ${vg}`;
}

/** Whole seconds up, so that nobody is told `0 s` before the time is over. */
function inSeconds(seconds: number): string {
  return formatElapsed(Math.ceil(seconds) * 1000);
}
