/**
 * Waits until descriptors are ready, and tells their owners: epoll through FFI. The runtime's own
 * sockets cost several microseconds for each message; here a message is one recv and one send.
 *
 * An idle poller waits on one of the runtime's threads and costs nothing. After something was ready
 * the next messages are soon to come: it then looks for them itself, for some 200 µs in all, and lets
 * the event loop run in between. Where long work goes on in slices it looks between them: to wake
 * from sleep would take as long as several slices.
 *
 * @module
 */
import { errno, libc, strerror } from "./libc.ts";
import { workWaits } from "./slices.ts";
import { afterTurns } from "./turns.ts";

const EPOLL_CLOEXEC = 0o2000000;
const EVENTFD_CLOEXEC = 0o2000000;
const [CTL_ADD, CTL_DEL, CTL_MOD] = [1, 2, 3] as const;
const POLLIN = 1;
const ENOSYS = 38;

/** Bits of what is waited for and of what was found (EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP). */
export const Ready = { read: 0x1, write: 0x4, error: 0x8, hangUp: 0x10 } as const;

/** Words of an event, and which of them is ours. */
const [STRIDE, OURS] = Deno.build.arch === "x86_64" ? [3, 1] as const : [4, 2] as const;

/** Descriptors told about at a time. */
const BATCH = 256;

/**
 * How often it is looked for more before the poller sleeps, some 50 µs in all. To wake a sleeping
 * processor takes as long, and the message of a client that has just got its reply comes sooner. On
 * a single processor the client could not even send it meanwhile.
 */
const LOOKS = navigator.hardwareConcurrency > 1 ? 150 : 1;

/** How long the poller blocks the event loop when nothing is ready, in nanoseconds. */
const LINGER_NS = 50_000n;
/** Milliseconds of telling and looking after which the event loop runs again. */
const TURN_MS = 1;

/** Turns of the event loop from one full turn to the next: others wait for eight of them at most. */
const TURNS_FOR_OTHERS = 8;

/** So many times, before it goes idle. */
const LINGER_TURNS = 2;

/** Told what was found: bits of {@link Ready}. */
export type OnReady = (found: number) => void;

/** A descriptor that is watched. */
export interface Watch {
  readonly fd: number;
  /** Names it in the kernel's events; unlike the descriptor's number it is never used again. */
  readonly token: number;
}

interface Watched extends Watch {
  onReady: OnReady;
}

export class Poller {
  readonly #epoll: number;
  readonly #watched = new Map<number, Watched>();
  readonly #found = new EventBuffer(BATCH);
  /** Written by the waiting thread, so never while another one is read. */
  readonly #foundIdle = new EventBuffer(BATCH);
  readonly #event = new EventBuffer(1);
  readonly #entry: Uint8Array<ArrayBuffer>;
  readonly #linger = new Uint8Array(new BigInt64Array([0n, LINGER_NS]).buffer);
  #lastToken = 0;
  #quietTurns = 0;
  #inBatch = false;
  #atEnd: (() => void)[] = [];
  #closed = false;
  /** The last waiting of the thread. */
  #idle: Promise<void>;

