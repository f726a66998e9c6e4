/**
 * Loaded into a daemon before it starts, for measurements: on SIGWINCH it collects garbage and prints
 * what its heap holds, on one line of standard error. Needs `--expose-gc`.
 *
 * @module
 */
const { gc } = globalThis as unknown as { gc(): void };

Deno.addSignalListener("SIGWINCH", () => {
  const before = Deno.memoryUsage();
  gc();
  console.error(`probe ${JSON.stringify({ before, after: Deno.memoryUsage() })}`);
});
