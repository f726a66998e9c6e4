/**
 * Runs the scenes of a test at the same time, because most of their time is spent waiting for sanlock:
 * a join takes 3 s, leaving 2.
 *
 * @module
 */

/** Scenes by name, each a step of the test. They must not get in each other's way. */
export async function atTheSameTime(
  t: Deno.TestContext,
  scenes: Record<string, () => Promise<void>>,
): Promise<void> {
  // What one scene opens must not be taken for what another forgot to close; the test as a whole is
  // still checked.
  const unchecked = { sanitizeOps: false, sanitizeResources: false, sanitizeExit: false };
  const steps = Object.entries(scenes).map(([name, fn]) => t.step({ name, fn, ...unchecked }));
  await Promise.all(steps);
}