  /** @throws {Error} if the kernel has no room for another epoll descriptor. */
  constructor() {
    this.#epoll = libc().epoll_create1(EPOLL_CLOEXEC);
    if (this.#epoll < 0) throw new Error(`epoll_create1: ${strerror(errno())}`);
    this.#entry = new Uint8Array(new Int32Array([this.#epoll, POLLIN]).buffer);
    this.#idle = this.#waitIdle();
  }

  /**
   * Starts to watch a descriptor.
   * @param wanted bits of {@link Ready}; errors and hang-ups are always told.
   * @throws {Error} if it cannot be watched.
   */
  watch(fd: number, wanted: number, onReady: OnReady): Watch {
    this.#lastToken = this.#lastToken === 0x7fffffff ? 1 : this.#lastToken + 1;
    const watched = { fd, token: this.#lastToken, onReady };
    this.#event.set(wanted, watched.token);
    if (libc().epoll_ctl(this.#epoll, CTL_ADD, fd, this.#event.bytes) < 0) {
      throw new Error(`epoll_ctl: ${strerror(errno())}`);
    }
    this.#watched.set(watched.token, watched);
    return watched;
  }

  /** Changes what is waited for. */
  want({ fd, token }: Watch, wanted: number): void {
    this.#event.set(wanted, token);
    libc().epoll_ctl(this.#epoll, CTL_MOD, fd, this.#event.bytes);
  }

  /** Stops watching. Comes before the descriptor is closed. */
  forget({ fd, token }: Watch): void {
    if (!this.#watched.delete(token)) return;
    libc().epoll_ctl(this.#epoll, CTL_DEL, fd, this.#event.bytes);
  }

  /** Runs `action` when all that were found ready have been told, at once if none are being told. */
  afterBatch(action: () => void): void {
    if (this.#inBatch) this.#atEnd.push(action);
    else action();
  }

  /** Tells nobody any more; resolves when no thread waits. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    // It is readable from the start, which ends the waiting.
    const wake = libc().eventfd(1, EVENTFD_CLOEXEC);
    this.#event.set(Ready.read, 0);
    libc().epoll_ctl(this.#epoll, CTL_ADD, wake, this.#event.bytes);
    await this.#idle;
    for (const fd of [wake, this.#epoll]) libc().close(fd);
  }

  /** Runs `action` after the batch that is being told, else in the event loop's next turn. */
  soon(action: () => void): void {
    if (this.#inBatch) this.#atEnd.push(action);
    else setImmediate(action);
  }

  async #waitIdle(): Promise<void> {
    const count = await libc().epollWaiting(this.#epoll, this.#foundIdle.bytes, BATCH, -1);
    if (this.#closed) return;
    this.#quietTurns = 0;
    this.#tell(this.#foundIdle, count);
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    const until = performance.now() + TURN_MS;
    let quiet = false;
    while (!quiet && performance.now() < until) {
      if (this.#closed) return;
      const count = this.#look();
      if (count > 0) this.#tell(this.#found, count);
      quiet = count <= 0;
    }
    this.#quietTurns = quiet ? this.#quietTurns + 1 : 0;
    if (!quiet) afterTurns(TURNS_FOR_OTHERS, this.#turn);
    else if (this.#quietTurns < LINGER_TURNS || workWaits()) setImmediate(this.#turn);
    else this.#idle = this.#waitIdle();
  };

  /** How many are ready now or within a moment. */
  #look(): number {
    const { epoll_pwait2, epoll_wait, ppoll } = libc();
    const events = this.#found.bytes;
    if (workWaits()) return epoll_wait(this.#epoll, events, BATCH, 0);
    for (let i = 0; i < LOOKS; i++) {
      const count = epoll_wait(this.#epoll, events, BATCH, 0);
      if (count !== 0) return count;
    }
    if (epoll_pwait2 !== null) {
      const count = epoll_pwait2(this.#epoll, events, BATCH, this.#linger, null);
      // Kernels before 5.11 have it not.
      if (count >= 0 || errno() !== ENOSYS) return count;
    }
    if (ppoll(this.#entry, 1, this.#linger, null) <= 0) return 0;
    return epoll_wait(this.#epoll, events, BATCH, 0);
  }

  #tell(found: EventBuffer, count: number): void {
    this.#inBatch = true;
    try {
      for (let i = 0; i < count; i++) {
        this.#watched.get(found.token(i))?.onReady(found.events(i));
      }
    } finally {
      this.#inBatch = false;
      const actions = this.#atEnd;
      if (actions.length > 0) this.#atEnd = [];
      for (const action of actions) action();
    }
  }
}

/**
 * `struct epoll_event[]`: 32 bits of events, then 64 bits of our own, of which 32 are used. Only on
 * x86-64 the second follows without a gap.
 */
class EventBuffer {
  readonly #words: Int32Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;

  constructor(count: number) {
    this.#words = new Int32Array(count * STRIDE);
    this.bytes = new Uint8Array(this.#words.buffer);
  }

  events(index: number): number {
    return this.#words[index * STRIDE]!;
  }

  token(index: number): number {
    return this.#words[index * STRIDE + OURS]!;
  }

  /** Fills in the first. */
  set(events: number, token: number): void {
    this.#words[0] = events;
    this.#words[OURS] = token;
  }
}
