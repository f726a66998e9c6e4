/**
 * Variables of the environment that were taken out of this process, and that the programs which it
 * runs for somebody shall have nevertheless.
 *
 * @module
 */

/** The launcher (scripts/build/launcher.c) renames variables that would change Deno's ways. */
const KEPT = "LVMLOCKD_KEPT_";

const kept: Record<string, string> = {};

/**
 * Takes the launcher's traces out of the environment: what it set for Deno, and what it renamed. To
 * be called once, when the program starts, and only when the launcher started it.
 */
export function cleanEnvironment(): void {
  for (const [name, value] of Object.entries(Deno.env.toObject())) {
    if (name.startsWith("DENO_")) Deno.env.delete(name);
    if (!name.startsWith(KEPT)) continue;
    Deno.env.delete(name);
    kept[name.slice(KEPT.length)] = value;
  }
}

/** What a program that we run for our caller gets besides the variables of this process. */
export function callersVariables(): Record<string, string> {
  return { ...kept };
}
