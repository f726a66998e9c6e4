/**
 * A short exploration of every world, and proofs that the exploration can be trusted: that states
 * called equal behave the same, and that paths lead where they are said to lead.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Field, STRIDE } from "../../core/records.ts";
import { runScript } from "../interaction/script.ts";
import { buildProbe } from "./build.ts";
import { explore, isDefect } from "./explore.ts";
import { HostGraph } from "./graph.ts";
import { Host } from "./host.ts";
import { outcomeOf, timerRecord } from "./inputs.ts";
import { main } from "./main.ts";
import { exchanged } from "./manager.ts";
import { scriptOf } from "./path.ts";
import type { World } from "./world.ts";
import { shortDepth, worldOf, worlds } from "./worlds.ts";

const module = await buildProbe();

for (const world of worlds) {
  Deno.test(`nothing unsafe happens in the first steps of: ${world.name}`, () => {
    const depth = shortDepth(world);
    const outcome = explore(module, world, { seconds: 600, depth, bytes: 1e9 });
    if (isDefect(outcome)) throw new Error([outcome.message, ...outcome.path].join("\n"));
    assertEquals(outcome.depth, depth);
    assert(outcome.ending < 20, "what is under way ends soon");
  });
}

Deno.test("a small world is explored to its end", () => {
  const world = { ...worldOf("lv"), roles: [{ ...worldOf("lv").roles[0]!, budget: 2 }] };
  const outcome = explore(module, world, { seconds: 600, depth: 100, bytes: 1e9 });
  assert(!isDefect(outcome) && outcome.exhausted);
});

const keyOf = (host: Host) => host.ints.slice(host.hashes, host.hashes + 4).join();

/** The state's words, as far as they were written down. */
function wordsOf(host: Host): string {
  const length = host.table.write();
  const at = host.table.wordsAt() >> 2;
  return host.ints.slice(at, at + length).join();
}

function packedOf(host: Host): Uint8Array {
  const length = host.table.pack();
  const at = host.table.packedAt();
  return host.bytes.slice(at, at + length);
}

/** Kind, operation, result and mode of the last input's effects. */
function effectsOf(host: Host): string {
  const lines: string[] = [];
  for (let i = 0; i < host.effects; i++) {
    const at = (host.table.outbox() + i * STRIDE) >> 2;
    const fields = [Field.kind, Field.op, Field.resourceType, Field.mode, Field.result];
    lines.push(fields.map((field) => host.ints[at + field]).join());
  }
  return lines.join(" ");
}

/** The host may be late: a timer that was dropped, an answer to a call that is over. */
function assertLateIsIgnored(host: Host): void {
  const before = wordsOf(host);
  host.hand(timerRecord);
  host.hand(outcomeOf("ok").record);
  host.settle();
  assertEquals([wordsOf(host), host.effects], [before, 0]);
}

/** What may happen in a state, and where each of it leads. */
function stepsFrom(host: Host, packed: Uint8Array, see?: (key: string) => void): string[] {
  host.bytes.set(packed, host.table.packedAt());
  host.table.unpack();
  host.table.reset();
  assertLateIsIgnored(host);
  return host.events().map((event) => {
    host.table.reset();
    host.effects = 0;
    host.perform(event);
    host.settle();
    const key = keyOf(host);
    see?.(key);
    const who = event.kind === "answer" || event.kind === "ask" ? event.which : "";
    return `${event.kind} ${who}: ${effectsOf(host)} -> ${key}`;
  });
}

/**
 * Explores up to a number of states, comparing some of the states found again with the one found
 * first: the same words, and the same steps.
 */
function compareEqualStates(world: World, most: number): number {
  const host = new Host(module, world);
  host.settle();
  const found = new Map([[keyOf(host), { packed: packedOf(host), words: wordsOf(host) }]]);
  const again: { key: string; packed: Uint8Array; words: string }[] = [];
  let seen = 0;
  for (const { packed } of found.values()) {
    if (found.size > most) break;
    stepsFrom(host, packed, (key) => {
      const words = wordsOf(host);
      if (!found.has(key)) found.set(key, { packed: packedOf(host), words });
      else if (++seen % 5 === 0) again.push({ key, packed: packedOf(host), words });
    });
  }
  for (const { key, packed, words } of again) {
    const first = found.get(key)!;
    assertEquals(words, first.words);
    assertEquals(stepsFrom(host, packed), stepsFrom(host, first.packed));
  }
  return again.length;
}

for (const name of ["kept", "retry", "stop", "gl", "gl-dlm"]) {
  Deno.test(`states that are called equal behave the same: ${name}`, () => {
    assert(compareEqualStates(worldOf(name), 4_000) > 500);
  });
}

Deno.test("the table plays the explorer's paths, and gets where the explorer was", () => {
  for (const name of ["kept", "retry", "stop", "gl-dlm", "adopt", "vg"]) {
    const world = worldOf(name);
    const graph = new HostGraph(module, world);
    for (let i = 0; i < 2_000; i++) graph.expand(i);
    for (let state = 13; state < graph.size; state += 131) {
      graph.restore(state);
      const expected = wordsOf(graph.host);
      const host = new Host(module, world);
      for (const step of graph.pathTo(state)) host.perform(host.events()[step]!);
      assertEquals(wordsOf(host), expected);
      const { outcomes } = runScript(scriptOf(module, world, graph.pathTo(state)));
      const failed = outcomes.flatMap(({ actual }) => actual).filter((line) =>
        line.startsWith("!")
      );
      assertEquals(failed, []);
    }
  }
});

Deno.test("a manager's mirrored state is that with the hosts exchanged", () => {
  assertEquals(exchanged(0b01_10_0010), 0b01_01_1000);
  assertEquals(exchanged(exchanged(0x9d43_f26a)), 0x9d43_f26a);
});

Deno.test("the command line says what it cannot understand", async () => {
  assertEquals(await main(["--world", "none"]), 2);
  assertEquals(await main(["--minutes", "0"]), 2);
});
