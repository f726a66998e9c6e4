/** Tests of the feed: what is seen while a snapshot is being made. */
import { assertEquals } from "@std/assert";
import type { InspectRow } from "../types.ts";
import { StateFeed } from "./feed.ts";
import { OwnedLocks } from "./owned_locks.ts";
import { lockRequest, startRequest } from "./requests.ts";
import { TestService } from "./test_service.ts";
import { lvUuid } from "./test_tools.ts";

const lv = { type: "lv", vg: "vg0", lvUuid, persistent: false } as const;
const time = "2027-01-15T08:00:00.000Z";

/** Its listings show the moment at which they are asked for, and end when they are let go on. */
class SlowService extends TestService {
  readonly #held: (() => void)[] = [];

  override async listing<Result>(
    use: (rows: Iterable<InspectRow>) => Promise<Result>,
    atMoment: () => void = () => {},
  ): Promise<Result> {
    atMoment();
    const rows = this.inspect();
    await new Promise<void>((proceed) => this.#held.push(proceed));
    return use(rows);
  }

  goOn(): void {
    this.#held.shift()!();
  }
}

function following() {
  const service = new SlowService();
  const client = service.openClient({ origin: "http", pid: 0, command: "a", fd: 0 }).id;
  const start = startRequest("vg0", { lockType: "dlm", lockArgs: "x", wait: false });
  service.submit(client, start, () => {});
  service.joined("vg0");
  const feed = new StateFeed(service, 0, (error) => {
    throw error;
  });
  const owned = new OwnedLocks(service, feed);
  const lock = (mode: "un" | "ex") => {
    const request = lockRequest(lv, mode);
    service.submit(client, request, () => {});
    if (mode === "ex") owned.note(client, request);
  };
  const snapshots: (() => void)[] = [];
  const stop = feed.subscribe(() => snapshots.shift()?.());
  /** The snapshot under way is made. */
  const snapshot = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    snapshots.push(resolve);
    service.goOn();
    return promise;
  };
  /** The next one is begun: its moment is there. */
  const begin = async (number: number) => {
    while (feed.begun < number) await new Promise((resolve) => setTimeout(resolve));
  };
  const kinds = () => owned.takeLost(time).map(({ event }) => event);
  return { feed, lock, snapshot, begin, kinds, stop };
}

Deno.test("a lock that is taken while a snapshot is made is not taken for lost", async () => {
  const { feed, lock, snapshot, begin, kinds, stop } = following();
  lock("ex");
  await snapshot();
  assertEquals([feed.current.locks.size, kinds()], [0, []]);
  await begin(2);
  await snapshot();
  assertEquals([feed.current.locks.size, kinds()], [1, []]);
  stop();
});

Deno.test("a lock that comes and goes while a snapshot is made is told of once", async () => {
  const { lock, snapshot, begin, kinds, stop } = following();
  lock("ex");
  lock("un");
  await snapshot();
  assertEquals(kinds(), []);
  await begin(2);
  await snapshot();
  assertEquals([kinds(), kinds()], [["released"], []]);
  stop();
});

Deno.test("what changes while a snapshot is made is in the next one", async () => {
  const { feed, lock, snapshot, begin, stop } = following();
  await snapshot();
  const seen = feed.current;
  lock("ex");
  await begin(2);
  lock("un");
  await snapshot();
  assertEquals((await feed.changesSince(seen)).map(({ event }) => event), ["granted"]);
  await begin(3);
  await snapshot();
  assertEquals(await feed.changesSince(seen), []);
  stop();
});

Deno.test("a snapshot that cannot be made is reported, and made anew later", async () => {
  const service = new TestService();
  const errors: unknown[] = [];
  service.listing = () => Promise.reject(new Error("no memory"));
  const feed = new StateFeed(service, 0, (error) => errors.push(error));
  const stop = feed.subscribe(() => {});
  await feed.ready();
  assertEquals([errors.map(String), feed.current.locks.size], [["Error: no memory"], 0]);
  stop();
});
