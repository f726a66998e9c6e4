/**
 * dlm_controld: is it there, and when does it end? A connection is kept open on which nothing is ever
 * said; its end is the end of dlm_controld. Without it the kernel stops every lockspace for good.
 *
 * @module
 */

/** Abstract Unix socket of dlm_controld's main loop. */
const SOCKET = "\0dlmc_sock";

/** Pause before the connection is made again, milliseconds. */
const AGAIN_MS = 1000;

export class Controller {
  readonly #listeners = new Set<() => void>();
  #connection: Deno.UnixConn | undefined;
  #watching = false;

  constructor(private readonly path = SOCKET, private readonly againMs = AGAIN_MS) {}

  /** Does it take connections? */
  async isRunning(): Promise<boolean> {
    const connection = await this.#connect();
    connection?.close();
    return connection !== undefined;
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
      const connection = await this.#connect();
      if (connection === undefined) this.#tell();
      else await this.#untilEnd(connection);
    }
    this.#watching = false;
  }

  #tell(): void {
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener();
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

  async #connect(): Promise<Deno.UnixConn | undefined> {
    try {
      return await Deno.connect({ transport: "unix", path: this.path });
    } catch {
      return undefined;
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
