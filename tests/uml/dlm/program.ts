/**
 * Programs of this project that run on a host besides its daemon: the control tool, which holds locks
 * as no LVM command does, and helpers of scenarios. A host needs the daemon's set-up for them.
 *
 * @module
 */

const deno = `env DENO_DIR=/run/deno NO_COLOR=1 ${Deno.execPath()} run -A --cached-only`;
const root = new URL("../../../", import.meta.url).pathname;

/** The control tool with this project's own commands. */
export const ctl = `${deno} ${root}main.ts ctl`;

/** A program in this folder. */
export const helper = (file: string) => `${deno} ${import.meta.dirname}/${file}`;

/** A program in this folder that needs nothing from outside this project, nor the daemon's set-up. */
export const native = (file: string) =>
  `env DENO_DIR=/run/deno NO_COLOR=1 ${Deno.execPath()} run -A --no-config --no-lock ` +
  `${import.meta.dirname}/${file}`;

/** Starts a command that holds a lock until it is killed; ends when it has the lock. */
export const holdInBackground = (lock: string) =>
  `${ctl} lock ${lock} -- bash -c 'echo $$ > /run/holder; exec sleep 1000' > /run/holder.log 2>&1 &
  until [ -s /run/holder ]; do kill -0 $! || { cat /run/holder.log; exit 1; }; sleep 0.05; done`;
