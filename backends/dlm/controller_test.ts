/**
 * The watch over dlm_controld, with a socket of our own in its place.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Controller } from "./controller.ts";

/** A server that takes connections and says nothing. */
class Server {
  readonly #listener: Deno.Listener;
  readonly connections: Deno.Conn[] = [];
  #onConnection: () => void = () => {};

  constructor(readonly path: string) {
    this.#listener = Deno.listen({ transport: "unix", path });
    void this.#accept();
  }

  async #accept(): Promise<void> {
    for await (const connection of this.#listener) {
      this.connections.push(connection);
      this.#onConnection();
    }
  }

  /** Waits until this many connections were made in all. */
  async connected(count: number): Promise<void> {
    while (this.connections.length < count) {
      await new Promise<void>((resolve) => this.#onConnection = resolve);
    }
  }

  die(): void {
    this.#listener.close();
    for (const connection of this.connections) connection.close();
    this.connections.length = 0;
  }
}

async function withPath(body: (path: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  // The watch does not keep a process alive that has nothing else to do.
  const busy = setInterval(() => {}, 1_000_000);
  try {
    await body(`${directory}/socket`);
  } finally {
    clearInterval(busy);
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("it runs while it takes connections", () =>
  withPath(async (path) => {
    const controller = new Controller(path);
    assertEquals(await controller.isRunning(), false);
    const server = new Server(path);
    assertEquals(await controller.isRunning(), true);
    server.die();
    assertEquals(await controller.isRunning(), false);
  }));

Deno.test("one that is too busy to take connections is alive, and watched when it can", () =>
  withPath(async (path) => {
    // Its queue of connections is full with the first one.
    const script = `use Socket; socket(my $s, AF_UNIX, SOCK_STREAM, 0); $| = 1;
bind($s, pack_sockaddr_un("${path}")); listen($s, 0); print "ready\\n"; <STDIN>;
accept(my $first, $s); accept(my $second, $s); print "taken\\n"; <STDIN>;`;
    const pipes = { stdin: "piped", stdout: "piped" } as const;
    const busy = new Deno.Command("perl", { args: ["-e", script], ...pipes }).spawn();
    const output = busy.stdout.getReader();
    await output.read();
    using _first = await Deno.connect({ transport: "unix", path });
    const controller = new Controller(path, 1);
    assertEquals(await controller.isRunning(), true);
    let gone = false;
    const told = new Promise<void>((resolve) =>
      controller.onGone(() => {
        gone = true;
        resolve();
      })
    );
    const input = busy.stdin.getWriter();
    await input.write(new TextEncoder().encode("\n"));
    await output.read(); // it has taken the watch's connection too
    assertEquals(gone, false);
    await input.close();
    await told;
    await output.cancel();
    await busy.status;
  }));

Deno.test("its end is told to everybody who listens, once", () =>
  withPath(async (path) => {
    const server = new Server(path);
    const controller = new Controller(path);
    let told = 0;
    const both = [0, 1].map(() =>
      new Promise<void>((resolve) =>
        controller.onGone(() => {
          told++;
          resolve();
        })
      )
    );
    const stop = controller.onGone(() => assert(false, "told although it stopped listening"));
    await server.connected(1);
    stop();
    server.die();
    await Promise.all(both);
    assertEquals(told, 2);
  }));

Deno.test("one that is not there at all is gone", () =>
  withPath(async (path) => {
    await new Promise<void>((resolve) => new Controller(path).onGone(resolve));
  }));

Deno.test("a connection that was closed is made again as long as somebody answers", () =>
  withPath(async (path) => {
    const server = new Server(path);
    let gone = false;
    const stop = new Controller(path, 0).onGone(() => gone = true);
    await server.connected(1);
    server.connections[0]!.close();
    await server.connected(2);
    assertEquals(gone, false);
    stop();
    const [, ...open] = server.connections.splice(0);
    server.die();
    for (const connection of open) connection.close();
  }));

Deno.test("who listens again after the end hears of the next one", () =>
  withPath(async (path) => {
    const controller = new Controller(path);
    for (let round = 0; round < 2; round++) {
      const server = new Server(path);
      const gone = new Promise<void>((resolve) => controller.onGone(resolve));
      await server.connected(1);
      server.die();
      await gone;
    }
  }));
