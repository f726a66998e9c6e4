/** The script generator: the same seed makes the same script, within its bounds. @module */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { generateBurst } from "./burst_script.ts";
import { generate } from "./generate.ts";
import { field, formatScript } from "./script.ts";

const size = { clients: 8, requests: 50 };

async function digest(text: string): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(bytes).toHex().slice(0, 16);
}

Deno.test("the same seed and size give the same script", () => {
  assertEquals(formatScript(generate(5, size)), formatScript(generate(5, size)));
  assertNotEquals(formatScript(generate(5, size)), formatScript(generate(6, size)));
});

Deno.test("scripts do not change from one version to the next without somebody noticing", async () => {
  const scripts = [1, 2, 3].map((seed) => formatScript(generate(seed, size)));
  assertEquals(await digest(scripts.join("")), "277d294c0041bd2c");
});

Deno.test("scripts have the size that was asked for and name no other client", () => {
  const { steps } = generate(9, { clients: 3, requests: 20 });
  assertEquals(steps.length, 60);
  assert(steps.every((step) => step.kind === "info" || step.client < 3));
});

Deno.test("a hundred scripts use the whole vocabulary", () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= 100; seed++) {
    for (const step of generate(seed, size).steps) {
      seen.add(step.kind === "send" ? field(step.fields, "request") : step.kind);
    }
  }
  const wanted = [
    ...["hello", "quit", "info", "dump", "init_vg", "init_lv", "free_vg", "free_lv", "start_vg"],
    ...["stop_vg", "lock_gl", "lock_vg", "lock_lv", "vg_update", "enable_gl", "disable_gl"],
    ...["start_wait", "stop_all", "rename_vg_before", "rename_vg_final", "running_lm", "drop_vg"],
    ...["find_free_lock", "kill_vg", "busy_vg", "query_lock_vg", "query_lock_lv", "close", "noise"],
  ];
  assertEquals(wanted.filter((name) => !seen.has(name)), []);
});

Deno.test("bursts take locks in one order", () => {
  for (const steps of generateBurst(4, size)) {
    const held = new Set<string>();
    for (const { lock, wish } of steps) {
      const name = `${lock}${wish.persistent ? " persistent" : ""}`;
      if (wish.mode === "un") held.delete(name);
      else {
        assert([...held].every((other) => other.split(" persistent")[0]! <= lock), lock);
        held.add(name);
      }
    }
  }
});
