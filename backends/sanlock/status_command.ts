/**
 * What sanlock's own command tells about the daemon of this host, for the few things that its library
 * does not tell.
 *
 * @module
 */

/** The command answers at once or not at all. */
const LIMIT_MS = 5000;

/** What `sanlock client status` prints; `""` if it cannot be found out. */
export async function sanlockStatus(): Promise<string> {
  try {
    const { success, stdout } = await new Deno.Command("sanlock", {
      args: ["client", "status"],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
      signal: AbortSignal.timeout(LIMIT_MS),
    }).output();
    return success ? new TextDecoder().decode(stdout) : "";
  } catch {
    return "";
  }
}
