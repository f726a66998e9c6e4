/**
 * Who is connected: the people's side of the table's client numbers. Remembers the newest of those
 * that are gone, so that a persistent lock can say who took it.
 *
 * @module
 */
import type { ClientInfo } from "./service.ts";
import type { ClientId, RequestId } from "./types.ts";

/** Clients remembered after their end. */
const REMEMBERED = 4096;
/** 0 stands for nobody, the greatest number for the stock daemon's own requests. */
const LAST_ID = 0xfffffffe;

interface Entry extends ClientInfo {
  unanswered: Set<RequestId>;
}

export class Clients {
  readonly #present = new Map<ClientId, Entry>();
  readonly #gone = new Map<ClientId, ClientInfo>();
  #lastId = 0;

  open(info: Omit<ClientInfo, "id" | "connectedMs">): ClientInfo {
    do this.#lastId = this.#lastId >= LAST_ID ? 1 : this.#lastId + 1; while (
      this.#present.has(this.#lastId)
    );
    const entry = {
      ...info,
      id: this.#lastId,
      connectedMs: performance.now(),
      unanswered: new Set<number>(),
    };
    this.#present.set(entry.id, entry);
    return entry;
  }

  /** Takes the client out and returns its unanswered requests; undefined if it is not there. */
  close(id: ClientId): ReadonlySet<RequestId> | undefined {
    const entry = this.#present.get(id);
    if (entry === undefined) return undefined;
    this.#present.delete(id);
    const { unanswered, ...info } = entry;
    this.#gone.set(id, info);
    if (this.#gone.size > REMEMBERED) this.#gone.delete(this.#gone.keys().next().value!);
    return unanswered;
  }

  has(id: ClientId): boolean {
    return this.#present.has(id);
  }

  unanswered(id: ClientId): Set<RequestId> | undefined {
    return this.#present.get(id)?.unanswered;
  }

  find(id: ClientId): ClientInfo | undefined {
    return this.#present.get(id) ?? this.#gone.get(id);
  }

  present(): Iterable<ClientInfo> {
    return this.#present.values();
  }

  get size(): number {
    return this.#present.size;
  }
}
