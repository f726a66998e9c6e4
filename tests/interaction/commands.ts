/**
 * Random commands for the property tests: four clients, two VGs and three LVs.
 *
 * @module
 */
import fc from "fast-check";
import {
  emptyRequest,
  LockType,
  Mode,
  Op,
  OptionFlag,
  type Request,
  ResourceType,
} from "../../core/types.ts";
import type { ResourceName } from "./world.ts";

export const CLIENTS = 4;
export const VGS = ["a", "b"];
export const RESOURCES: readonly ResourceName[] = ["a/VGLK", "a/L1", "a/L2", "b/VGLK", "b/L3"];

export type Command =
  | {
    kind: "request";
    client: number;
    resource: ResourceName;
    what: "lock" | "update" | "query";
    mode: Mode;
    persistent: boolean;
    version: number;
    maxRetries: number;
  }
  /** A whole lockspace. */
  | { kind: "vg"; client: number; vgName: string; op: Op; flags: number }
  | { kind: "global"; client: number; mode: Mode }
  | { kind: "gone"; client: number }
  /** `pick` chooses one of those that there are, modulo their number. */
  | { kind: "cancel" | "timer" | "answer"; pick: number; refuse: boolean }
  | { kind: "remote"; resource: ResourceName; mode: Mode }
  | { kind: "stuck"; resource: ResourceName; stuck: boolean }
  | { kind: "passing"; passing: boolean }
  | { kind: "written"; resource: ResourceName; version: number };

const client = fc.integer({ min: 1, max: CLIENTS });
const resource = fc.constantFrom(...RESOURCES);
const held = fc.constantFrom(Mode.sh, Mode.ex);
const version = fc.integer({ min: 0, max: 9 });
const pick = fc.nat({ max: 20 });

const lock = fc.record({
  kind: fc.constant("request" as const),
  client,
  resource,
  what: fc.constant("lock" as const),
  mode: fc.constantFrom(Mode.sh, Mode.sh, Mode.ex, Mode.un),
  persistent: fc.boolean(),
  version: fc.constant(0),
  maxRetries: fc.constantFrom(0, 1, 4),
});
const vgRequest = fc.record({
  kind: fc.constant("request" as const),
  client,
  resource: fc.constantFrom("a/VGLK", "b/VGLK"),
  what: fc.constantFrom("update" as const, "query" as const),
  mode: fc.constant(Mode.iv),
  persistent: fc.constant(false),
  version,
  maxRetries: fc.constant(4),
});
const gone = fc.record({ kind: fc.constant("gone" as const), client });
const picked = (...kinds: ("cancel" | "timer" | "answer")[]) =>
  fc.record({ kind: fc.constantFrom(...kinds), pick, refuse: fc.boolean() });

/** For a lock manager that answers at once: what other hosts do is a command as well. */
export const promptCommands: fc.Arbitrary<Command[]> = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: lock },
    { weight: 2, arbitrary: vgRequest },
    { weight: 2, arbitrary: gone },
    { weight: 2, arbitrary: picked("cancel", "timer") },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("remote" as const),
        resource,
        mode: fc.oneof(held, fc.constant(Mode.un)),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.oneof(
        fc.record({ kind: fc.constant("stuck" as const), resource, stuck: fc.boolean() }),
        fc.record({ kind: fc.constant("passing" as const), passing: fc.boolean() }),
        fc.record({
          kind: fc.constant("written" as const),
          resource: fc.constantFrom("a/VGLK", "b/VGLK"),
          version,
        }),
      ),
    },
  ),
  { maxLength: 80, size: "max" },
);

const ofVg = fc.record({
  kind: fc.constant("vg" as const),
  client,
  vgName: fc.constantFrom(...VGS),
  op: fc.constantFrom(...[
    [Op.start, Op.start, Op.stop, Op.stopAll, Op.dropVg, Op.free, Op.killVg, Op.vgStatus],
    [Op.enable, Op.disable, Op.startWait, Op.renameBefore],
  ].flat()),
  flags: fc.constantFrom(0, OptionFlag.force, OptionFlag.wait),
});
const globalLock = fc.record({
  kind: fc.constant("global" as const),
  client,
  mode: fc.constantFrom(Mode.sh, Mode.ex, Mode.un),
});

/** For a lock manager that takes its time: its answers come in any order, some are refusals. */
export const slowCommands: fc.Arbitrary<Command[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: lock },
    { weight: 1, arbitrary: vgRequest },
    { weight: 1, arbitrary: gone },
    { weight: 1, arbitrary: ofVg },
    { weight: 1, arbitrary: globalLock },
    { weight: 8, arbitrary: picked("answer", "answer", "answer", "timer", "cancel") },
  ),
  { maxLength: 120, size: "max" },
);

/** The request for a whole lockspace that a command stands for. */
export function toVgRequest({ vgName, op, flags }: Command & { kind: "vg" }): Request {
  const lockType = op === Op.start ? LockType.sanlock : LockType.none;
  const about: Partial<Record<Op, ResourceType>> = {
    [Op.stopAll]: ResourceType.none,
    [Op.startWait]: ResourceType.none,
    [Op.enable]: ResourceType.gl,
    [Op.disable]: ResourceType.gl,
  };
  const resourceType = about[op] ?? ResourceType.vg;
  return { ...emptyRequest, op, flags, resourceType, vgName, lockType };
}

/** The request to the table that a command stands for. */
export function toRequest(command: Command & { kind: "request" }): Request {
  const [vgName = "", name = ""] = command.resource.split("/");
  const ofVg = name === "VGLK";
  const ops = { lock: Op.lock, update: Op.update, query: Op.queryLock };
  return {
    ...emptyRequest,
    op: ops[command.what],
    resourceType: ofVg ? ResourceType.vg : ResourceType.lv,
    mode: command.mode,
    flags: command.persistent ? OptionFlag.persistent : 0,
    vgName,
    lvUuid: ofVg ? "" : name,
    version: command.version,
    maxRetries: command.maxRetries,
  };
}
