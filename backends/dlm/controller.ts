/**
 * dlm_controld: is it there, and when does it end? A connection is kept open on which nothing is ever
 * said; its end is the end of dlm_controld. Without it the kernel stops every lockspace for good.
 *
 * @module
 */

/** Abstract Unix socket of dlm_controld's main loop. */
const SOCKET = "\0dlmc_sock";

/** How a connection to nobody fails; to one who is just ending, it is reset. */
const DEAD = [
  Deno.errors.ConnectionRefused,
  Deno.errors.ConnectionReset,
  Deno.errors.NotFound,
];

/** Pause before the connection is made again, milliseconds. */
const AGAIN_MS = 1000;

export class Controller {
  readonly #listeners = new Set<() => void>();
  #connection: Deno.UnixConn | undefined;
  #watching = false;

  constructor(private readonly path = SOCKET, private readonly againMs = AGAIN_MS) {}

  /** Does it take connections? If that cannot be told, it does. */
  async isRunning(): Promise<boolean> {
    const connection = await this.#connect();
    if (typeof connection === "object") connection.close();
    return connection !== "gone";
  }

  /**
   * Calls back once when dlm_controld is gone, soon if it is not there at all.
   * @returns a function that ends this.
   */
  onGone(listener: () => void): () => void {
    this.#listeners.add(listener);
    void this.#watch();
    return () => {
      this.#listeners.delete(listener);
      // Ends the read that the watch waits in.
      if (this.#listeners.size === 0) this.#drop();
    };
  }

  async #watch(): Promise<void> {
    if (this.#watching) return;
    this.#watching = true;
    while (this.#listeners.size > 0) {
      // Who listens only now means the one that is there now.
      const listeners = [...this.#listeners];
      const connection = await this.#connect();
      if (connection === "gone") this.#tell(listeners);
      else if (connection === "busy") await pause(this.againMs);
      else await this.#untilEnd(connection);
    }
    this.#watching = false;
  }

  #tell(listeners: readonly (() => void)[]): void {
    const those = listeners.filter((listener) => this.#listeners.delete(listener));
    for (const listener of those) listener();
  }

  /** One that closes connections but takes new ones is alive. */
  async #untilEnd(connection: Deno.UnixConn): Promise<void> {
    this.#connection = connection;
    if (this.#listeners.size === 0) return this.#drop();
    const begun = performance.now();
    connection.unref();
    await ended(connection);
    this.#drop();
    const tooSoon = performance.now() - begun < this.againMs;
    if (tooSoon && this.#listeners.size > 0 && await this.isRunning()) await pause(this.againMs);
  }

  #drop(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }

  /** It may be too busy to take one more, or this process have no descriptor left: no death. */
  async #connect(): Promise<Deno.UnixConn | "gone" | "busy"> {
    try {
      return await Deno.connect({ transport: "unix", path: this.path });
    } catch (error) {
      return DEAD.some((each) => error instanceof each) ? "gone" : "busy";
    }
  }
}

async function ended(connection: Deno.UnixConn): Promise<void> {
  const bytes = new Uint8Array(64);
  try {
    while (await connection.read(bytes) !== null);
  } catch {
    // Reset or closed: it has ended all the same.
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((wake) => Deno.unrefTimer(setTimeout(wake, ms)));
}
