/**
 * A connection over which this process is registered with the sanlock daemon. The library has one
 * rule for it: a call at a time, its answer read before the next. Two at a time get each other's
 * answers, or wait for ever.
 *
 * @module
 */
import type { ResourceArg, SanlockConnection } from "./client.ts";
import { HELPER_TEXT_LENGTH, ReleaseFlag } from "./constants.ts";
import { holding, libc, pointersTo, type Symbols } from "./ffi.ts";
import { Lane } from "../lanes.ts";
import { cText, encodeOptions, encodeResource, FieldError } from "./structs.ts";

/** What the calls return on a connection that is closed: EBADF. */
const CLOSED = -9;

/** Under this name sanlock lists the owner of our locks. */
const OWNER_NAME = "lvmlockd";

/** In place of a process id: the one that registered the connection is meant. */
const SELF = -1;

const F_SETFD = 2;
const FD_CLOEXEC = 1n;

/** The calls of the library that use a registered connection. */
export type ConnectionSymbols = Pick<
  Symbols,
  | "sanlock_killpath"
  | "sanlock_restrict"
  | "sanlock_acquire"
  | "sanlock_release"
  | "sanlock_convert"
>;

/**
 * A registered connection. Its calls return the library's results as they are: after -1, -32 or -104
 * it may be lost, and every later call then fails as well. None is repeated by itself, because only
 * the caller knows what an answer that did not come means for a lock.
 */
export class RegisteredConnection implements SanlockConnection {
  readonly #turn = new Lane(1);
  #closing: Promise<void> | undefined;

  /**
   * @param fd the descriptor of the registered socket; it belongs to this object from now on.
   * @param lane what the calls of all connections go through.
   */
  constructor(
    private readonly fd: number,
    private readonly library: ConnectionSymbols,
    private readonly lane: Lane,
  ) {
    // A program started by this process must not keep the connection, and with it the locks, alive.
    libc().fcntl(fd, F_SETFD, FD_CLOEXEC);
  }

  killpath(path: string, args: string): Promise<number> {
    return this.#call(() => {
      const memory = [cText(path, HELPER_TEXT_LENGTH), cText(args, HELPER_TEXT_LENGTH)] as const;
      return holding(memory, () => this.library.sanlock_killpath(this.fd, 0, ...memory));
    });
  }

  restrict(flags: number): Promise<number> {
    return this.#call(() => this.library.sanlock_restrict(this.fd, flags));
  }

  acquire(resource: ResourceArg, flags: number): Promise<number> {
    return this.#call(() => {
      const struct = encodeResource(resource);
      const list = pointersTo([struct]);
      const options = encodeOptions(OWNER_NAME);
      return holding(
        [struct, list, options],
        () => this.library.sanlock_acquire(this.fd, SELF, flags, 1, list, options),
      );
    });
  }

  release(resource: ResourceArg, flags: number, renameTo?: string): Promise<number> {
    return this.#call(() => {
      const structs = [encodeResource(resource)];
      if (renameTo !== undefined) structs.push(encodeResource({ ...resource, name: renameTo }));
      const list = pointersTo(structs);
      const allFlags = renameFlags(flags, renameTo !== undefined);
      return holding(
        [...structs, list],
        () => this.library.sanlock_release(this.fd, SELF, allFlags, structs.length, list),
      );
    });
  }

  convert(resource: ResourceArg, flags: number): Promise<number> {
    return this.#call(() => {
      const struct = encodeResource(resource);
      return holding(
        [struct],
        () => this.library.sanlock_convert(this.fd, SELF, flags, struct),
      );
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#turn.run(() => {
      libc().close(this.fd);
      return Promise.resolve();
    });
    return this.#closing;
  }

  /** Makes a call after all that were asked for before it. */
  #call(native: () => Promise<number>): Promise<number> {
    if (this.#closing) return Promise.resolve(CLOSED);
    return this.#turn.run(async () => {
      try {
        return await this.lane.run(native);
      } catch (error) {
        if (error instanceof FieldError) return error.result;
        throw error;
      }
    });
  }
}

/**
 * The flags of a release. The library reads as many resources as they say: two to rename, else one.
 * @throws {FieldError} for others than those of {@link ReleaseFlag}.
 */
function renameFlags(flags: number, rename: boolean): number {
  if (flags & ~(ReleaseFlag.rename | ReleaseFlag.orphan)) {
    throw FieldError.argument(`release flags ${flags}`);
  }
  return rename ? flags | ReleaseFlag.rename : flags & ~ReleaseFlag.rename;
}
