/**
 * What a step of a scenario may expect, of a command and of the state after it, and the judgement.
 *
 * @module
 */
import type { Result } from "./channel.ts";
import { complaints, type Expected, missing } from "./expect.ts";
import type { Guest } from "./guest.ts";
import { readState, type State } from "./state.ts";

export interface Expectations {
  /** What `lvmlockctl --info` says after the step. */
  info?: Expected;
  /** Every LV lock that is held after the step: `vg/lv` to `ex` or `sh`. */
  locks?: Record<string, "ex" | "sh">;
  /** Some device-mapper devices after the step: name to target type, `""` for none. */
  devices?: Record<string, string>;
}

/** A bash script for a guest, and what it must do. */
export interface Command extends Expectations {
  run: string;
  /** Exit code, default 0. */
  code?: number;
  stdout?: Expected;
  stderr?: Expected;
}

/** What is wrong with what a command did, one sentence each; empty if nothing is. */
export function judgeCommand(command: Command, { code, stdout, stderr }: Result): string[] {
  const problems = [
    ...code === (command.code ?? 0) ? [] : [`exit code ${code}, not ${command.code ?? 0}`],
    ...complaints("stdout", stdout, command.stdout ?? []),
    ...complaints("stderr", stderr, command.stderr ?? []),
  ];
  if (problems.length > 0) problems.push(`it was: ${command.run}\n${stdout}${stderr}`);
  return problems;
}

/** What is wrong with the state of a guest. Throws if it cannot be asked. */
export async function judgeState(expected: Expectations, guest: Guest): Promise<string[]> {
  if (!expected.info && !expected.locks && !expected.devices) return [];
  const devices = expected.devices !== undefined;
  // Names that are known already save a slow command; when they are out of date nothing fits them.
  const state = await readState(guest, { devices, names: false });
  if (findings(expected, state).length === 0) return [];
  const problems = findings(expected, await readState(guest, { devices, names: true }));
  if (problems.length > 0) problems.push(`lvmlockctl --info:\n${state.info}`);
  return problems;
}

function findings(expected: Expectations, { info, locks, devices }: State): string[] {
  const none = Object.fromEntries(Object.keys(locks).map((lv) => [lv, ""]));
  return [
    ...complaints("lvmlockctl --info", info, expected.info ?? []),
    ...missing("lock", locks, expected.locks ? { ...none, ...expected.locks } : {}),
    ...missing("device", devices, expected.devices ?? {}),
  ];
}
