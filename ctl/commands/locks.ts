/**
 * `locks`: who holds which lock, since when, and who waits for it.
 *
 * @module
 */
import { readLvs } from "../lvm.ts";
import { quickCall } from "./call.ts";
import { type Command, type CommandRun, print, usageError } from "./command.ts";
import { ageText, clientText, hostText, type ResourceJson, resourceText, table } from "./text.ts";

type Type = "gl" | "vg" | "lv";
type Held = "sh" | "ex";

async function run(run: CommandRun): Promise<number> {
  const [vg] = run.words;
  const type = oneOf(run, "type", ["gl", "vg", "lv"] as const);
  const mode = oneOf(run, "mode", ["sh", "ex"] as const);
  const query: { vg?: string; type?: Type; mode?: Held } = {
    ...(vg === undefined ? {} : { vg }),
    ...(type === undefined ? {} : { type }),
    ...(mode === undefined ? {} : { mode }),
  };
  const result = await quickCall(
    run,
    (options) => run.daemon.api.v1.locks.$get({ query }, options),
  );
  const names = run.flags.has("names") ? await lvNames(result.resources) : undefined;
  print(run, result, ({ resources }) => locksText(resources, Date.now(), names));
  return 0;
}

function oneOf<Word extends string>(
  run: CommandRun,
  flag: string,
  words: readonly Word[],
): Word | undefined {
  const given = run.flags.get(flag);
  const word = words.find((candidate) => candidate === given);
  if (given !== undefined && word === undefined) {
    throw usageError(run, `--${flag} is one of ${words.join(", ")}`);
  }
  return word;
}

/** Names by UUID of the LVs of all VGs that are listed. */
async function lvNames(resources: ResourceJson[]): Promise<ReadonlyMap<string, string>> {
  const vgs = new Set(resources.flatMap(({ vg, type }) => type === "lv" && vg ? [vg] : []));
  const lvs = vgs.size > 0 ? await readLvs([...vgs]) : [];
  return new Map(lvs.map(({ uuid, name }) => [uuid, name]));
}

/** A table with a line per holder and waiter; one sentence if there is nothing to show. */
export function locksText(
  resources: ResourceJson[],
  nowMs: number,
  names?: ReadonlyMap<string, string>,
): string {
  if (resources.length === 0) return "No lock is held or waited for.\n";
  return table([
    ["LOCK", "MODE", "STATE", "FOR", "BY"],
    ...resources.flatMap((resource) => rows(resource, resourceText(resource, names), nowMs)),
  ]);
}

function rows({ holders, waiters }: ResourceJson, lock: string, nowMs: number): string[][] {
  return [
    ...holders.map(({ mode, persistent, client, ageSeconds }) => [
      lock,
      mode,
      persistent ? "held, persistent" : "held",
      ageText(ageSeconds),
      clientText(client),
    ]),
    ...waiters.map(({ op, mode, client, ageSeconds, blockedBy }) => [
      lock,
      op === "lock" ? mode : "",
      op === "lock" ? "waiting" : `waiting to ${op}`,
      ageText(ageSeconds),
      clientText(client) + (blockedBy ? `; held by ${hostText(blockedBy, nowMs)}` : ""),
    ]),
  ];
}

export const command: Command = {
  arguments: "[VG]",
  about: "Shows who holds which lock, since when, and who waits for it, of one VG or of all.\n" +
    "Persistent locks outlive the command that took them: active LVs have one each.",
  options: [
    { long: "type", argument: true, value: "gl|vg|lv", help: "Only locks of this kind" },
    { long: "mode", argument: true, value: "sh|ex", help: "Only what is held in this mode" },
    { long: "names", help: "Show LVs by name; asks lvs, which reads the disks" },
  ],
  words: [0, 1],
  run,
};
