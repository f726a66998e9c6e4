/**
 * The daemon as the front ends see it: clients, requests, listings, status. Joins the dispatcher
 * with what only people want to know.
 *
 * @module
 */
import { Clients } from "./clients.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Engine } from "./engine.ts";
import { Errno } from "./errno.ts";
import type { ClientInfo, DaemonStatus, LockService } from "./service.ts";
import { TableCopies } from "./table_copy.ts";
import {
  type ClientId,
  type InspectRow,
  type LockspaceOutlook,
  LockType,
  Mode,
  type Reply,
  type Request,
  type RequestId,
} from "./types.ts";

/** Clients served at once; the table knows no more. Another connection gets ENOMEM. */
const MAX_CLIENTS = 65000;

/** The part of the status that does not change. */
export type StaticStatus = Omit<
  DaemonStatus,
  "globalLockType" | "clients" | "lockspaces" | "locks" | "waiting"
>;

export class TableService implements LockService {
  readonly #clients = new Clients();
  readonly #listeners = new Set<() => void>();
  readonly #copies: TableCopies;
  #ending = false;

  constructor(
    private readonly engine: Engine,
    private readonly dispatcher: Dispatcher,
    private readonly about: StaticStatus,
  ) {
    this.#copies = new TableCopies(engine);
  }

  openClient(info: Omit<ClientInfo, "id" | "connectedMs">): ClientInfo {
    return this.#clients.open(info);
  }

  closeClient(id: ClientId): void {
    const unanswered = this.#clients.close(id);
    if (unanswered !== undefined) this.dispatcher.clientGone(id, unanswered);
  }

  /** From now on every request is answered ESTALE: the daemon is ending. */
  refuseAll(): void {
    this.#ending = true;
  }

  submit(client: ClientId, request: Request, onReply: (reply: Reply) => void): RequestId {
    if (this.#ending) {
      onReply(refusal(request, -Errno.ESTALE, "The daemon is ending"));
      return 0;
    }
    const unanswered = this.#clients.unanswered(client);
    if (unanswered === undefined) throw new Error(`Client ${client} is not connected`);
    if (this.#clients.size > MAX_CLIENTS) {
      onReply(refusal(request, -Errno.ENOMEM, `More than ${MAX_CLIENTS} clients are connected`));
      return 0;
    }
    let id = 0;
    let answered = false;
    id = this.dispatcher.request(client, request, (reply) => {
      answered = true;
      unanswered.delete(id);
      if (this.#clients.has(client)) onReply(reply);
      else if (reply.created) this.dispatcher.replyFailed(client, request);
    });
    if (!answered) unanswered.add(id);
    return id;
  }

  cancel(client: ClientId, request: RequestId): void {
    this.dispatcher.cancel(client, request);
  }

  replyFailed(client: ClientId, request: Request): void {
    this.dispatcher.replyFailed(client, request);
  }

  inspect(): InspectRow[] {
    return [...this.engine.inspect()];
  }

  listing<Result>(
    use: (rows: Iterable<InspectRow>) => Promise<Result>,
    atMoment?: () => void,
  ): Promise<Result> {
    return this.#copies.listing(use, atMoment);
  }

  inspectResource(request: Request): InspectRow[] {
    return [...this.engine.inspectResource(request)];
  }

  client(id: ClientId): ClientInfo | undefined {
    return this.#clients.find(id);
  }

  clients(): Iterable<ClientInfo> {
    return this.#clients.present();
  }

  status(): DaemonStatus {
    const globalLockType = this.engine.globalLockType;
    return { ...this.about, ...this.engine.counts, globalLockType, clients: this.#clients.size };
  }

  outlook(lockspace: string): LockspaceOutlook | undefined {
    return this.dispatcher.outlook(lockspace);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Called by the dispatcher when the table may have changed. */
  changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

function refusal({ op }: Request, result: number, message: string): Reply {
  return {
    op,
    result,
    lmResult: 0,
    lockType: LockType.none,
    flags: 0,
    mode: Mode.iv,
    vgArgs: "",
    lvArgs: "",
    owner: { hostId: 0, generation: 0, timestamp: 0, state: "", name: "" },
    lsGeneration: 0,
    prevGeneration: 0,
    message,
  };
}
