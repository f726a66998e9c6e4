/**
 * What must hold however late, and in whatever order, the lock manager answers, and however often it
 * refuses. Also what is left behind, and what memory that takes.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Errno } from "../../core/errno.ts";
import { Effect, LmCall } from "../../core/records.ts";
import {
  emptyRequest,
  LockType,
  Mode,
  Op,
  OptionFlag,
  type Request,
  ResourceType,
} from "../../core/types.ts";
import {
  CLIENTS,
  type Command,
  RESOURCES,
  slowCommands,
  toRequest,
  toVgRequest,
} from "./commands.ts";
import { type LmAnswer, TableInputs } from "./inputs.ts";
import { SlowTable } from "./slow_table.ts";
import { newEngine } from "./table.ts";

const seed = Number(Deno.env.get("SEED") ?? 20260101);
const numRuns = Number(Deno.env.get("RUNS") ?? 500);

/** Plays commands; a new client takes the place of one that is gone. */
class Play {
  readonly table = new SlowTable();
  readonly clients = Array.from({ length: CLIENTS }, (_, i) => i + 1);
  #lastClient = CLIENTS;

  step(command: Command): void {
    const { calls, timers, unanswered } = this.table.referee;
    switch (command.kind) {
      case "request":
        return this.table.request(this.clients[command.client - 1]!, toRequest(command));
      case "vg":
        return this.table.request(this.clients[command.client - 1]!, toVgRequest(command));
      case "global": {
        const { client, mode } = command;
        const lock = { op: Op.lock, resourceType: ResourceType.gl, mode };
        return this.table.request(this.clients[client - 1]!, { ...emptyRequest, ...lock });
      }
      case "gone":
        return this.#gone(command.client - 1);
      case "answer": {
        const call = pickOf(calls.values(), command.pick);
        if (call) this.table.answer(call, answerTo(call.op, command));
        return;
      }
      case "timer": {
        const timer = pickOf(timers, command.pick);
        if (timer !== undefined) this.table.timer(timer);
        return;
      }
      case "cancel": {
        const request = pickOf(unanswered, command.pick);
        if (request) this.table.cancel(request[1], request[0]);
        return;
      }
    }
  }

  #gone(place: number): void {
    this.table.gone(this.clients[place]!);
    this.clients[place] = ++this.#lastClient;
  }
}

function pickOf<T>(from: Iterable<T>, pick: number): T | undefined {
  const all = [...from];
  return all[pick % Math.max(all.length, 1)];
}

function answerTo(op: number, { pick, refuse }: { pick: number; refuse: boolean }): LmAnswer {
  if (!refuse) return { result: op === LmCall.hasGl ? 1 : 0, glEnabled: pick === 0 };
  const retry = pick % 2 === 0;
  switch (op) {
    case LmCall.hasGl:
      return { result: 0 };
    case LmCall.leave:
    case LmCall.hosts:
      return { result: -Errno.EBUSY };
    case LmCall.lock:
      return {
        result: -[Errno.ELMERR, Errno.EAGAIN, Errno.EAGAIN, Errno.EUNATCH][pick % 4]!,
        retry,
      };
    default:
      return { result: -Errno.ELMERR };
  }
}

/** Requests that wait although nothing holds them up. */
function stranded(table: SlowTable): string[] {
  const found: string[] = [];
  let mode: Mode = Mode.un;
  let first = true;
  for (const row of table.inspect()) {
    if (row.kind === "resource") [mode, first] = [row.mode, true];
    if (row.kind !== "action") continue;
    const held = mode === Mode.ex || (mode === Mode.sh && row.mode === Mode.ex);
    if (first && !held) found.push(`request ${row.requestId}`);
    first = false;
  }
  return found;
}

Deno.test("nothing unsafe happens, and nobody waits for nothing", () => {
  fc.assert(
    fc.property(slowCommands, (commands) => {
      const play = new Play();
      for (const command of commands) play.step(command);
      const { table } = play;
      table.settle();
      assertEquals(stranded(table), []);
      for (const client of play.clients) table.gone(client);
      table.settle();
      assertEquals(table.referee.unanswered.size, 0);
      for (const row of table.inspect()) assert(row.kind !== "lock" || row.persistent);
      for (const resource of RESOURCES) table.request(CLIENTS + 1_000, unlockOf(resource));
      table.settle();
      for (const row of table.inspect()) {
        const idle = row.kind === "lockspace"
          ? row.state === "running"
          : row.kind === "resource" && ["GLLK", "VGLK"].includes(row.name);
        assert(idle, `left behind: ${JSON.stringify(row)}`);
      }
    }),
    { seed, numRuns },
  );
});

/** Releases the persistent lock. */
function unlockOf(resource: string): Request {
  return toRequest({
    kind: "request",
    client: 0,
    resource,
    what: "lock",
    mode: Mode.un,
    persistent: true,
    version: 0,
    maxRetries: 0,
  });
}

/** Makes one request, answering all calls with success. */
function ask(inputs: TableInputs, client: number, id: number, request: Request): void {
  let effects = inputs.request(client, id, request);
  while (effects.length > 0) {
    const next = [];
    for (const effect of effects) {
      if (effect.kind !== Effect.lmCall) continue;
      next.push(...inputs.lmDone(effect.call, { result: 0 }));
    }
    effects = next;
  }
}

Deno.test("memory does not grow with the number of locks that came and went", () => {
  const inputs = new TableInputs(newEngine({ checked: false }));
  const { sanlock, none } = LockType;
  inputs.configure({ test: false, glType: none, serves: [sanlock], forgets: [] });
  const vg = { resourceType: ResourceType.vg, vgName: "vg", lockType: sanlock };
  ask(inputs, 1, 1, { ...emptyRequest, ...vg, op: Op.start });
  let id = 1;
  const lockAndUnlock = (steps: number) => {
    for (let i = 0; i < steps; i++) {
      const lv = { resourceType: ResourceType.lv, vgName: "vg", lvUuid: `L${i % 97}` };
      const lock = { ...emptyRequest, ...lv, op: Op.lock, flags: (i & 1) * OptionFlag.persistent };
      const client = 2 + i % 31;
      ask(inputs, client, ++id, { ...lock, mode: Mode.ex });
      ask(inputs, client, ++id, { ...lock, mode: Mode.un });
      if (i % 50 === 0) inputs.gone(client);
    }
  };
  lockAndUnlock(10_000);
  const before = inputs.engine.memoryBytes;
  lockAndUnlock(100_000);
  assertEquals(inputs.engine.memoryBytes, before);
  assertEquals([...inputs.engine.inspect()].length, 2);
});
