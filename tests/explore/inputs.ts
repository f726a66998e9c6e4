/**
 * A world's inputs as ready-made records, so that handing one in is a copy of 768 bytes.
 *
 * @module
 */
import type { Engine, Fill } from "../../core/engine.ts";
import { Field, Float, type Input, Records, STRIDE } from "../../core/records.ts";
import { LmCall } from "../../core/records.ts";
import { type LmAnswer, TableInputs } from "../interaction/inputs.ts";
import { parseAnswer, parseRequest } from "../interaction/words.ts";
import { type Mode, Op, OptionFlag, type Request, ResourceType } from "../../core/types.ts";
import type { World } from "./world.ts";

/** An input record as bytes. */
export type InputRecord = Uint8Array;

/** The record that a call of {@link TableInputs} would hand in. */
export function recordOf(make: (inputs: TableInputs) => unknown): InputRecord {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const records = new Records(memory);
  const engine = {
    submit(kind: Input, _nowMs: number, fill?: Fill) {
      records.setInt(0, Field.kind, kind);
      records.setFloat(0, Float.now, 0);
      fill?.(records, 0);
      return [];
    },
  };
  make(new TableInputs(engine as unknown as Engine));
  return new Uint8Array(memory.buffer, 0, STRIDE).slice();
}

export const goneRecord = recordOf((inputs) => inputs.gone(0));
export const cancelRecord = recordOf((inputs) => inputs.cancel(0, 0));
export const timerRecord = recordOf((inputs) => inputs.timer(0));
export const shutdownRecord = recordOf((inputs) => inputs.shutdown());

/** A request that clients of a role may make. */
export interface Ask {
  words: string;
  record: InputRecord;
  /** The input that says that its reply could not be delivered. */
  undelivered: InputRecord;
  /** What a lock request that succeeds is good for; `un` if nothing is held any more. */
  lock?: { resources: readonly number[]; mode: Mode; persistent: boolean };
}

/** An answer that the lock manager may give. */
export interface Outcome {
  words: string;
  answer: LmAnswer;
  record: InputRecord;
}

/** Outcomes by number of the lock manager call; a call without an entry is answered `ok`. */
export type Outcomes = readonly (readonly Outcome[])[];

export function asksOf({ roles, resources }: World): Ask[][] {
  return roles.map(({ requests }) => requests.map((words) => askOf(words, resources)));
}

function askOf(words: string, resources: readonly string[]): Ask {
  const request = parseRequest(words.split(" "));
  const lock = lockOf(request, resources);
  return {
    words,
    record: recordOf((inputs) => inputs.request(0, 0, request)),
    undelivered: recordOf((inputs) => inputs.replyFailed(0, request)),
    ...lock === undefined ? {} : { lock },
  };
}

/** The global lock is one lock, in whichever VG it is. */
function lockOf(request: Request, resources: readonly string[]): Ask["lock"] {
  const { op, resourceType, vgName, lvUuid, mode, flags } = request;
  if (op !== Op.lock) return undefined;
  const name = `${vgName}/${resourceType === ResourceType.lv ? lvUuid : "VGLK"}`;
  const isGlobal = resourceType === ResourceType.gl;
  const about = resources.flatMap((of, i) =>
    of === name || (isGlobal && of.endsWith("/GLLK")) ? [i] : []
  );
  return { resources: about, mode, persistent: (flags & OptionFlag.persistent) !== 0 };
}

export function outcomeOf(words: string): Outcome {
  const answer = parseAnswer(words.split(" "));
  return { words, answer, record: recordOf((inputs) => inputs.lmDone(0, answer)) };
}

export function outcomesOf({ answers }: World): Outcomes {
  const outcomes: Outcome[][] = [];
  for (const [name, op] of Object.entries(LmCall)) {
    outcomes[op] = (answers[name] ?? ["ok"]).map(outcomeOf);
  }
  return outcomes;
}
