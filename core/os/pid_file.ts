/**
 * The pid file: LVM commands look whether it exists, and its lock keeps a second instance away. The
 * lock is fcntl's, as the stock daemon's, so that the two exclude each other as well.
 *
 * @module
 */
import { cString, errno, libc, strerror } from "./libc.ts";

const O_RDWR = 0o2;
const O_CREAT = 0o100;
const O_CLOEXEC = 0o2000000;
const F_SETLK = 6;
const F_WRLCK = 1;
/** `struct flock` of 64 bit Linux: type, whence, start, length, pid. */
const FLOCK_BYTES = 32;
/** Another process may hold the lock for a moment while it looks; the stock daemon tries as often. */
const TRIES = 20;

/** The pid file cannot be made or is locked by another instance. */
export class PidFileError extends Error {
  override name = "PidFileError";
}

/** A locked pid file. The lock ends with the process; nothing else must open and close the file. */
export class PidFile {
  private constructor(readonly path: string, private readonly fd: number) {}

  /**
   * Makes and locks the file and writes this process's id into it.
   * @throws {PidFileError} saying why.
   */
  static acquire(path: string): PidFile {
    const fd = libc().open(cString(path), O_RDWR | O_CREAT | O_CLOEXEC, 0o644);
    if (fd < 0) {
      throw new PidFileError(`Cannot open lockfile [${path}], error was [${strerror(errno())}]`);
    }
    const lock = new Uint8Array(FLOCK_BYTES);
    new DataView(lock.buffer).setInt16(0, F_WRLCK, true);
    for (let tries = 1; libc().fcntl(fd, F_SETLK, lock) < 0; tries++) {
      if (tries < TRIES) continue;
      const why = strerror(errno());
      libc().close(fd);
      throw new PidFileError(
        `Cannot lock lockfile [${path}], error was [${why}]. Already running?`,
      );
    }
    if (!isSameFile(path, fd)) {
      libc().close(fd); // a daemon that was just ending has removed it: make a new one
      return PidFile.acquire(path);
    }
    const file = new PidFile(path, fd);
    file.write();
    return file;
  }

  private write(): void {
    const text = new TextEncoder().encode(`${Deno.pid}\n`);
    const written = libc().ftruncate(this.fd, 0n) === 0 &&
      libc().pwrite(this.fd, text, BigInt(text.length), 0n) === BigInt(text.length);
    if (written) return;
    const why = strerror(errno());
    this.remove();
    throw new PidFileError(`Cannot write [${this.path}], error was [${why}]`);
  }

  /** Removes the file, then gives up the lock. */
  remove(): void {
    try {
      Deno.removeSync(this.path);
    } catch {
      // Somebody removed it already: what is wanted is the case.
    }
    libc().close(this.fd);
  }
}

/** Is the open file the one at `path`? Looks without opening it, which would lose the lock. */
function isSameFile(path: string, fd: number): boolean {
  try {
    const [there, ours] = [Deno.statSync(path), Deno.statSync(`/proc/self/fd/${fd}`)];
    return there.ino === ours.ino && there.dev === ours.dev;
  } catch {
    return false;
  }
}
