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

export class StateFeed {
  readonly #service: LockService;
  readonly #coalesceMs: number;
  readonly #subscribers = new Set<() => void>();
  #stopListening: (() => void) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #snapshotCostMs = 0;
  #current = emptySnapshot;
  #previous = emptySnapshot;
  #lastChanges: ChangeEvent[] = [];
  #refreshes = 0;

  constructor(service: LockService, coalesceMs: number) {
    this.#service = service;
    this.#coalesceMs = coalesceMs;
  }

  /** Number of streams that follow the feed. */
  get subscribers(): number {
    return this.#subscribers.size;
  }

  /** The state as of the last collected change. Needs a subscription. */
  get current(): Snapshot {
    return this.#current;
  }

  /** Snapshots made so far. */
  get refreshes(): number {
    return this.#refreshes;
  }

  /** Calls `onNews` after every snapshot, also one that shows no change, until the returned function is called. */
  subscribe(onNews: () => void): () => void {
    if (this.#subscribers.size === 0) this.#start();
    this.#subscribers.add(onNews);
    return () => {
      if (this.#subscribers.delete(onNews) && this.#subscribers.size === 0) this.#stop();
    };
  }

  /** Events that lead from a snapshot seen before to {@link current}. */
  changesSince(seen: Snapshot): ChangeEvent[] {
    if (seen === this.#current) return [];
    if (seen === this.#previous) return this.#lastChanges;
    return changesBetween(seen, this.#current, new Date().toISOString());
  }

  #start(): void {
    this.#stopListening = this.#service.onChange(() => this.#schedule());
    this.#refresh();
  }

  #stop(): void {
    this.#stopListening?.();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#current = this.#previous = emptySnapshot;
    this.#lastChanges = [];
  }

  #schedule(): void {
    const delayMs = Math.max(this.#coalesceMs, this.#snapshotCostMs / SNAPSHOT_SHARE);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#refresh();
    }, delayMs);
  }

  #refresh(): void {
    const start = performance.now();
    const next = takeSnapshot(this.#service);
    const changes = changesBetween(this.#current, next, new Date().toISOString());
    this.#snapshotCostMs = performance.now() - start;
    this.#refreshes++;
    if (changes.length > 0) {
      this.#previous = this.#current;
      this.#current = next;
      this.#lastChanges = changes;
    }
    for (const onNews of this.#subscribers) onNews();
  }
}
