/** The simple model that judges concurrent runs. @module */
import { assert, assertEquals } from "@std/assert";
import { checkBurst } from "./burst_campaign.ts";
import { checkLinear, type LockEvent } from "./linear.ts";
import { type HeldMode, nothingHeld, outcomes, type State, type Wish } from "./model.ts";
import { QueueModel } from "./queue_model.ts";

const state = (holders: [number, HeldMode][], persistent?: HeldMode): State => ({
  ...nothingHeld,
  holders: new Map(holders),
  persistent,
});
const wish = (client: number, mode: Wish["mode"], persistent = false): Wish => ({
  client,
  mode,
  persistent,
});
const results = (from: State, what: Wish) => outcomes(from, what).map(({ result }) => result);

Deno.test("the model follows the decision table, row by row", () => {
  // Columns: client 1 asks for transient sh, ex, persistent sh, ex. Client 2 is somebody else.
  const table: [State, (number | "wait")[]][] = [
    [state([]), [0, 0, 0, 0]],
    [state([[1, "sh"]]), [-114, 0, 0, -17]],
    [state([[1, "ex"]]), [0, -114, -17, 0]],
    [state([[2, "sh"]]), [0, "wait", 0, "wait"]],
    [state([[1, "sh"], [2, "sh"]]), [-114, -11, 0, -17]],
    [state([[2, "ex"]]), ["wait", "wait", "wait", "wait"]],
    [state([], "sh"), [0, -17, -114, 0]],
    [state([], "ex"), [0, 0, 0, -114]],
    [state([[2, "sh"]], "sh"), [0, -17, -114, -11]],
    [state([[1, "sh"]], "sh"), [-114, -17, -114, -17]],
  ];
  const wishes = [
    wish(1, "sh"),
    wish(1, "ex"),
    wish(1, "sh", true),
    wish(1, "ex", true),
  ];
  for (const [from, row] of table) {
    assertEquals(wishes.map((each) => results(from, each)[0] ?? "wait"), row);
  }
});

Deno.test("the model: what is held afterwards", () => {
  const [promoted] = outcomes(state([[1, "ex"]]), wish(1, "ex", true));
  assertEquals(promoted!.state, state([], "ex"));
  const [covered] = outcomes(state([], "ex"), wish(1, "ex"));
  assertEquals(covered!.state, state([], "ex"));
  assertEquals(results(covered!.state, wish(1, "un")), [-2]);
  assertEquals(outcomes(state([[1, "ex"]]), wish(1, "sh"))[0]!.state, state([[1, "sh"]]));
  assertEquals(outcomes(state([], "sh"), wish(3, "un", true))[0]!.state, state([]));
});

Deno.test("the model: only the stock daemon repeats persistent shared locks", () => {
  const twice = outcomes(state([], "sh"), wish(1, "sh", true), true);
  assertEquals(twice.map(({ result }) => result), [-114, 0]);
  const [left] = outcomes(twice[1]!.state, wish(2, "un", true));
  assertEquals(left!.state, state([], "sh"));
  assertEquals(results(state([], "sh"), wish(1, "sh", true)), [-114]);
});

Deno.test("a queue keeps its order", () => {
  const lock = new QueueModel();
  assert(lock.ask(wish(1, "sh")));
  assert(!lock.ask(wish(2, "ex")));
  assert(!lock.ask(wish(3, "sh")), "a shared request waits behind an exclusive one");
  lock.ask(wish(1, "un"));
  assertEquals([...lock.state.holders], [[2, "ex"]]);
  lock.forget(2);
  assertEquals([...lock.state.holders], [[3, "sh"]]);
  assertEquals(lock.queue, []);
});

const ask = (id: number, what: Wish): LockEvent => ({ kind: "ask", id, wish: what });
const answer = (id: number, result: number): LockEvent => ({ kind: "answer", id, result });

Deno.test("overlapping requests may have happened in either order", () => {
  const events = [ask(1, wish(1, "ex")), ask(2, wish(2, "ex")), answer(2, 0)];
  assertEquals(checkLinear(events).wrong, undefined);
  const handedOn = [...events, ask(3, wish(2, "un")), answer(3, 0), answer(1, 0)];
  assertEquals(checkLinear(handedOn).wrong, undefined);
  assert(checkLinear([...events, answer(1, 0)]).wrong !== undefined, "two exclusive holders");
});

Deno.test("an unlock may take effect before it is answered, not before it is sent", () => {
  const start = [ask(1, wish(1, "ex")), answer(1, 0), ask(2, wish(2, "ex"))];
  const early = [...start, ask(3, wish(1, "un")), answer(2, 0), answer(3, 0)];
  assertEquals(checkLinear(early).wrong, undefined);
  assert(checkLinear([...start, answer(2, 0)]).wrong?.startsWith("event 3") ?? false);
});

Deno.test("a closed connection releases transient locks, at some time", () => {
  const held = [ask(1, wish(1, "ex")), answer(1, 0), ask(2, wish(2, "sh"))];
  const closed: LockEvent = { kind: "close", client: 1 };
  assertEquals(checkLinear([...held, closed, answer(2, 0)]).wrong, undefined);
  assertEquals([...checkLinear([...held, closed]).persistent], ["un"]);
});

Deno.test("what is left of a burst has to fit what its clients saw", () => {
  const events = { "2 v 1": [ask(1, wish(1, "sh", true)), answer(1, 0)] };
  const good = { events, persistent: { "2 v 1": "sh" }, leftovers: [] };
  assertEquals(checkBurst(good, false), []);
  assertEquals(checkBurst({ ...good, persistent: {} }, false), [
    "lock 2 v 1 is un at the end, not sh",
  ]);
  assertEquals(checkBurst({ ...good, leftovers: ["x"] }, false), ["left over: x"]);
  assertEquals(checkBurst({ ...good, failure: "it died" }, false), ["it died"]);
});
