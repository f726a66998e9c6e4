/**
 * The open sessions. A session is a client of the daemon that lives as long as its HTTP stream;
 * its transient locks go with it, as those of a native client go with its connection.
 *
 * @module
 */
import type { ClientInfo, LockService } from "../service.ts";
import type { StateFeed } from "./feed.ts";
import { OwnedLocks } from "./owned_locks.ts";
import { apiError } from "./problem.ts";
import { toBytes } from "./text.ts";

export interface Session {
  /** Can not be guessed: whoever knows it may use the session's locks. */
  id: string;
  client: ClientInfo;
  /** What it was granted, until its stream tells of it. */
  owned: OwnedLocks;
  /** Aborted when the session ends. */
  ended: AbortSignal;
  /** Releases everything. May be called again. */
  end(): void;
}

export class Sessions {
  readonly #open = new Map<string, Session>();

  constructor(
    readonly service: LockService,
    private readonly feed: StateFeed,
    readonly max: number,
  ) {}

  get size(): number {
    return this.#open.size;
  }

  /** @throws {ApiError} `too-many-streams` */
  open(command: string, pid: number): Session {
    if (this.size >= this.max) {
      throw apiError("too-many-streams", { detail: `${this.size} sessions are open` });
    }
    const id = crypto.randomUUID().replaceAll("-", "");
    const client = this.service.openClient({
      origin: "http",
      pid,
      command: toBytes(command),
      fd: 0,
    });
    const ended = new AbortController();
    const end = () => {
      if (!this.#open.delete(id)) return;
      this.service.closeClient(client.id);
      ended.abort();
    };
    const owned = new OwnedLocks(this.service, this.feed);
    const session = { id, client, owned, ended: ended.signal, end };
    this.#open.set(id, session);
    return session;
  }

  /** @throws {ApiError} `no-session` */
  get(id: string): Session {
    const session = this.#open.get(id);
    if (session) return session;
    throw apiError("no-session", { detail: "The session has ended, or never was" });
  }
}
