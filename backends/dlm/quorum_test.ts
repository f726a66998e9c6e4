/**
 * What a join waits for, in words, and pauses that can be cut short.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { WaitFor } from "./constants.ts";
import { pause, pendingNote } from "./quorum.ts";
import { decodePendingChange, layout } from "./structs.ts";

/** A `struct dlmc_lockspace` with this change under way. */
function lockspace(condition: number, messages: number): Uint8Array {
  const bytes = new Uint8Array(layout.dlmc_lockspace.size);
  const view = new DataView(bytes.buffer);
  const at = layout.dlmc_lockspace.cg_next;
  view.setInt32(at + layout.dlmc_change.wait_condition, condition, true);
  view.setInt32(at + layout.dlmc_change.wait_messages, messages, true);
  return bytes;
}

Deno.test("what dlm_controld waits for is told to people", () => {
  const note = (condition: number, messages = 0) =>
    pendingNote(decodePendingChange(lockspace(condition, messages)));
  assertEquals(note(WaitFor.quorum), "waiting for quorum: too few nodes of the cluster are there");
  assertEquals(note(WaitFor.fencing), "waiting until a node that failed is fenced");
  assertEquals(note(WaitFor.ringid), "waiting for corosync");
  assertEquals(note(2, 1), "waiting for messages of 2 other nodes");
  assertEquals(note(0), undefined);
});

Deno.test("a pause ends when it is cancelled, also before it begins", async () => {
  const cancelled = new AbortController();
  const waiting = pause(1_000_000, cancelled.signal);
  cancelled.abort();
  await waiting;
  await pause(1_000_000, cancelled.signal);
  await pause(0, new AbortController().signal);
});
