/**
 * The table against the model: the same requests, the same other hosts, a lock manager that answers
 * at once. After every step the answers, the lock manager calls and the whole state are the same.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { CLIENTS, type Command, promptCommands, RESOURCES, toRequest } from "./commands.ts";
import { Model } from "./model.ts";
import { PromptTable } from "./prompt_table.ts";
import { stateOfModel, stateOfTable } from "./state.ts";
import { World } from "./world.ts";

const seed = Number(Deno.env.get("SEED") ?? 20260101);
const numRuns = Number(Deno.env.get("RUNS") ?? 300);

class Pair {
  readonly #worlds = [new World(), new World()] as const;
  readonly model = new Model(this.#worlds[0], RESOURCES);
  readonly table = new PromptTable(this.#worlds[1]);
  #requests = 0;
  /** The living client in each place; a new one takes the place of one that is gone. */
  readonly #clients = Array.from({ length: CLIENTS }, (_, i) => i + 1);
  #lastClient = CLIENTS;

  step(command: Command): void {
    const { model, table } = this;
    switch (command.kind) {
      case "request": {
        const client = this.#clients[command.client - 1]!;
        const id = ++this.#requests;
        model.request(command.resource, { ...command, id, client });
        table.request(client, id, toRequest(command));
        return;
      }
      case "gone": {
        const client = this.#clients[command.client - 1]!;
        this.#clients[command.client - 1] = ++this.#lastClient;
        model.gone(client);
        table.gone(client);
        return;
      }
      case "cancel": {
        const waiting = model.waiting;
        if (waiting.length === 0) return;
        const { client, id } = waiting[command.pick % waiting.length]!;
        model.cancel(client, id);
        table.cancel(client, id);
        return;
      }
      case "timer": {
        const timers = model.timers;
        if (timers.length === 0) return;
        const timer = timers[command.pick % timers.length]!;
        model.timer(timer);
        table.timer(timer);
        return;
      }
      default:
        for (const world of this.#worlds) change(world, command);
    }
  }

  compare(): void {
    const [expected, actual] = [this.model.take(), this.table.take()];
    for (const { replies } of [expected, actual]) replies.sort((a, b) => a.id - b.id);
    const living = new Set(this.#clients);
    assertSame({
      replies: actual.replies,
      calls: byResource(actual.calls),
      timers: this.table.timers,
      state: stateOfTable(this.table.inspect(), living),
    }, {
      replies: expected.replies,
      calls: byResource(expected.calls),
      timers: this.model.timers,
      state: stateOfModel(this.model, living),
    });
  }
}

/** As assertEquals, but quick as long as there is no difference. */
function assertSame<T>(actual: T, expected: T): void {
  if (JSON.stringify(actual) !== JSON.stringify(expected)) assertEquals(actual, expected);
}

function change(world: World, command: Command): void {
  if (command.kind === "remote") world.setRemote(command.resource, command.mode);
  else if (command.kind === "stuck") world.setStuck(command.resource, command.stuck);
  else if (command.kind === "written") world.setVersion(command.resource, command.version);
  else if (command.kind === "passing") world.passing = command.passing;
}

/** The order of calls counts only within one resource. */
function byResource(calls: string[]): string[] {
  const resource = (call: string) => call.slice(0, call.indexOf(" "));
  return calls
    .map((call, index) => ({ call, index }))
    .sort((a, b) =>
      resource(a.call) < resource(b.call)
        ? -1
        : resource(a.call) > resource(b.call)
        ? 1
        : a.index - b.index
    )
    .map(({ call }) => call);
}

Deno.test("the table does what the model does", () => {
  fc.assert(
    fc.property(promptCommands, (commands) => {
      const pair = new Pair();
      for (const command of commands) {
        pair.step(command);
        pair.compare();
      }
    }),
    { seed, numRuns },
  );
});
