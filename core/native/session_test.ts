/**
 * A session is told bytes as they come: in which pieces must not matter.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Backends } from "../../backends/registry.ts";
import { TestManager } from "../../backends/testmode/mod.ts";
import { newEngine } from "../../tests/interaction/table.ts";
import { Dispatcher } from "../dispatcher.ts";
import { type StaticStatus, TableService } from "../lock_service.ts";
import { Poller } from "../os/poller.ts";
import { LockType } from "../types.ts";
import { Connection } from "./connection.ts";
import { NativeSession } from "./session.ts";
import { socketPair } from "./test_sockets.ts";

/** One client of a daemon in test mode. What it sends is handed to the session in pieces. */
class Client implements AsyncDisposable {
  readonly #poller = new Poller();
  readonly #connection: Connection;
  readonly #session: NativeSession;

  private constructor(private readonly client: Deno.UnixConn, fd: number) {
    const fail = (error: unknown) => {
      throw error;
    };
    const engine = newEngine({ checked: true });
    const dispatcher = new Dispatcher(
      engine,
      new Backends([new TestManager(LockType.dlm)]),
      { quit: () => {}, shutdownRefused: () => {}, fatal: fail, changed: () => {} },
      { defaultHostId: () => 1, soon: setImmediate },
    );
    dispatcher.configure({ test: true, glType: LockType.dlm });
    const service = new TableService(engine, dispatcher, {} as StaticStatus);
    this.#connection = new Connection(this.#poller, fd);
    this.#session = new NativeSession(this.#connection, service, { infoLayout: "2.03.16" }, 1);
    this.#connection.serve(this.#session, () => {});
  }

  static async make(): Promise<Client> {
    const { client, fd } = await socketPair();
    return new Client(client, fd);
  }

  /** The bytes are gone when the session returns, as they are in the daemon. */
  tell(piece: string): void {
    const bytes = Buffer.alloc(65536);
    const length = bytes.write(piece, "latin1");
    this.#session.received(bytes, length);
    bytes.fill("#");
  }

  /** Sends the client so much that it does not fit, as long as it is not read. */
  block(): void {
    this.#connection.write(MUCH);
    assert(this.#connection.blocked);
  }

  /** What comes from now on, up to the `count`-th answer. */
  async next(count: number): Promise<string> {
    let text = "";
    const reader = this.client.readable.pipeThrough(new TextDecoderStream()).getReader();
    while (text.split(END).length <= count) text += (await reader.read()).value ?? assert(false);
    await reader.cancel();
    return text;
  }

  /** Everything that was answered. */
  async heard(): Promise<string> {
    this.#session.ended();
    this.#connection.close();
    return await new Response(this.client.readable).text();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.close();
    await this.#poller.close();
  }
}

const MUCH = "x".repeat(4 * 1024 * 1024);

async function answersTo(pieces: string[]): Promise<string> {
  await using client = await Client.make();
  for (const piece of pieces) client.tell(piece);
  return await client.heard();
}

const END = "\n##\n";
const lock = 'request="lock_vg"\ncmd ="lvs"\npid =1\nmode ="sh"\nopts ="none"\n' +
  'vg_name ="vg"\nvg_lock_type ="none"\nvg_lock_args ="none"\nversion =12\n';
const update = 'request="vg_update"\npid =1\nvg_name ="vg"\nversion =3\n';
/** What plain reading leaves to the other parser, what is refused, and what is no request. */
const others = ['request = "hello" # why', 'request = "lock_pv"\n', "nonsense", ""];

Deno.test("a request may be cut in two anywhere, also where it is a whole one without the rest", async () => {
  const text = lock + END;
  const expected = await answersTo([text]);
  assertEquals(expected.match(/op_result = /g)?.length, 1);
  for (let cut = 1; cut < text.length; cut++) {
    assertEquals(await answersTo([text.slice(0, cut), text.slice(cut)]), expected, `cut at ${cut}`);
  }
});

Deno.test("a request that is whole so far, and then goes on, is read as a whole", async () => {
  const rest = 'version =1\n"request"="unknown"\n';
  for (const more of [rest, `${rest}${END}`, `2\n${END}`, `#${END}`, `##\n`, `x${END}`]) {
    const expected = await answersTo([lock + more + END]);
    assertEquals(await answersTo([lock, more, END]), expected, more);
    assertEquals(await answersTo([lock, more + END]), expected, more);
  }
});

Deno.test("requests in any pieces are answered as requests in one piece each", async () => {
  const requests = fc.array(fc.constantFrom(lock, update, ...others), {
    minLength: 1,
    maxLength: 5,
  });
  const cuts = fc.array(fc.nat({ max: 600 }), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(requests, cuts, async (requests, cuts) => {
      const expected = await answersTo(requests.map((request) => request + END));
      const text = requests.map((request) => request + END).join("");
      const places = [0, ...cuts.sort((a, b) => a - b), text.length];
      const pieces = places.slice(1).map((end, i) => text.slice(places[i], end));
      assertEquals(await answersTo(pieces.filter((piece) => piece !== "")), expected);
    }),
    { numRuns: 200 },
  );
});

Deno.test("the rest of a request that does not come is not waited for", async () => {
  assertEquals(await answersTo([lock]), "");
  assertEquals(await answersTo([lock + END, update]), await answersTo([lock + END]));
});

Deno.test("a request whose terminator comes when the client takes no answers is not lost", async () => {
  for (const rest of [[END], [END, update + END], [`2\n${END}`], ["\n#", "#\n", update + END]]) {
    const count = rest.join("").split("##").length - 1;
    const expected = MUCH + await answersTo([lock, ...rest]);
    await using client = await Client.make();
    client.tell(lock);
    client.block();
    for (const piece of rest) client.tell(piece);
    const heard = await client.next(count);
    assert(heard === expected, `${rest}: ${heard.slice(MUCH.length)}`);
  }
});
