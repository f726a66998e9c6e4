/**
 * What is measured: stages, each with fresh servers that first get a number of persistent locks to
 * hold, and the rows measured in it.
 *
 * @module
 */
import type { Work } from "./load.ts";

export interface Row {
  work: Work;
  connections: number;
}

export interface Stage {
  /** Persistent LV locks held throughout, on LVs that the rows do not touch. */
  held: number;
  rows: Row[];
}

const emptyTable: Row[] = [
  { work: "lv", connections: 1 },
  { work: "lv", connections: 4 },
  { work: "lv", connections: 16 },
  { work: "lv", connections: 100 },
  { work: "persistent", connections: 1 },
  { work: "persistent", connections: 16 },
];
const extra: Row[] = [
  { work: "vg", connections: 16 },
  { work: "hello", connections: 16 },
];
const fullTable: Row[] = [{ work: "lv", connections: 4 }];

/** The stages for these numbers of held locks; `all` adds VG locks and the bare handshake. */
export function plan(heldCounts: readonly number[], all: boolean): Stage[] {
  const empty = { held: 0, rows: all ? [...emptyTable, ...extra] : emptyTable };
  return [empty, ...heldCounts.map((held) => ({ held, rows: fullTable }))];
}

const workTitles: Record<Work, string> = {
  lv: "LV lock + unlock",
  persistent: "persistent LV lock + unlock",
  vg: "VG lock sh + unlock",
  hello: "hello",
  hold: "persistent LV lock",
};

/** A row in words, as in "LV lock + unlock, 16 connections, 10,000 locks held". */
export function rowTitle(row: Row, held: number): string {
  const connections = `${row.connections} connection${row.connections === 1 ? "" : "s"}`;
  const locks = held ? `, ${held.toLocaleString("en")} locks held` : "";
  return `${workTitles[row.work]}, ${connections}${locks}`;
}
