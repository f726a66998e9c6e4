/**
 * Waiting for what a join waits for: a quorum of the cluster's nodes, the fencing of a node that
 * failed. dlm_controld would wait as well, but in the kernel, where nobody can end it.
 *
 * @module
 */
import type { Controller } from "./controller.ts";
import { WaitFor } from "./constants.ts";
import type { PendingChange } from "./structs.ts";
import type { ClusterStatus, Tools } from "./tools.ts";

/** Pause between two looks, milliseconds. */
export const LOOK_MS = 1000;

/** So many questions may stay without an answer. */
const UNANSWERED = 5;

export type Readiness = "ready" | "no dlm_controld" | "cancelled";

/** Resolves after a pause, or earlier when it is cancelled. */
export function pause(ms: number, cancelled: AbortSignal): Promise<void> {
  return new Promise((wake) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      cancelled.removeEventListener("abort", done);
      wake();
    }
    if (cancelled.aborted) done();
    else cancelled.addEventListener("abort", done);
  });
}

/**
 * Waits until dlm_controld lets lockspaces be joined.
 * @param onWait is told what is waited for.
 */
export async function awaitQuorum(
  { tools, controller, lookMs }: { tools: Tools; controller: Controller; lookMs: number },
  cancelled: AbortSignal,
  onWait: (note: string) => void,
): Promise<Readiness> {
  for (let unanswered = 0;;) {
    const status = await tools.clusterStatus();
    if (cancelled.aborted) return "cancelled";
    if (status === undefined && !await controller.isRunning()) return "no dlm_controld";
    if (status === undefined) {
      // On a busy host it may be late. If it never can be asked, the join itself will tell.
      if (++unanswered >= UNANSWERED) return "ready";
    } else if (status.quorate || !await tools.needsQuorum()) return "ready";
    else onWait(quorumNote(status));
    await pause(lookMs, cancelled);
    if (cancelled.aborted) return "cancelled";
  }
}

function quorumNote({ nodes }: ClusterStatus): string {
  const there = nodes.length === 1 ? `node ${nodes[0]}` : `nodes ${nodes.join(", ")}`;
  return "waiting for quorum: too few nodes of the cluster are there" +
    (nodes.length === 0 ? "" : ` (only ${there})`);
}

/** What a lockspace that is being joined waits for; undefined when nothing holds it up. */
export function pendingNote({ condition, messages }: PendingChange): string | undefined {
  if (messages) return `waiting for messages of ${condition} other nodes`;
  switch (condition) {
    case WaitFor.ringid:
      return "waiting for corosync";
    case WaitFor.quorum:
      return "waiting for quorum: too few nodes of the cluster are there";
    case WaitFor.fencing:
      return "waiting until a node that failed is fenced";
    default:
      return undefined;
  }
}
