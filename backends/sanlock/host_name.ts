/**
 * The name under which the sanlock daemon of this host appears to others. The library does not tell
 * it; sanlock's own command does.
 *
 * @module
 */

/** The command answers at once or not at all. */
const LIMIT_MS = 5000;

/** A name that sanlock made up at its start, because none was configured. */
export function isRandomName(name: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/.test(name);
}

/** `""` if it cannot be found out. */
export async function ownHostName(): Promise<string> {
  try {
    const { success, stdout } = await new Deno.Command("sanlock", {
      args: ["client", "status"],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
      signal: AbortSignal.timeout(LIMIT_MS),
    }).output();
    if (!success) return "";
    return /^daemon (.*)$/m.exec(new TextDecoder().decode(stdout))?.[1]?.trim() ?? "";
  } catch {
    return "";
  }
}
