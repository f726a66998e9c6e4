/**
 * The file of a Unix socket: taking over one that a dead daemon left behind, and nothing else.
 *
 * @module
 */

/** Identity of a file, to tell whether a path still names it. */
export interface FileId {
  dev: number;
  ino: number | null;
}

/** Who the file is. @throws {Deno.errors.NotFound} */
export function fileIdOf(path: string): FileId {
  const { dev, ino } = Deno.lstatSync(path);
  return { dev, ino };
}

/** Does `path` still name that file? */
export function isStill(path: string, id: FileId): boolean {
  try {
    const now = fileIdOf(path);
    return now.dev === id.dev && now.ino === id.ino;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * Makes `path` free for a new socket. What is there is removed only if it is a socket, is ours, is
 * closed to others, and nobody answers at it.
 *
 * @throws {Error} that says which of these does not hold
 */
export async function takeOver(path: string): Promise<void> {
  let info: Deno.FileInfo;
  try {
    info = Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  const refuse = (why: string) => new Error(`Cannot listen on "${path}": ${why}`);
  if (!info.isSocket) throw refuse("there is a file that is not a socket");
  if (info.uid !== Deno.uid()) throw refuse(`the socket belongs to user ${info.uid}`);
  if (((info.mode ?? 0) & 0o077) !== 0) throw refuse("the socket is open to group or others");
  if (await answers(path)) throw refuse("another daemon serves it");
  if (isStill(path, info)) Deno.removeSync(path);
}

async function answers(path: string): Promise<boolean> {
  try {
    (await Deno.connect({ transport: "unix", path })).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
