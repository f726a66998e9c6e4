/**
 * The native socket: makes it, takes over a stale one, serves connections.
 *
 * @module
 */
import { nativeConnections } from "../os/connection_limits.ts";
import { peerPid } from "../os/peer.ts";
import { Poller, Ready, type Watch } from "../os/poller.ts";
import { fileLimit } from "../os/process.ts";
import { claimSocketPath } from "../os/socket_path.ts";
import { accept, adoptListening, closeSocket, listenAt } from "../os/unix_socket.ts";
import type { LockService } from "../service.ts";
import { Connection } from "./connection.ts";
import { NativeSession, type SessionOptions } from "./session.ts";

/** Connections that may wait to be accepted; the stock daemon has room for one. */
const BACKLOG = 1024;

export interface NativeServerOptions extends SessionOptions {
  path: string;
  /** An inherited listening socket (socket activation) instead of the path. */
  listenFd?: number;
}

/** How long new connections wait when the system has no room for them, in milliseconds. */
const NO_ROOM_PAUSE_MS = 100;

export class NativeServer {
  readonly #connections = new Set<Connection>();
  /** Connections served at once; more are closed as they come. */
  readonly #most = nativeConnections(fileLimit());
  readonly #watch: Watch;
  #closed = false;

  private constructor(
    private readonly poller: Poller,
    private readonly listening: number,
    private readonly service: LockService,
    private readonly options: NativeServerOptions,
  ) {
    this.#watch = this.poller.watch(listening, Ready.read, () => this.#accept());
  }

  /**
   * Listens. The socket is made with mode 0700.
   * @throws {Error} if the path cannot be used, saying why.
   */
  static async listen(
    poller: Poller,
    service: LockService,
    options: NativeServerOptions,
  ): Promise<NativeServer> {
    if (options.listenFd !== undefined) {
      adoptListening(options.listenFd);
      return new NativeServer(poller, options.listenFd, service, options);
    }
    await claimSocketPath(options.path);
    const mask = Deno.umask(0o077);
    try {
      return new NativeServer(poller, listenAt(options.path, BACKLOG), service, options);
    } finally {
      Deno.umask(mask);
    }
  }

  #accept(): void {
    for (;;) {
      const fd = accept(this.listening);
      if (fd === "none") return;
      if (fd === "no room") return this.#pause();
      if (this.#connections.size >= this.#most) closeSocket(fd);
      else this.#serve(fd);
    }
  }

  /** Whoever wants to connect waits in the backlog meanwhile. */
  #pause(): void {
    this.poller.want(this.#watch, 0);
    setTimeout(() => {
      if (!this.#closed) this.poller.want(this.#watch, Ready.read);
    }, NO_ROOM_PAUSE_MS);
  }

  #serve(fd: number): void {
    let connection: Connection;
    try {
      connection = new Connection(this.poller, fd);
    } catch { // the kernel watches no more descriptors for this user
      return closeSocket(fd);
    }
    this.#connections.add(connection);
    const session = new NativeSession(connection, this.service, this.options, peerPid(fd));
    connection.serve(session, () => this.#connections.delete(connection));
  }

  /**
   * Takes no more connections, serves those that there are. Others wait for the next daemon if the
   * socket was inherited, else they are refused.
   */
  stopAccepting(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.poller.forget(this.#watch);
    closeSocket(this.listening);
  }

  /** Stops listening, ends all connections, removes the socket unless it was inherited. */
  async close(): Promise<void> {
    this.stopAccepting();
    for (const connection of this.#connections) connection.close();
    if (this.options.listenFd !== undefined) return;
    await Deno.remove(this.options.path).catch(() => {});
  }
}
