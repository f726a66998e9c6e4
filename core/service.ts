/**
 * What a front end may ask of the daemon. The front ends get an implementation injected, so that
 * neither knows the table, the backends or the other front end.
 *
 * @module
 */
import type {
  ClientId,
  InspectRow,
  LockspaceOutlook,
  LockType,
  Reply,
  Request,
  RequestId,
} from "./types.ts";

/** Who is behind a client, as far as we can tell. */
export interface ClientInfo {
  id: ClientId;
  /**
   * `native`: a connection to the native socket. `http`: a session or a single HTTP request.
   * `daemon`: the daemon itself, which takes over the locks of one that died.
   */
  origin: "native" | "http" | "daemon";
  /** Process id; from the kernel for native clients, as stated by the caller for HTTP. 0 unknown. */
  pid: number;
  /** Command name; `""` until the client said one. */
  command: string;
  /** File descriptor of a native connection; 0 for HTTP. */
  fd: number;
  /** When it came, in milliseconds of a clock that nobody sets: performance.now(). */
  connectedMs: number;
}

/** A lock manager that this daemon can use now, for status displays. */
export interface LockManagerStatus {
  type: LockType;
  /** `embedded`, `test`, or the lock manager's own name. */
  provider: string;
  /** Cluster name that a VG's lock args must carry, `""` where there is none. */
  clusterName: string;
  /** One sentence: what its locks protect. */
  protects: string;
  /** False when its locks hold on this host only. */
  acrossHosts: boolean;
}

export interface DaemonStatus {
  version: string;
  pid: number;
  /** Milliseconds since the epoch. */
  startedMs: number;
  testMode: boolean;
  /** Lock type of the global lock; `none` while nothing has chosen it. */
  globalLockType: LockType;
  lockManagers: LockManagerStatus[];
  nativeSocket: string;
  apiSocket: string;
  /** SHA-256 of the lock table's WASM module, hex. */
  tableSha256: string;
  clients: number;
  lockspaces: number;
  locks: number;
  waiting: number;
}

/** The daemon as a front end sees it. All calls are made on the one event loop. */
export interface LockService {
  /** Registers a client. Everything it asks is undone when {@link closeClient} is called. */
  openClient(info: Omit<ClientInfo, "id" | "connectedMs">): ClientInfo;
  /** The client is gone: its waiting requests are cancelled, its transient locks released. */
  closeClient(id: ClientId): void;
  /**
   * Hands a request to the lock table. `onReply` is called exactly once, possibly before this
   * returns, and never after {@link closeClient} for that client. What it reports is already durable.
   */
  submit(client: ClientId, request: Request, onReply: (reply: Reply) => void): RequestId;
  /**
   * Gives up a request that has not been answered. It is answered with ECANCELED as soon as that is
   * safe; a lock that is granted meanwhile is released again. Unknown ids are ignored.
   */
  cancel(client: ClientId, request: RequestId): void;
  /** A reply could not be delivered: a persistent LV lock it granted is released again. */
  replyFailed(client: ClientId, request: Request): void;
  /** A consistent listing of everything in the table. */
  inspect(): InspectRow[];
  /**
   * Hands such a listing, of one moment, to `use`, without holding others up while it is made. One
   * listing is made after the other; `use` should let the event loop run now and then. `atMoment` is
   * called at the moment that the listing shows.
   */
  listing<Result>(
    use: (rows: Iterable<InspectRow>) => Promise<Result>,
    atMoment?: () => void,
  ): Promise<Result>;
  /** The same for one resource: its lockspace, itself, its locks and waiters. Cheap. */
  inspectResource(request: Request): InspectRow[];
  /** Looks up a client, also one that is gone if it was seen recently. */
  client(id: ClientId): ClientInfo | undefined;
  clients(): Iterable<ClientInfo>;
  status(): DaemonStatus;
  /**
   * What the lock manager of a lockspace can tell people about it; from memory. Undefined when
   * nothing is known.
   */
  outlook(lockspace: string): LockspaceOutlook | undefined;
  /** Calls back after each change of the lock table, until the returned function is called. */
  onChange(listener: () => void): () => void;
}
