/**
 * The comparison itself: what it notices, what it passes over, and that every rule is documented.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { compare } from "./compare.ts";
import { differences } from "./differences.ts";
import { fixedScripts } from "./fixed.ts";
import { minimise } from "./minimise.ts";
import { parseOptions } from "./options.ts";
import type { Fields, Script, Step } from "./script.ts";
import type { StepRecord, Transcript } from "./transcript.ts";

const request = (...fields: Fields): Step => ({ kind: "send", client: 0, fields });
const scriptOf = (...steps: Step[]): Script => ({ seed: 1, base: "dlm", steps });

function transcript(replies: (string | undefined)[], change: Partial<Transcript> = {}): Transcript {
  const steps = replies.map((text, step): StepRecord => ({
    step,
    replies: text === undefined ? [] : [{ client: 0, toStep: step, text }],
    waiting: [],
  }));
  return { steps, controlId: 1, opened: [0], final: "", finalReplies: [], stuck: [], ...change };
}

const ok = 'response = "OK"\nop = 7\nop_result = 0\nresult_flags = "none"\n';
const withResult = (result: number) => ok.replace("= 0", `= ${result}`);
const lockVg = request(["request", "lock_vg"], ["vg_name", "va"]);

/** Rules that explain the findings; `undefined` for one that nothing explains. */
function rules(script: Script, stock: Transcript, ours: Transcript): (string | undefined)[] {
  return compare(script, stock, ours).findings.map(({ rule }) => rule);
}

Deno.test("equal transcripts have no findings", () => {
  const both = transcript([ok, withResult(-2)]);
  const { findings, compared, replies } = compare(scriptOf(lockVg, lockVg), both, both);
  assertEquals({ findings, compared, replies }, { findings: [], compared: 2, replies: 2 });
});

Deno.test("a value, a missing reply, another order of keys or a late reply is found", () => {
  const script = scriptOf(lockVg);
  const stock = transcript([ok]);
  assertEquals(rules(script, stock, transcript([withResult(-11)])), [undefined]);
  assertEquals(rules(script, stock, transcript([undefined])), [undefined]);
  const swapped = 'op = 7\nresponse = "OK"\nop_result = 0\nresult_flags = "none"\n';
  assertEquals(rules(script, stock, transcript([swapped])), [undefined]);
  const late = transcript([undefined], { finalReplies: [{ client: 0, toStep: 0, text: ok }] });
  assertEquals(rules(script, stock, late), [undefined]);
});

Deno.test("who waits, what is skipped and what the listing says is compared", () => {
  const script = scriptOf(lockVg);
  const stock = transcript([undefined]);
  const waits = transcript([undefined]);
  waits.steps[0]!.waiting = [0];
  assertEquals(rules(script, stock, waits), [undefined]);
  const skipped = transcript([undefined]);
  skipped.steps[0]!.skipped = "guard";
  assertEquals(rules(script, stock, skipped), [undefined]);
  const listed = transcript([undefined], { final: "info=client pid=1 fd=2 pi=3 id=1 name=x\n" });
  assertEquals(rules(script, stock, listed), [undefined]);
  assertEquals(rules(script, stock, transcript([undefined], { failure: "gone" })), [undefined]);
});

Deno.test("dead clients must leave nothing behind in ours", () => {
  const ls = "info=ls ls_name=lvm_v vg_name=v lm_type=dlm thread_done=0\n";
  const resource = "info=r name=VGLK type=vg mode=ex sh_count=0 version=0\n";
  const held = (flags: string) =>
    `${ls}${resource}info=lk mode=ex version=0 flags=${flags} client_id=3\n`;
  const run = (afterDeath: string) =>
    rules(scriptOf(lockVg), transcript([ok]), transcript([ok], { afterDeath }));
  assertEquals(run(held("0x0")), [undefined]);
  assertEquals(run(held("0x1")), []);
});

/** For each rule a case that it explains: step, result of stock and of ours. */
const cases: Record<string, [Step, number | undefined, number]> = {
  "noise-is-answered": [{ kind: "noise", client: 0, text: "x" }, undefined, -22],
  "free-unknown-lv": [request(["request", "free_lv"]), -2, 0],
  "free-locked-lv": [request(["request", "free_lv"]), 0, -16],
  "second-persistent-shared": [
    request(["request", "lock_lv"], ["mode", "sh"], ["opts", "persistent"]),
    0,
    -114,
  ],
  "long-vg-name": [request(["request", "lock_vg"], ["vg_name", "v".repeat(60)]), -210, -212],
  "nameless-vg": [request(["request", "start_vg"], ["vg_name", "none"]), 0, -22],
  "start-needs-type": [request(["request", "start_vg"], ["vg_lock_type", "x"]), -1, -22],
  "idm-in-test-mode": [request(["request", "lock_vg"], ["vg_lock_type", "idm"]), -93, -22],
  "unlock-cancels-itself": [request(["request", "lock_vg"], ["opts", "unlock_cancel"]), -125, -2],
  "stop-all-count": [request(["request", "stop_all"]), 3, 2],
};

