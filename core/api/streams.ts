/**
 * NDJSON responses: events are made only as fast as the reader takes them.
 *
 * @module
 */
import { Bell } from "./bell.ts";
import type { ApiContext } from "./context.ts";
import { type ChangeEvent, type Event, NDJSON } from "./schemas/events.ts";
import { emptySnapshot } from "./snapshot.ts";

/** Events that go out in one piece. */
const BATCH_MAX = 256;

/** Makes the events of one stream, batch by batch, until `closed` is aborted. */
export type EventSource = (closed: AbortSignal) => AsyncGenerator<Event[]>;

/** A response that streams `source`. `onClose` is called once, however the stream ends. */
export function streamEvents(source: EventSource, onClose: () => void): Response {
  const closed = new AbortController();
  const encoder = new TextEncoder();
  let events: AsyncGenerator<Event[]> | undefined;
  const close = () => {
    if (closed.signal.aborted) return;
    closed.abort();
    onClose();
  };
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        events ??= source(closed.signal);
        const { value, done } = await events.next();
        if (!done) return controller.enqueue(encoder.encode(value.map(toLine).join("")));
        controller.close();
      } catch (error) {
        controller.error(error);
      }
      close();
    },
    cancel: close,
  }, { highWaterMark: 0 });
  return new Response(body, {
    headers: { "content-type": NDJSON, "cache-control": "no-store", connection: "close" },
  });
}

function toLine(event: Event): string {
  return JSON.stringify(event) + "\n";
}

export interface FollowOptions {
  /** Tell the state at the beginning as events, then `sync`. */
  initial: boolean;
  wanted: (event: ChangeEvent) => boolean;
  /** Events that no two snapshots tell of. */
  others?: (time: string) => ChangeEvent[];
  /** Comes before all others. What happens once it is out is told. */
  first?: Event;
}

/** Changes of state with heartbeats between them, until `closed` or the daemon stops. */
export async function* followState(
  api: ApiContext,
  closed: AbortSignal,
  { initial, wanted, others = () => [], first }: FollowOptions,
): AsyncGenerator<Event[]> {
  const pacing = new Pacing(api, closed);
  const now = () => new Date(api.now()).toISOString();
  try {
    await api.feed.ready();
    let seen = initial ? emptySnapshot : api.feed.current;
    if (first) yield [first];
    let synced = !initial;
    while (!closed.aborted && !api.shutdown.aborted) {
      const target = api.feed.current;
      const more = others(now());
      const changes = [...(await api.feed.changesSince(seen)).filter(wanted), ...more];
      seen = target;
      for (let at = 0; at < changes.length && !closed.aborted; at += BATCH_MAX) {
        yield changes.slice(at, at + BATCH_MAX);
      }
      if (!synced) yield [{ event: "sync", time: now() }];
      synced = true;
      if (pacing.heartbeatIsDue()) yield [{ event: "heartbeat", time: now() }];
      if (seen === api.feed.current) await pacing.bell.wait();
    }
    if (!closed.aborted) yield [{ event: "end", time: now(), reason: "The daemon stops" }];
  } finally {
    pacing.stop();
  }
}

/** Rings the bell of one stream: for news, for heartbeats, and when it must end. */
class Pacing {
  readonly bell = new Bell();
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #unsubscribe: () => void;
  readonly #stopped = new AbortController();
  #due = false;

  constructor(api: ApiContext, closed: AbortSignal) {
    const ring = () => this.bell.ring();
    for (const signal of [closed, api.shutdown]) {
      signal.addEventListener("abort", ring, { signal: this.#stopped.signal });
    }
    this.#unsubscribe = api.feed.subscribe(ring);
    this.#timer = setInterval(() => {
      this.#due = true;
      ring();
    }, api.limits.heartbeatMs);
  }

  /** True once after each period. */
  heartbeatIsDue(): boolean {
    const due = this.#due;
    this.#due = false;
    return due;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#unsubscribe();
    this.#stopped.abort();
  }
}
