/**
 * The name under which the sanlock daemon of this host appears to others. The library does not tell
 * it; sanlock's own command does.
 *
 * @module
 */
import { sanlockStatus } from "./status_command.ts";

/** A name that sanlock made up at its start, because none was configured. */
export function isRandomName(name: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/.test(name);
}

/** `""` if it cannot be found out. */
export async function ownHostName(): Promise<string> {
  return /^daemon (.*)$/m.exec(await sanlockStatus())?.[1]?.trim() ?? "";
}
