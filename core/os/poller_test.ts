/**
 * The poller over real sockets: who is told, who is not, and in which order.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { libc } from "./libc.ts";
import { Poller, Ready } from "./poller.ts";
import { accept, closeSocket, listenAt, receive, received, send } from "./unix_socket.ts";

/** A listening socket that nobody else can see. */
class Place implements AsyncDisposable {
  readonly directory = Deno.makeTempDirSync();
  readonly path = `${this.directory}/socket`;
  readonly listening = listenAt(this.path, 16);
  readonly poller = new Poller();
  readonly #clients = new Set<Deno.UnixConn>();

  async connect(): Promise<{ client: Deno.UnixConn; fd: number }> {
    const client = await Deno.connect({ transport: "unix", path: this.path });
    this.#clients.add(client);
    const fd = accept(this.listening);
    assert(typeof fd === "number");
    return { client, fd };
  }

  disconnect(client: Deno.UnixConn): void {
    this.#clients.delete(client);
    client.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.poller.close();
    closeSocket(this.listening);
    for (const client of this.#clients) client.close();
    await Deno.remove(this.directory, { recursive: true });
  }
}

/** What happens is told by `told`; waits for it. */
function event<T>(): { told: (value: T) => void; happens: Promise<T> } {
  const { promise, resolve } = Promise.withResolvers<T>();
  return { told: resolve, happens: promise };
}

Deno.test("whoever becomes ready is told, from idle and while others are told", async () => {
  await using place = new Place();
  const { client, fd } = await place.connect();
  for (let i = 0; i < 3; i++) {
    const { told, happens } = event<number>();
    const watch = place.poller.watch(fd, Ready.read, told);
    await client.write(new Uint8Array([65 + i]));
    assertEquals(await happens & Ready.read, Ready.read);
    assertEquals(received.toString("latin1", 0, receive(fd)), String.fromCharCode(65 + i));
    place.poller.forget(watch);
  }
  closeSocket(fd);
});

Deno.test("what is wanted can be changed", async () => {
  await using place = new Place();
  const { client, fd } = await place.connect();
  const found: number[] = [];
  const { told, happens } = event<void>();
  const watch = place.poller.watch(fd, 0, (bits) => {
    found.push(bits);
    place.poller.want(watch, 0);
    told();
  });
  await client.write(new Uint8Array([1]));
  place.poller.want(watch, Ready.write);
  await happens;
  assertEquals(found, [Ready.write]);
  place.poller.forget(watch);
  closeSocket(fd);
});

Deno.test("a peer that has closed is a hang-up, one that only sends no more is not", async () => {
  await using place = new Place();
  const half = await place.connect();
  const whole = await place.connect();
  const seen = new Map<string, number>();
  const { told, happens } = event<void>();
  for (const [name, { fd }] of Object.entries({ half, whole })) {
    const watch = place.poller.watch(fd, Ready.read, (found) => {
      // Closing may show as the end of what is sent first.
      if (name === "whole" && (found & Ready.hangUp) === 0) return;
      seen.set(name, found);
      place.poller.forget(watch);
      if (seen.size === 2) told();
    });
  }
  await half.client.closeWrite();
  place.disconnect(whole.client);
  await happens;
  assertEquals(seen.get("half")! & Ready.hangUp, 0);
  assertEquals(seen.get("whole")! & Ready.hangUp, Ready.hangUp);
  for (const { fd } of [half, whole]) closeSocket(fd);
  await place.connect(); // so that there is one more to close
});

Deno.test("what was found for a descriptor does not reach the next one with its number", async () => {
  await using place = new Place();
  const [a, b] = [await place.connect(), await place.connect()];
  await a.client.write(new Uint8Array([1]));
  await b.client.write(new Uint8Array([1]));
  const told: string[] = [];
  const { told: done, happens } = event<void>();
  const waiting = Deno.connect({ transport: "unix", path: place.path });
  // Whichever comes first closes the other one, whose number the new connection gets.
  const meet = (name: string, own: number, other: () => number, drop: () => void) => () => {
    told.push(name);
    receive(own);
    drop();
    const accepted = accept(place.listening) as number;
    // In one step: tests beside this one open descriptors, too.
    const fd = libc().dup2(accepted, other());
    closeSocket(accepted);
    assertEquals(fd, other());
    const next = place.poller.watch(fd, Ready.read, () => told.push("the new one"));
    place.poller.afterBatch(() => {
      place.poller.forget(next);
      closeSocket(fd);
      done();
    });
  };
  const watchA = place.poller.watch(
    a.fd,
    Ready.read,
    meet("first", a.fd, () => b.fd, () => {
      place.poller.forget(watchB);
    }),
  );
  const watchB = place.poller.watch(
    b.fd,
    Ready.read,
    meet("first", b.fd, () => a.fd, () => {
      place.poller.forget(watchA);
    }),
  );
  (await waiting).close();
  await happens;
  assertEquals(told, ["first"]);
});

Deno.test("actions after a batch come in order, when all of it has been told", async () => {
  await using place = new Place();
  const both = [await place.connect(), await place.connect()];
  for (const { client } of both) await client.write(new Uint8Array([1]));
  const order: string[] = [];
  const { told, happens } = event<void>();
  for (const { fd } of both) {
    const watch = place.poller.watch(fd, Ready.read, () => {
      order.push("told");
      place.poller.forget(watch);
      place.poller.afterBatch(() => order.push("after"));
      place.poller.soon(() => order.push("soon"));
      if (order.filter((word) => word === "told").length === 2) place.poller.soon(told);
    });
  }
  await happens;
  const parts = order.join(" ");
  // Both may have been found at once or one after the other.
  assert(
    ["told told after soon after soon", "told after soon told after soon"].includes(parts),
    parts,
  );
  order.length = 0;
  place.poller.afterBatch(() => order.push("at once"));
  assertEquals(order, ["at once"]);
  for (const { fd } of both) closeSocket(fd);
});

Deno.test("it ends while it waits, and while it tells", async () => {
  await new Poller().close();
  await using place = new Place();
  const { client, fd } = await place.connect();
  const { told, happens } = event<Promise<void>>();
  place.poller.watch(fd, Ready.read, () => told(place.poller.close()));
  await client.write(new Uint8Array([1]));
  await (await happens);
  assertEquals(send(fd, "x"), 1);
  closeSocket(fd);
});
