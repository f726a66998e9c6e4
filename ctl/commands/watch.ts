/**
 * `watch`: follows all changes of state.
 *
 * @module
 */
import type { Event } from "../../core/api/client.ts";
import { Exit } from "../exit.ts";
import { type Command, type CommandRun } from "./command.ts";
import { clientText, resourceText } from "./text.ts";

async function run(run: CommandRun): Promise<number> {
  const events = run.daemon.events()[Symbol.asyncIterator]();
  const { promise: atDeadline, resolve } = Promise.withResolvers<undefined>();
  run.deadline.signal.addEventListener("abort", () => resolve(undefined));
  for (;;) {
    const next = await Promise.race([events.next(), atDeadline]);
    if (!next || next.done) return Exit.ok;
    if (run.json) run.io.out(`${JSON.stringify(next.value)}\n`);
    else run.io.out(eventText(next.value));
    if (next.value.event === "end") return Exit.ok;
  }
}

/** A line for each event, none for heartbeats. */
export function eventText(event: Event): string {
  const text = describe(event);
  return text && `${new Date(event.time).toTimeString().slice(0, 8)} ${text}\n`;
}

function describe(event: Event): string {
  switch (event.event) {
    case "lockspace": {
      const marks = `${event.killed ? ", killed" : ""}${event.dropped ? ", dropped" : ""}`;
      return `${event.vg === null ? "global lockspace" : `lockspace of VG ${event.vg}`}: ` +
        event.state + marks;
    }
    case "granted":
    case "released": {
      const { mode, persistent, client } = event.holder;
      const kind = persistent ? ", persistent" : "";
      return `${event.event} ${resourceText(event.resource)} ${mode}: ${clientText(client)}${kind}`;
    }
    case "converted":
      return `converted ${resourceText(event.resource)} ${event.previousMode} to ` +
        `${event.holder.mode}: ${clientText(event.holder.client)}`;
    case "waiting":
    case "wait-ended": {
      const { op, mode, client } = event.waiter;
      const what = event.resource ? resourceText(event.resource) : event.lockspace;
      const wanted = op === "lock" ? `${what} ${mode}` : `${op} of ${what}`;
      return `${event.event} ${wanted}: ${clientText(client)}`;
    }
    case "sync":
      return "that is the state now, changes follow";
    case "end":
      return `end: ${event.reason}`;
    case "session":
    case "heartbeat":
      return "";
  }
}

export const command: Command = {
  arguments: "",
  about: "Follows all changes of lockspaces and locks, beginning with the state now. Ends with\n" +
    "the daemon or at --deadline. --json prints the events as they come, one object a line.",
  options: [],
  words: [0, 0],
  run,
};