Deno.test("each rule explains its case, and no rule the same answers to another request", () => {
  for (const [rule, [step, stock, ours]] of Object.entries(cases)) {
    const text = (result: number | undefined) =>
      result === undefined ? undefined : withResult(result);
    const both = [transcript([text(stock)]), transcript([text(ours)])] as const;
    assertEquals(rules(scriptOf(step), ...both), [rule]);
    assertEquals(rules(scriptOf(request(["request", "vg_update"])), ...both), [undefined], rule);
  }
});

Deno.test("two rules are about flags while nothing is started", () => {
  const flags = (words: string) => withResult(-210).replace("none", words);
  const script = scriptOf(request(["request", "lock_gl"], ["vg_lock_type", "sanlock"]));
  const kept = [
    transcript([flags("NO_LOCKSPACES,NO_GL_LS,NO_LM")]),
    transcript([flags("NO_LOCKSPACES,NO_GL_LS,")]),
  ] as const;
  assertEquals(rules({ ...script, base: "none", globalLock: "sanlock" }, ...kept), [
    "chosen-type-stays",
  ]);
  assertEquals(rules({ ...script, base: "none" }, ...kept), [undefined]);
  const anew = [
    transcript([flags("NO_LOCKSPACES,")]),
    transcript([flags("NO_LOCKSPACES,NO_GL_LS,")]),
  ] as const;
  assertEquals(rules({ ...script, base: "none" }, ...anew), ["type-is-chosen-anew"]);
  assertEquals(rules(script, ...anew), [undefined]);
});

Deno.test("after a difference that lets the states part nothing is compared", () => {
  const free = request(["request", "free_lv"]);
  const stock = transcript([ok, ok]);
  const ours = transcript([withResult(-16), withResult(-11)]);
  assertEquals(rules(scriptOf(free, lockVg), stock, ours), ["free-locked-lv"]);
});

Deno.test("every difference is documented, and every documented one is tested somewhere", async () => {
  const text = await Deno.readTextFile(new URL("../../docs/DIFFERENCES.md", import.meta.url));
  const documented = [...text.matchAll(/^\| `([a-z0-9-]+)`/gm)].map(([, id]) => id!);
  const known = [
    ...differences.map(({ id }) => id),
    "waiting-client-dies",
    "sanlock-test-versions",
  ];
  assertEquals(known.filter((id) => !documented.includes(id)), []);
  assertEquals(new Set(documented).size, documented.length);
  for (const [, path] of text.matchAll(/`((?:tests|core|wasm|backends|ctl)\/[\w./-]+)`/g)) {
    await Deno.stat(new URL(`../../${path}`, import.meta.url));
  }
  for (const [, name] of text.matchAll(/--fixed ([a-z-]+)/g)) {
    assert(fixedScripts.has(name!), name);
  }
});

Deno.test("minimising keeps only what the failure needs", async () => {
  const steps: Step[] = Array.from({ length: 50 }, (_, i) => request(["request", `r${i}`]));
  const needs = [3, 30, 31].map((i) => steps[i]!);
  let runs = 0;
  const small = await minimise(scriptOf(...steps), (script) => {
    runs++;
    return Promise.resolve(needs.every((step) => script.steps.includes(step)));
  });
  assertEquals(small.steps, needs);
  assert(runs < 120, `${runs} runs`);
});

Deno.test("options have defaults, and mistakes are told", () => {
  const { seeds, first, clients, requests, burst } = parseOptions([]);
  assertEquals({ seeds, first, clients, requests, burst }, {
    seeds: 2000,
    first: 1,
    clients: 8,
    requests: 50,
    burst: false,
  });
  assertEquals(parseOptions(["--seed", "77"]).first, 77);
  assertEquals(parseOptions(["--seed", "77"]).seeds, 1);
  assertEquals(parseOptions(["--ours", "a  b -c"]).ours, ["a", "b", "-c"]);
  for (const wrong of [["--seeds", "x"], ["--clients", "0"], ["--what"], ["more"]]) {
    let message = "";
    try {
      parseOptions(wrong);
    } catch (error) {
      message = String(error);
    }
    assert(message.startsWith("RangeError"), wrong.join(" "));
  }
});
