/**
 * Knows which lockspaces a script uses and whether everything sent to each has been handled.
 *
 * @module
 */
import { Broken, type Channel } from "./channel.ts";
import { waitReadable } from "./libc.ts";
import { result } from "./message.ts";
import { marker, type Place, placeKey } from "./target.ts";

const ESTARTING = -211, ESTALE = -116;

/** Pause between looks at a state that has not been reached yet; microseconds. */
export const pause = 200;

/** Waits until a lockspace neither starts nor stops; throws after ten seconds. */
export function untilRunning(control: Channel, place: Place): void {
  const end = performance.now() + 10_000;
  for (;;) {
    const answer = result(control.ask(marker(place)));
    if (answer !== ESTARTING && answer !== ESTALE) return;
    if (performance.now() > end) throw new Broken(`${placeKey(place)} stays in ${answer}`);
    waitReadable([], pause);
  }
}

/** Watches the lockspaces of one daemon through the control connection. */
export class Settler {
  readonly #control: Channel;
  readonly #collect: () => boolean;
  readonly #places = new Map<string, Place>();
  /** Lockspaces with something unhandled: a request, or a connection that ended. */
  readonly #unsettled = new Map<string, "request" | "close">();

  /** `collect` takes the replies that have arrived anywhere and tells if there were any. */
  constructor(control: Channel, collect: () => boolean) {
    this.#control = control;
    this.#collect = collect;
  }

  /** A lockspace that may exist from now on. */
  add(place: Place): void {
    this.#places.set(placeKey(place), place);
    this.#unsettled.set(placeKey(place), "request");
  }

  /** A request went to these lockspaces. */
  touch(places: readonly Place[]): void {
    for (const key of places.map(placeKey)) {
      if (!this.#unsettled.has(key)) this.#unsettled.set(key, "request");
    }
  }

  /** Something happens in every lockspace: a connection ended, or lockspaces are stopped. */
  touchAll(): void {
    for (const key of this.#places.keys()) this.#unsettled.set(key, "close");
  }

  /**
   * Called before a request: a release that is still under way in its lockspace would be handled
   * before or after it as chance will have it.
   */
  beforeRequest(places: readonly Place[]): void {
    const closing = places.filter((place) => this.#unsettled.get(placeKey(place)) === "close");
    if (closing.length > 0) this.settle(closing);
  }

  /** Settles every lockspace that something was sent to. */
  settleAll(): void {
    const touched = [...this.#places].filter(([key]) => this.#unsettled.has(key));
    this.settle(touched.map(([, place]) => place));
  }

  /**
   * Settles some lockspaces until that makes no waiting request move. One round is not always
   * enough: the stock daemon serves a queue in steps, each when something else happens.
   */
  settle(places: readonly Place[]): void {
    do {
      for (const place of places) this.#settleOne(place);
    } while (this.#collect());
  }

  #settleOne(place: Place): void {
    untilRunning(this.#control, place);
    untilRunning(this.#control, place);
    this.#unsettled.delete(placeKey(place));
  }
}
