/**
 * All checkers, by their files.
 *
 * @module
 */
import type { MakeChecker } from "../checker.ts";
import { calls } from "./calls.ts";
import { counts } from "./counts.ts";
import { exclusion } from "./exclusion.ts";
import { granted } from "./granted.ts";
import { keptLocks } from "./kept_locks.ts";
import { killed } from "./killed.ts";
import { leaving } from "./leaving.ts";
import { owners } from "./owners.ts";
import { queues } from "./queues.ts";
import { replies } from "./replies.ts";
import { valueBlock } from "./value_block.ts";

export const allCheckers: readonly MakeChecker[] = [
  exclusion,
  granted,
  keptLocks,
  killed,
  calls,
  leaving,
  replies,
  owners,
  counts,
  queues,
  valueBlock,
];
