/**
 * The listing of all locks as JSON text. With 100,000 locks it takes a second to make, so it is made of
 * a copy of the lock table in slices, between which others are served.
 *
 * @module
 */
import { inSlices } from "../os/slices.ts";
import type { ApiContext } from "./context.ts";
import { Presenter, type ResourceJson } from "./present.ts";
import { resourcesOf, type ResourceView } from "./view.ts";

/** Resources made before the clock is looked at. */
const RESOURCES_A_LOOK = 16;
/** Resources in one piece of text: some 50 KiB. */
const RESOURCES_A_PIECE = 128;

export type Wanted = (resource: ResourceJson) => boolean;

/** `{"resources":[…]}` with all resources that are held or waited for, and wanted, in pieces. */
export function lockListing(
  { service, now }: Pick<ApiContext, "service" | "now">,
  wanted: Wanted,
): Promise<Uint8Array<ArrayBuffer>[]> {
  return service.listing(async (rows) => {
    const presenter = new Presenter(service, now());
    const text = new ListText();
    await inSlices(resourcesOf(rows), RESOURCES_A_LOOK, (view) => {
      if (!inUse(view)) return;
      const resource = presenter.resource(view);
      if (wanted(resource)) text.add(resource);
    });
    return text.done();
  });
}

function inUse({ locks, waiters }: ResourceView): boolean {
  return locks.length + waiters.length > 0;
}

/** Collects a JSON object with one list as bytes. */
class ListText {
  readonly #pieces: Uint8Array<ArrayBuffer>[] = [];
  readonly #encoder = new TextEncoder();
  #members: string[] = [];
  #before = '{"resources":[';

  add(member: unknown): void {
    this.#members.push(JSON.stringify(member));
    if (this.#members.length === RESOURCES_A_PIECE) this.#cut("");
  }

  done(): Uint8Array<ArrayBuffer>[] {
    this.#cut("]}");
    return this.#pieces;
  }

  #cut(end: string): void {
    const some = this.#members.length > 0;
    // Whatever comes before an empty rest is complete already.
    const before = some || this.#pieces.length === 0 ? this.#before : "";
    this.#pieces.push(this.#encoder.encode(before + this.#members.join(",") + end));
    this.#members = [];
    this.#before = ",";
  }
}

/** An answer with this text; what is long is sent as the caller takes it. */
export function answerWith(pieces: Uint8Array<ArrayBuffer>[]): Response {
  const headers = { "content-type": "application/json" };
  if (pieces.length === 1) return new Response(pieces[0], { headers });
  const rest = pieces.values();
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const { value, done } = rest.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  }, { highWaterMark: 0 });
  return new Response(body, { headers: { ...headers, "transfer-encoding": "chunked" } });
}
