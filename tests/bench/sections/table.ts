/**
 * The lock table alone, in this process; see ../table.ts.
 *
 * @module
 */
import { median } from "../stats.ts";
import { measureTable, readModule } from "../table.ts";
import { columns, type Section, type SectionOptions, whole } from "./names.ts";

/** Steps of one round; the growth is measured over all rounds. */
const STEPS = 400_000;

// deno-lint-ignore require-await -- one way to call all parts
export async function table({ tell, rounds, tableSteps }: SectionOptions): Promise<Section> {
  const module = readModule();
  const figures = [0, 100_000].map((held) => {
    tell(`the lock table alone, ${whole(held)} locks held`);
    return measureTable(module, held, STEPS, held === 0 ? tableSteps / STEPS : rounds);
  });
  const rows = figures.map(({ held, bytesPerLock, steps, cpu, growth }) => [
    whole(held),
    whole(bytesPerLock),
    whole(median(cpu)),
    whole(Math.min(...cpu)),
    whole(steps),
    whole(growth),
  ]);
  return {
    title: "The lock table alone: a step takes or releases the lock of an LV; by CPU time",
    lines: columns([
      ["locks held", "bytes/lock", "steps/s", "slowest", "steps", "growth, bytes"],
      ...rows,
    ]),
    figures,
  };
}
