/**
 * The scenarios, and which of them run with which daemons.
 *
 * @module
 */
import type { ClusterScenario, Daemons } from "./cluster_scenario.ts";
import type { DaemonKind } from "./daemon.ts";
import { dlmDaemonRestart } from "./dlm/daemon_restart.ts";
import { dlmNoQuorum } from "./dlm/no_quorum.ts";
import { dlmNodeCrash } from "./dlm/node_crash.ts";
import { dlmOneHost } from "./dlm/one_host.ts";
import { dlmSameRequests } from "./dlm/same_requests.ts";
import { dlmSharedVg } from "./dlm/shared_vg.ts";
import { dlmPause } from "./faults/dlm_pause.ts";
import { hardTimes } from "./faults/hard_times.ts";
import { kills } from "./faults/kills.ts";
import { pause } from "./faults/pause.ts";
import { idmOneHost } from "./idm/one_host.ts";
import { lifeOfAVg } from "./life_of_a_vg.ts";
import { makeSafe } from "./make_safe.ts";
import { oneFileScenario } from "./one_file.ts";
import { refusals } from "./refusals.ts";
import { restart } from "./restart.ts";
import type { Scenario } from "./scenario.ts";
import { daemonRestart } from "./sanlock/daemon_restart.ts";
import { onDisk } from "./sanlock/on_disk.ts";
import { sanlockDeath } from "./sanlock/sanlock_death.ts";
import { twoVgs } from "./sanlock/two_vgs.ts";
import { hostCrash } from "./sanlock/host_crash.ts";
import { storageCut } from "./sanlock/storage_cut.ts";
import { sharedVg } from "./sanlock/shared_vg.ts";
import type { SystemdScenario } from "./systemd/scenario.ts";
import { systemdPackage } from "./systemd/package.ts";
import { systemdService } from "./systemd/service.ts";

/** One host each, with the embedded lock manager or the stock daemon's test mode. */
const scenarios: readonly Scenario[] = [lifeOfAVg, makeSafe, restart, refusals, oneFileScenario];

/** Hosts with a lock manager. The longest first. */
const clusterScenarios: readonly ClusterScenario[] = [
  dlmSharedVg,
  dlmDaemonRestart,
  dlmNodeCrash,
  dlmNoQuorum,
  dlmSameRequests,
  dlmOneHost,
  idmOneHost,
  hostCrash,
  storageCut,
  sharedVg,
  daemonRestart,
  onDisk,
  twoVgs,
  sanlockDeath,
  hardTimes,
  pause,
  dlmPause,
  kills,
];

/** These take long for what they show: they run only when they are named. */
const onRequest: readonly ClusterScenario[] = [hardTimes, pause, dlmPause, kills];

/** One host with systemd, with this project's daemon as its service. */
const systemdScenarios: readonly SystemdScenario[] = [systemdService, systemdPackage];

/** A scenario with the daemon of each host. `name` is unique and fit for a file name. */
export type Run =
  | { kind: "systemd"; name: string; scenario: SystemdScenario; daemons: Daemons }
  | { kind: "guest"; name: string; scenario: Scenario; daemons: Daemons }
  | { kind: "cluster"; name: string; scenario: ClusterScenario; daemons: Daemons };

/** The names of all scenarios. */
export const names: readonly string[] = [
  ...clusterScenarios,
  ...systemdScenarios,
  ...scenarios,
].map(({ name }) => name);

/** What has to run for a daemon under test; of all scenarios if none is named. */
export function plan(underTest: DaemonKind, wanted: readonly string[]): Run[] {
  const isWanted = ({ name }: { name: string }) =>
    wanted.length > 0
      ? wanted.includes(name)
      : !onRequest.some((scenario) => scenario.name === name);
  const clusters = clusterScenarios.filter(isWanted)
    .flatMap((scenario) => clusterRuns(scenario, underTest));
  const guests = scenarios.filter(isWanted)
    .filter(({ daemons }) => daemons.includes(underTest))
    .map((scenario): Run => ({ kind: "guest", name: scenario.name, scenario, daemons: ["ours"] }));
  const machines = systemdScenarios.filter((scenario) => underTest === "ours" && isWanted(scenario))
    .map((scenario): Run => ({
      kind: "systemd",
      name: scenario.name,
      scenario,
      daemons: ["ours"],
    }));
  return [...clusters, ...machines, ...guests];
}

function clusterRuns(scenario: ClusterScenario, underTest: DaemonKind): Run[] {
  const run = (daemons: Daemons): Run => {
    const kinds = daemons.map((kind) => kind === "ours" ? underTest : kind);
    return { kind: "cluster", name: [scenario.name, ...kinds].join("-"), scenario, daemons };
  };
  if (underTest === "ours") return scenario.clusters.map(run);
  return scenario.oracle ? scenario.clusters.slice(0, 1).map(run) : [];
}
