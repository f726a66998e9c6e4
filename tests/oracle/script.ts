/**
 * What a script is: the steps that several clients take against a daemon, as plain JSON, so that a
 * failing one can be saved, cut down and replayed. Nothing here knows how steps are made or run.
 *
 * @module
 */

/** Fields of a request in wire order. Text is one character a byte. */
export type Fields = [key: string, value: string | number][];

/** How a request is written down. All of them mean the same. */
export const styles = [
  "tree",
  "simple",
  "tight",
  "spaced",
  "tabs",
  "oneline",
  "comments",
  "single",
  "reversed",
] as const;
export type Style = typeof styles[number];

/** How the bytes of a request are handed to the socket. */
export const chunkings = ["whole", "terminator", "halves", "bytes"] as const;
export type Chunking = typeof chunkings[number];

/**
 * When a step is left out, judged on each daemon's own listing right before it:
 * - `unlocked`: left out if the LV is locked or waited for (a free_lv of it is a known difference);
 * - `cancelSafe`: left out unless an unlock_cancel finds something other than itself (the stock
 *   daemon damages its memory otherwise).
 */
export type Guard = "unlocked" | "cancelSafe";

export type Step =
  | {
    kind: "send";
    client: number;
    fields: Fields;
    style?: Style;
    chunking?: Chunking;
    guard?: Guard;
    /** A hint for speed only: the request probably has to wait. */
    waits?: true;
  }
  /** Text without its terminator that is no known request: silence, or a refusal. */
  | { kind: "noise"; client: number; text: string }
  /** The connection ends. A polite client does so only when none of its requests waits. */
  | { kind: "close"; client: number; polite: boolean }
  /** A state listing, for comparison. */
  | { kind: "info" };

export interface Script {
  /** Where it came from; 0 for one written by hand. */
  seed: number;
  /**
   * Lock manager of a VG that exists throughout and so fixes where the global lock lives. `none`:
   * there is no such VG, and the script gets daemons of its own.
   */
  base: "dlm" | "sanlock" | "none";
  /** With base `none`: the daemon's option `-g`. */
  globalLock?: "dlm" | "sanlock";
  steps: Step[];
}

/** The text form of a script: one step a line, so that differences between two are readable. */
export function formatScript(script: Script): string {
  const steps = script.steps.map((step) => "  " + JSON.stringify(step)).join(",\n");
  const { steps: _, ...head } = script;
  return `${JSON.stringify(head).slice(0, -1)},"steps":[\n${steps}\n]}\n`;
}

/** Reads what {@link formatScript} wrote; throws on anything that is not a script. */
export function parseScript(text: string): Script {
  const script = JSON.parse(text) as Script;
  if (!["dlm", "sanlock", "none"].includes(script.base)) throw new Error("no script: base");
  if (!Array.isArray(script.steps)) throw new Error("no script: steps");
  for (const step of script.steps) {
    if (!["send", "noise", "close", "info"].includes(step.kind)) {
      throw new Error(`no script: step kind ${step.kind}`);
    }
  }
  return script;
}

/** The value of a request field, `""` when it is missing. */
export function field(fields: Fields, key: string): string {
  const found = fields.find(([k]) => k === key);
  return found === undefined ? "" : String(found[1]);
}
