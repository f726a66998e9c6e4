/**
 * What the lock manager runs when the leases of a VG are lost: this program's own control tool, unless
 * the administrator names another one. It is registered with a few words only, and may be run when
 * little of the system answers any more, so everything it needs stands in a small script.
 *
 * @module
 */

import type { KillCommand } from "./types.ts";

/** Settings of this process that its control tool needs too. */
const passedOn = ["DENO_DIR", "HOME", "PATH", "LVM_SYSTEM_DIR", "DM_DEV_DIR", "LANG"];

/**
 * @param killPath a program that is called as `lvmlockctl --kill VG`, or `""` for our own.
 * @param stateDir where {@link writeKillScript} puts the script.
 */
export function killCommandOf({ killPath, stateDir }: KillSettings): KillCommand {
  if (killPath !== "") return { path: killPath, args: (vgName) => `--kill ${vgName}` };
  const script = killScriptOf(stateDir);
  // By /bin/sh, because the directory may be one of which nothing is executed.
  return { path: "/bin/sh", args: (vgName) => `${script} --kill ${vgName} --make-safe` };
}

interface KillSettings {
  killPath: string;
  stateDir: string;
}

export function killScriptOf(stateDir: string): string {
  return `${stateDir}/lvmlockd-kill`;
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * @param program how the control tool is started, up to its own arguments.
 * @param socketPath the native socket of this daemon.
 */
export function writeKillScript(stateDir: string, program: string[], socketPath: string): void {
  const script = killScriptOf(stateDir);
  const [file = "", ...args] = program;
  const variables = { LVM_LVMLOCKD_SOCKET: socketPath };
  for (const name of passedOn) {
    const value = Deno.env.get(name);
    if (value !== undefined) Object.assign(variables, { [name]: value });
  }
  const text = [
    "#!/bin/sh",
    "# Written by lvmlockd at its start. The lock manager runs it when the leases of a VG are lost.",
    ...Object.entries(variables).map(([name, value]) => `export ${name}=${quoted(value)}`),
    `program=${quoted(file)}`,
    "# Deleted, as by an upgrade that failed: the daemon that runs still has it.",
    `[ -x "$program" ] || program=/proc/${Deno.pid}/exe`,
    `exec "$program" ${args.map(quoted).join(" ")} "$@"`,
    "",
  ].join("\n");
  const temporary = `${script}.new`;
  Deno.writeTextFileSync(temporary, text, { mode: 0o700 });
  Deno.renameSync(temporary, script);
}
