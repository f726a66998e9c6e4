/**
 * What Deno must allow the program. Nothing less than everything works: Deno 2.9.6 opens nothing
 * below /proc and /sys, not even /proc/self/fd, unless all permissions are granted and none is
 * denied. docs/BUILDING.md lists what is used.
 *
 * @module
 */

export const permissions = ["--allow-all"];
