/**
 * The rows of a state listing, each with what belongs to it.
 *
 * @module
 */
import type { InspectRow } from "../../core/types.ts";
import type { LockspaceView, ResourceView, TableView } from "./checker.ts";

export function tableView(rows: readonly InspectRow[]): TableView {
  const view: TableView = [];
  let lockspace: LockspaceView | undefined;
  let resource: ResourceView | undefined;
  for (const row of rows) {
    switch (row.kind) {
      case "lockspace":
        view.push(lockspace = { row, resources: [], waiting: [] });
        break;
      case "resource":
        resource = { lockspace: lockspace!.row, row, locks: [], waiting: [] };
        lockspace!.resources.push(resource);
        break;
      case "lock":
        resource!.locks.push(row);
        break;
      case "action":
        (row.resource ? resource! : lockspace!).waiting.push(row);
    }
  }
  return view;
}
