/**
 * Exit codes of the control tool, and the error that carries one from where a run ends to where the
 * process does.
 *
 * @module
 */

/** Exit codes. The stock tool's where it has one; a transport error exits with its errno. */
export const Exit = {
  ok: 0,
  /** Wrong options or arguments. */
  usage: 1,
  /** `status` found that locks are lost or about to be. */
  trouble: 3,
  /** The daemon answered and refused. */
  refused: 5,
  /** The answer had no result (-1000 cut to eight bits). */
  noResult: 24,
  /** `--deadline` passed, or the daemon's data did not arrive (ETIMEDOUT). */
  timedOut: 110,
  /** The name of the dump socket is taken (-98, EADDRINUSE, cut to eight bits). */
  dumpSocketTaken: 158,
  /** Arguments of `--set-remote-lv-lock` are missing (-22, EINVAL, cut to eight bits). */
  missingArgument: 234,
  /** The daemon does not run, or the kill command failed. */
  failed: 255,
} as const;

/** Ends the run. What it says on each stream is whole lines or empty. */
export class CtlExit extends Error {
  override name = "CtlExit";
  /** `stdout` is for texts that the stock tool prints there, whether or not they are errors. */
  constructor(readonly code: number, readonly stderr: string, readonly stdout = "") {
    super(stderr || stdout || `exit ${code}`);
  }
}
