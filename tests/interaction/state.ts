/**
 * The state of table and model in one form, to be compared.
 *
 * @module
 */
import type { InspectRow, Mode } from "../../core/types.ts";
import type { Model } from "./model.ts";

export interface ResourceState {
  name: string;
  mode: Mode;
  version: number;
  /** `mode version holder`, sorted. It does not matter which of several dead clients holds one. */
  held: string[];
  /** Request ids in order. */
  waiting: number[];
}

const byName = (a: ResourceState, b: ResourceState) => a.name < b.name ? -1 : 1;

function holder(client: number, living: ReadonlySet<number>): string {
  return client === 0 ? "persistent" : living.has(client) ? `${client}` : "gone";
}

/** Everything listed below the lockspaces, by name. */
export function stateOfTable(
  rows: Iterable<InspectRow>,
  living: ReadonlySet<number>,
): ResourceState[] {
  const states: ResourceState[] = [];
  let vg = "";
  for (const row of rows) {
    const last = states.at(-1);
    if (row.kind === "lockspace") {
      vg = row.vgName;
    } else if (row.kind === "resource") {
      const { mode, version } = row;
      states.push({ name: `${vg}/${row.name}`, mode, version, held: [], waiting: [] });
    } else if (row.kind === "lock") {
      last!.held.push(`${row.mode} ${row.version} ${holder(row.clientId, living)}`);
    } else {
      last!.waiting.push(row.requestId);
    }
  }
  for (const state of states) state.held.sort();
  return states.sort(byName);
}

/** LVs that nobody holds or wants are not listed. */
export function stateOfModel(model: Model, living: ReadonlySet<number>): ResourceState[] {
  return model.resources
    .filter(({ isVg, held, waiting }) => isVg || held.length > 0 || waiting.length > 0)
    .map(({ name, mode, version, held, waiting }) => ({
      name,
      mode,
      version,
      held: held.map((at) => `${at.mode} ${at.version} ${holder(at.client, living)}`).sort(),
      waiting: waiting.map(({ id }) => id),
    }))
    .sort(byName);
}
