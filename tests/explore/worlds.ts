/**
 * The small worlds that are explored.
 *
 * @module
 */
import type { World } from "./world.ts";
import { lvWorlds } from "./worlds_lv.ts";
import { twoHostWorlds } from "./worlds_two.ts";
import { vgWorlds } from "./worlds_vg.ts";

export const worlds: readonly World[] = [...lvWorlds, ...vgWorlds, ...twoHostWorlds];

/** @throws {Error} If there is no such world. */
export function worldOf(name: string): World {
  const found = worlds.find((world) => world.name === name);
  if (found === undefined) throw new Error(`no world "${name}"`);
  return found;
}

/** Depth of the short exploration: less where there is more to choose from. */
export function shortDepth({ name }: World): number {
  const depths: Record<string, number> = {
    retry: 5,
    lvs: 5,
    admin: 6,
    "gl-two": 6,
    "two-lv": 6,
    "two-lvs": 6,
  };
  return depths[name] ?? 7;
}
