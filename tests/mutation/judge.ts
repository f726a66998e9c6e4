/**
 * A worker that plays what finds defects on one build of the lock table after the other: the scripts
 * of tests/testdata, short simulations, a short exploration, more simulations.
 *
 * @module
 */
/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import { buildProbe } from "../explore/build.ts";
import { explore, isDefect } from "../explore/explore.ts";
import { shortDepth, worlds } from "../explore/worlds.ts";
import { Compiler } from "./build.ts";
import { mutated, type Mutation } from "./mutations.ts";
import { runScript } from "../interaction/script.ts";
import { readScripts } from "../interaction/scripts.ts";
import { useTable } from "../interaction/table.ts";
import { allCheckers } from "../sim/checkers/all.ts";
import { type Kind, kinds } from "../sim/kinds.ts";
import { apart, simulate, usualOptions } from "../sim/simulation.ts";

/** A mutant to be judged. */
export interface Case {
  mutation: Mutation;
  stages: readonly Stage[];
}

export type Stage = "scripts" | "simulation" | "exploration" | "long";

/**
 * Who found the defect, and what; nobody if there is no finder. `-`: there is no such mutant, as it
 * does not compile or is the same as another.
 */
export interface Verdict {
  finder: string;
  what: string;
}

const compiler = new Compiler();
const none: Verdict = { finder: "", what: "" };
const scripts = readScripts();

function playScripts(): Verdict {
  for (const { name, text } of scripts) {
    for (const { line, expected, actual } of runScript(text).outcomes) {
      if (actual.join("\n") !== expected.join("\n")) {
        return { finder: "scripts", what: `${name}:${line}` };
      }
    }
  }
  return none;
}

function simulateSeeds(module: WebAssembly.Module, from: number, to: number): Verdict {
  const options = { ...usualOptions, checkers: allCheckers, module, checked: false };
  for (let seed = from; seed <= to; seed++) {
    for (const kind of Object.keys(kinds) as Kind[]) {
      const { violation } = simulate({ ...options, kind: kinds[kind], seed });
      if (violation === undefined) continue;
      return { finder: "simulation", what: `${kind} ${seed}: ${violation.checker}` };
    }
  }
  return none;
}

async function exploreWorlds({ mutation }: Case): Promise<Verdict> {
  const { file } = mutation;
  const from = compiler.text(file);
  const module = await buildProbe([{ file, from, to: mutated(from, mutation) }]);
  for (const world of worlds) {
    const depth = shortDepth(world);
    const outcome = explore(module, world, { seconds: 60, depth, bytes: 1e9 });
    if (isDefect(outcome)) {
      return { finder: "exploration", what: `${world.name}: ${outcome.message}` };
    }
    if (outcome.ending >= 20) return { finder: "exploration", what: `${world.name}: no end` };
  }
  return none;
}

function play(stage: Stage, about: Case, module: WebAssembly.Module): Verdict | Promise<Verdict> {
  if (stage === "scripts") return playScripts();
  if (stage === "simulation") return simulateSeeds(module, 1, 2);
  if (stage === "exploration") return exploreWorlds(about);
  return simulateSeeds(module, 3, 20);
}

/** Digests of the tables that were seen. */
const seen = new Set<string>();

/** The mutant, unless there is none. */
async function newTable({ mutation }: Case): Promise<WebAssembly.Module | undefined> {
  const binary = await compiler.compile(mutation);
  if (binary === undefined) return undefined;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", binary)).toHex();
  const isNew = !seen.has(digest);
  seen.add(digest);
  if (!isNew && mutation.from !== mutation.to) return undefined;
  return new WebAssembly.Module(binary);
}

async function judge(about: Case): Promise<void> {
  self.postMessage({ stage: "compiler" });
  const module = await newTable(about);
  if (module === undefined) return self.postMessage({ verdict: { finder: "-", what: "" } });
  useTable(module);
  for (const stage of about.stages) {
    self.postMessage({ stage });
    let verdict: Verdict;
    try {
      verdict = await apart(() => play(stage, about, module));
    } catch (error) {
      verdict = { finder: stage, what: `${error}`.split("\n")[0]! };
    }
    if (verdict.finder !== "") return self.postMessage({ verdict });
  }
  self.postMessage({ verdict: none });
}

self.onmessage = ({ data }: MessageEvent<Case>) => judge(data);
self.postMessage({ ready: true }); // what comes before this would be lost
