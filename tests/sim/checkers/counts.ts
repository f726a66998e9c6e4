/**
 * A resource's mode and its number of shared locks are those of its list of locks.
 *
 * @module
 */
import { Mode } from "../../../core/types.ts";
import type { MakeChecker, ResourceView } from "../checker.ts";
import { UnderWay } from "./under_way.ts";

export const counts: MakeChecker = (_scene, object) => {
  const underWay = new UnderWay();
  return {
    name: "counts",
    called: (call) => underWay.begin(call),
    answered: (call) => underWay.end(call),
    daemonDied: (daemon) => underWay.forget(daemon),
    look(daemon, view) {
      for (const { row: lockspace, resources } of view) {
        for (const resource of resources) {
          const why = wrong(resource);
          if (why === "" || underWay.has(daemon, lockspace.name, resource.row.name)) continue;
          object(`${lockspace.name}/${resource.row.name} on host ${daemon.host.number}: ${why}`);
        }
      }
    },
  };
};

function wrong({ row, locks, lockspace }: ResourceView): string {
  const shared = locks.filter(({ mode }) => mode === Mode.sh).length;
  const exclusive = locks.filter(({ mode }) => mode === Mode.ex).length;
  if (row.shCount !== shared) return `sh_count is ${row.shCount} with ${shared} shared locks`;
  if (exclusive > 1 || (exclusive > 0 && shared > 0)) return "an exclusive lock is not alone";
  const mode = exclusive > 0 ? Mode.ex : shared > 0 ? Mode.sh : Mode.un;
  // A lock that came too late for a lockspace that stops has a mode and no holder.
  const stops = lockspace.state === "stopping" && locks.length === 0;
  if (row.mode !== mode && !stops) return `the mode is ${row.mode} with locks of mode ${mode}`;
  if (locks.filter(({ persistent }) => persistent).length > 1) return "two persistent locks";
  return "";
}
