/**
 * Tells event streams that the state changed. Changes are collected for a moment and compared once
 * for all streams; a stream that reads slowly keeps only the snapshot it has seen, so it costs a
 * bounded amount of memory and simply sees more change at once.
 *
 * @module
 */
import type { LockService } from "../service.ts";
import type { ChangeEvent } from "./schemas/events.ts";
import { changesBetween, emptySnapshot, type Snapshot, takeSnapshot } from "./snapshot.ts";

/** Snapshots of a big table take time: they get at most this part of it. */
const SNAPSHOT_SHARE = 0.1;
/** After a snapshot that could not be made, the next one is tried so much later, milliseconds. */
const AGAIN_MS = 5_000;

export class StateFeed {
  readonly #service: LockService;
  readonly #coalesceMs: number;
  readonly #subscribers = new Set<() => void>();
  readonly #report: (error: unknown) => void;
  #following: Following | undefined;
  #begun = 0;
  #done = 0;

  /** @param report is told of snapshots that could not be made: streams then wait for the next. */
  constructor(service: LockService, coalesceMs: number, report: (error: unknown) => void) {
    this.#service = service;
    this.#coalesceMs = coalesceMs;
    this.#report = report;
  }

  /** Number of streams that follow the feed. */
  get subscribers(): number {
    return this.#subscribers.size;
  }

  /** The state as of the last collected change. Needs a subscription. */
  get current(): Snapshot {
    return this.#following?.current ?? emptySnapshot;
  }

  /** How many snapshots show this moment or an earlier one. */
  get begun(): number {
    return this.#begun;
  }

  /** The how many-th snapshot is the last that is complete. */
  get done(): number {
    return this.#done;
  }

  /**
   * Calls `onNews` after every snapshot, also one that shows no change, until the returned function is
   * called.
   */
  subscribe(onNews: () => void): () => void {
    this.#following ??= new Following(this.#service, this.#coalesceMs, {
      atMoment: () => ++this.#begun,
      complete: (number) => {
        this.#done = number;
        for (const onNews of this.#subscribers) onNews();
      },
      report: this.#report,
    });
    this.#subscribers.add(onNews);
    return () => {
      if (!this.#subscribers.delete(onNews) || this.#subscribers.size > 0) return;
      this.#following?.stop();
      this.#following = undefined;
    };
  }

  /** Resolves when there is a snapshot since somebody subscribed. */
  async ready(): Promise<void> {
    await this.#following?.first;
  }

  /** Events that lead from a snapshot seen before to {@link current}. */
  changesSince(seen: Snapshot): ChangeEvent[] | Promise<ChangeEvent[]> {
    return this.#following?.changesSince(seen) ?? [];
  }
}

interface Counter {
  /** Numbers the snapshot that is being made. */
  atMoment(): number;
  complete(number: number): void;
  report(error: unknown): void;
}

/** From the first subscription to the end of the last. One snapshot is made after the other. */
class Following {
  current = emptySnapshot;
  readonly first: Promise<void>;
  #previous = emptySnapshot;
  #lastChanges: ChangeEvent[] = [];
  readonly #stopListening: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Since the moment that the last snapshot shows. */
  #changed = false;
  #busy = false;
  #stopped = false;
  #pauseMs = 0;

  constructor(
    private readonly service: LockService,
    private readonly coalesceMs: number,
    private readonly counter: Counter,
  ) {
    this.#stopListening = service.onChange(() => {
      this.#changed = true;
      this.#schedule();
    });
    this.first = this.#refresh();
  }

  stop(): void {
    this.#stopped = true;
    this.#stopListening();
    clearTimeout(this.#timer);
  }

  changesSince(seen: Snapshot): ChangeEvent[] | Promise<ChangeEvent[]> {
    if (seen === this.current) return [];
    if (seen === this.#previous) return this.#lastChanges;
    return changesBetween(seen, this.current, new Date().toISOString());
  }

  #schedule(): void {
    if (this.#busy || this.#stopped) return;
    const delayMs = Math.max(this.coalesceMs, this.#pauseMs);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#refresh();
    }, delayMs);
  }

  /** Never rejects. */
  async #refresh(): Promise<void> {
    this.#busy = true;
    try {
      await this.#look();
    } catch (error) {
      this.counter.report(error);
      this.#pauseMs = AGAIN_MS;
      this.#changed = true;
    }
    this.#busy = false;
    if (this.#changed) this.#schedule();
  }

  async #look(): Promise<void> {
    let number = 0;
    let start = 0;
    const next = await takeSnapshot(this.service, () => {
      number = this.counter.atMoment();
      start = performance.now();
      this.#changed = false;
    });
    const changes = await changesBetween(this.current, next, new Date().toISOString());
    if (this.#stopped) return;
    this.#pauseMs = (performance.now() - start) / SNAPSHOT_SHARE;
    if (changes.length > 0) {
      this.#previous = this.current;
      this.current = next;
      this.#lastChanges = changes;
    }
    this.counter.complete(number);
  }
}
