/**
 * No lock manager: this project's daemon then serves one host with its embedded one; the stock daemon
 * has its test mode.
 *
 * @module
 */
import { type LockManager, noSurroundings } from "./lock_manager.ts";

export const none: LockManager = {
  daemonArguments: { ours: "", stock: "--test -g dlm" },
  prepare: () => Promise.resolve(noSurroundings),
  start: () => Promise.resolve(),
};
