/**
 * The readable commands by name. Each is loaded when it is used, so that the stock face starts fast.
 *
 * @module
 */
import type { Command } from "./command.ts";

/** Loads a command. */
export const commands: Record<string, () => Promise<Command>> = {
  status: async () => (await import("./status.ts")).command,
  lockspaces: async () => (await import("./lockspaces.ts")).command,
  locks: async () => (await import("./locks.ts")).command,
  watch: async () => (await import("./watch.ts")).command,
  start: async () => (await import("./lifecycle.ts")).start,
  stop: async () => (await import("./lifecycle.ts")).stop,
  drop: async () => (await import("./lifecycle.ts")).drop,
  lock: async () => (await import("./lock.ts")).lockCommand,
  unlock: async () => (await import("./lock.ts")).unlockCommand,
  upgrade: async () => (await import("./upgrade.ts")).command,
};
