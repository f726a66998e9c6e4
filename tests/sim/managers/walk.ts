/**
 * Walks at random through what the lock table asks of a lock manager, on two hosts, and writes down
 * the answers. Two managers that behave alike give the same answers to the same walk.
 *
 * @module
 */
import type { Adopt, Answer, GrantAnswer } from "../../../backends/lock_manager.ts";
import { Mode, ResourceType } from "../../../core/types.ts";
import type { Chance } from "../chance.ts";

/** The resources of a walk: the VG and two LVs. */
export type Place = "vg" | "lv0" | "lv1";
export const places: readonly Place[] = ["vg", "lv0", "lv1"];

export const typeOf = (place: Place): ResourceType =>
  place === "vg" ? ResourceType.vg : ResourceType.lv;

export interface HowToLock {
  adopt: Adopt;
  /** An LV is being activated. */
  persistent: boolean;
}

/** One host of a manager that is walked through. */
export interface Side {
  lock(place: Place, mode: Mode, how: HowToLock): Promise<GrantAnswer>;
  convert(place: Place, mode: Mode, version: number): Promise<GrantAnswer>;
  unlock(place: Place, version: number): Promise<Answer>;
  /** The daemon is killed, and another one takes over its lockspace. */
  restart?(): Promise<void>;
}

/** What counts of an answer. */
export interface Step {
  asked: string;
  result: number;
  retry: boolean;
  persevered: boolean;
  /** Version, flags and resource version. */
  block: string;
}

interface Walker {
  side: Side;
  held: Map<Place, Mode>;
  /** Locks may have been left behind. */
  restarted: boolean;
}

const other = (mode: Mode): Mode => mode === Mode.ex ? Mode.sh : Mode.ex;

/** @param sides one or two hosts. */
export async function walk(sides: Side[], chance: Chance, steps: number): Promise<Step[]> {
  const walkers = sides.map((side): Walker => ({ side, held: new Map(), restarted: false }));
  const taken: Step[] = [];
  for (let i = 0; i < steps; i++) {
    const number = chance.below(walkers.length);
    const [asked, answer] = await step(walkers[number]!, chance);
    const { result, retry = false, persevered = false, valueBlock } = answer;
    const block = valueBlock === undefined
      ? ""
      : `${valueBlock.version} ${valueBlock.flags} ${valueBlock.resourceVersion}`;
    taken.push({ asked: `${number}: ${asked}`, result, retry, persevered, block });
  }
  return taken;
}

/** All that chance decides is drawn here, so that it does not depend on the answers. */
async function step(walker: Walker, chance: Chance): Promise<[string, GrantAnswer]> {
  const { side, held } = walker;
  const place = chance.pick(places);
  const mode = chance.pick([Mode.sh, Mode.ex]);
  const version = chance.pick([0, chance.between(1, 100)]);
  const converts = chance.perMille(400);
  const adopt = chance.pick<Adopt>(["no", "ok", "only"]);
  const persistent = place !== "vg" && chance.perMille(500);
  const restarts = chance.perMille(60);
  if (restarts && side.restart !== undefined) {
    await side.restart();
    held.clear();
    walker.restarted = true;
    return ["restart", { result: 0 }];
  }
  const now = held.get(place);
  if (now === undefined) {
    const how = { adopt: walker.restarted ? adopt : "no" as const, persistent };
    const answer = await side.lock(place, mode, how);
    if (answer.result >= 0) held.set(place, mode);
    return [`lock ${place} ${mode} ${how.adopt}${persistent ? " persistent" : ""}`, answer];
  }
  const written = place === "vg" && now === Mode.ex ? version : 0;
  if (converts) {
    const answer = await side.convert(place, other(now), written);
    if (answer.result >= 0) held.set(place, other(now));
    return [`convert ${place} ${other(now)} ${written}`, answer];
  }
  const answer = await side.unlock(place, written);
  if (answer.result >= 0) held.delete(place);
  return [`unlock ${place} ${written}`, answer];
}
