/**
 * Makes a path free for a listening Unix socket: removes what a dead daemon left behind, and nothing
 * else.
 *
 * @module
 */

/** Longest path of a Unix socket (`sun_path` without its NUL). */
const MAX_PATH = 107;

/** The path cannot be used for a socket; the message says why. */
export class SocketPathError extends Error {
  override name = "SocketPathError";
}

/**
 * Returns when nothing is at `path`. A stale socket is removed if it is ours alone (same owner, no
 * permissions for others) and nobody listens on it.
 * @throws {SocketPathError} otherwise.
 */
export async function claimSocketPath(path: string): Promise<void> {
  if (new TextEncoder().encode(path).length > MAX_PATH) {
    throw new SocketPathError(`Socket path ${path} is longer than ${MAX_PATH} bytes`);
  }
  const there = await Deno.lstat(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new SocketPathError(`Cannot use socket ${path}: ${error.message}`);
  });
  if (there === undefined) return;
  if (!there.isSocket) throw new SocketPathError(`${path} exists and is not a socket`);
  if (there.uid !== Deno.uid() || ((there.mode ?? 0) & 0o077) !== 0) {
    throw new SocketPathError(`Socket ${path} belongs to somebody else, or others may use it`);
  }
  if (await answers(path)) throw new SocketPathError(`Socket ${path} already in use`);
  await Deno.remove(path);
}

async function answers(path: string): Promise<boolean> {
  try {
    (await Deno.connect({ transport: "unix", path })).close();
    return true;
  } catch {
    return false;
  }
}
