/**
 * Waits for connections to end, all of them in one thread, without looking again and again: the
 * kernel wakes it when the other end is gone, or when the set of connections changes.
 *
 * @module
 */
import { holding, libc } from "./ffi.ts";
import { bytesOf } from "./structs.ts";

/** `struct pollfd`: descriptor, what is asked for, what is. */
const pollfd = { size: 8, fd: 0, events: 4, revents: 6 } as const;
const POLLIN = 0x1;
const POLLRDHUP = 0x2000;
/** Errors, the end, and descriptors that are not open are always reported. */
const ENDED = 0x8 | 0x10 | 0x20 | POLLRDHUP;

const EFD_NONBLOCK = 0o4000;
const EFD_CLOEXEC = 0o2000000;
const FOR_EVER = -1;

interface Watched {
  fd: number;
  ended: () => void;
}

/** Has the other end of a connection gone? Answers at once. */
export function hasEnded(fd: number): boolean {
  const list = pollList([[fd, POLLRDHUP]]);
  return libc().poll(list, 1n, 0) !== 0;
}

export class HangUps {
  readonly #watched = new Map<number, Watched>();
  readonly #wakeFd: number;
  #running = false;

  /** @throws {Error} if no descriptor is left. */
  constructor() {
    this.#wakeFd = libc().eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (this.#wakeFd < 0) throw new Error("no descriptor is left to watch connections with");
  }

  /**
   * Calls back once when the connection has ended.
   * @returns a function that ends this; it must be called before the descriptor is closed.
   */
  watch(fd: number, ended: () => void): () => void {
    const watched = { fd, ended };
    this.#watched.set(fd, watched);
    this.#wake();
    if (!this.#running) void this.#run();
    return () => {
      if (this.#watched.get(fd) !== watched) return;
      this.#watched.delete(fd);
      this.#wake();
    };
  }

  #wake(): void {
    const one = bytesOf(8);
    one[0] = 1;
    libc().write(this.#wakeFd, one, 8n);
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#watched.size > 0) await this.#wait();
    this.#running = false;
  }

  async #wait(): Promise<void> {
    const entries = [...this.#watched.values()];
    const list = pollList([[this.#wakeFd, POLLIN], ...entries.map(asked)]);
    const size = BigInt(entries.length + 1);
    await holding([list], () => libc().poll_later(list, size, FOR_EVER));
    libc().read(this.#wakeFd, bytesOf(8), 8n);
    const view = new DataView(list.buffer);
    entries.forEach((entry, i) => {
      const events = view.getUint16((i + 1) * pollfd.size + pollfd.revents, true);
      // A descriptor that was closed meanwhile may be another connection's by now.
      if ((events & ENDED) === 0 || this.#watched.get(entry.fd) !== entry) return;
      this.#watched.delete(entry.fd);
      entry.ended();
    });
  }
}

const asked = ({ fd }: Watched): [number, number] => [fd, POLLRDHUP];

function pollList(entries: readonly (readonly [fd: number, events: number])[]) {
  const bytes = bytesOf(entries.length * pollfd.size);
  const view = new DataView(bytes.buffer);
  entries.forEach(([fd, events], i) => {
    view.setInt32(i * pollfd.size + pollfd.fd, fd, true);
    view.setInt16(i * pollfd.size + pollfd.events, events, true);
  });
  return bytes;
}
