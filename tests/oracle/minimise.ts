/**
 * Cuts a failing script down: leaves out as many steps as possible while it still fails (delta
 * debugging, with halves first and single steps last).
 *
 * @module
 */
import type { Script, Step } from "./script.ts";

/**
 * The smallest script found that still fails.
 * @param fails runs a script; true if it shows the failure
 */
export async function minimise(
  script: Script,
  fails: (script: Script) => Promise<boolean>,
): Promise<Script> {
  let steps = script.steps;
  const still = (candidate: Step[]) => fails({ ...script, steps: candidate });
  for (let chunk = Math.ceil(steps.length / 2); chunk >= 1; chunk = nextChunk(chunk)) {
    steps = await sweep(steps, chunk, still);
    if (chunk === 1) break;
  }
  return { ...script, steps: await sweep(steps, 1, still) };
}

const nextChunk = (chunk: number) => Math.max(1, Math.floor(chunk / 2));

/** Tries to leave out each run of `chunk` steps, last first: later steps need earlier ones. */
async function sweep(
  steps: Step[],
  chunk: number,
  fails: (steps: Step[]) => Promise<boolean>,
): Promise<Step[]> {
  let kept = steps;
  for (let end = kept.length; end > 0; end -= chunk) {
    const start = Math.max(0, end - chunk);
    const candidate = [...kept.slice(0, start), ...kept.slice(end)];
    if (candidate.length < kept.length && await fails(candidate)) kept = candidate;
  }
  return kept;
}
