/**
 * What Deno is told when it runs the program.
 *
 * @module
 */

/**
 * What Deno must allow. Nothing less than everything works: Deno 2.9.6 opens nothing
 * below /proc and /sys, not even /proc/self/fd, unless all permissions are granted and none is
 * denied. docs/BUILDING.md lists what is used.
 */
const permissions = ["--allow-all"];

/** For smaller heaps; see `runtimeOptions` of core/program.ts. */
export const memoryOptions = ["--v8-flags=--max-semi-space-size=4"];

/** Options of `deno run` and `deno compile` for the program: what it may do, and its memory. */
export const denoOptions = [...permissions, ...memoryOptions];
