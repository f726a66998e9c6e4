/**
 * The native socket: makes it, takes over a stale one, serves connections.
 *
 * @module
 */
import { createServer, type Server, type Socket } from "node:net";
import { peerPid } from "../os/peer.ts";
import { closeOnExec, fileLimit } from "../os/process.ts";
import { claimSocketPath } from "../os/socket_path.ts";
import type { LockService } from "../service.ts";
import { NativeSession, type SessionOptions } from "./session.ts";

/** Connections that may wait to be accepted; the stock daemon has room for one. */
const BACKLOG = 1024;

export interface NativeServerOptions extends SessionOptions {
  path: string;
  /** An inherited listening socket (socket activation) instead of the path. */
  listenFd?: number;
}

/** Clients that the lock table has room for. */
const MAX_CONNECTIONS = 60_000;
/** Descriptors kept for everything else, a full backlog included: accept must never run out. */
const RESERVED_FILES = 2048;

/** Connections served at once; more are closed as they come. */
function connectionLimit(): number {
  const files = fileLimit();
  return Math.min(MAX_CONNECTIONS, Math.max(files - RESERVED_FILES, files >> 1));
}

type WithHandle = { _handle?: { fd?: number } };

export class NativeServer {
  private constructor(
    private readonly server: Server,
    private readonly sockets: Set<Socket>,
    private readonly options: NativeServerOptions,
  ) {}

  /**
   * Listens. The socket is made with mode 0700.
   * @throws {Error} if the path cannot be used, saying why.
   */
  static async listen(service: LockService, options: NativeServerOptions): Promise<NativeServer> {
    const sockets = new Set<Socket>();
    const most = connectionLimit();
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      if (sockets.size >= most) return void socket.destroy();
      const fd = (socket as unknown as WithHandle)._handle?.fd ?? -1;
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      new NativeSession(socket, service, options, { pid: peerPid(fd), fd });
    });
    if (options.listenFd === undefined) await claimSocketPath(options.path);
    await listening(server, options);
    closeOnExec(server);
    server.on("error", () => {}); // a failed accept (no descriptors left) must not end the daemon
    return new NativeServer(server, sockets, options);
  }

  /** Stops listening, ends all connections, removes the socket unless it was inherited. */
  async close(): Promise<void> {
    const closed = new Promise<void>((done) => this.server.close(() => done()));
    for (const socket of this.sockets) socket.destroySoon();
    await closed;
    if (this.options.listenFd !== undefined) return;
    await Deno.remove(this.options.path).catch(() => {});
  }
}

async function listening(server: Server, options: NativeServerOptions): Promise<void> {
  const mask = Deno.umask(0o077);
  try {
    await new Promise<void>((ready, failed) => {
      server.once("error", failed);
      const where = options.listenFd === undefined
        ? { path: options.path, backlog: BACKLOG }
        : { fd: options.listenFd };
      server.listen(where, () => {
        server.off("error", failed);
        ready();
      });
    });
  } finally {
    Deno.umask(mask);
  }
}
