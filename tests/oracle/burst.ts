export type BurstOutcome = { x: number };
export function burst(_a: unknown, _b: unknown): BurstOutcome {
  return { x: 0 };
}
