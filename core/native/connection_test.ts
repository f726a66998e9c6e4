/**
 * One connection over a real socket: peers that read late, half-close, vanish, or meet a defect.
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import { assert, assertEquals } from "@std/assert";
import { Poller } from "../os/poller.ts";
import { Connection, type ConnectionEvents } from "./connection.ts";
import { socketPair } from "./test_sockets.ts";

/** Both ends of a connection; what its server is told is noted. */
class Pair implements AsyncDisposable, ConnectionEvents {
  readonly poller = new Poller();
  readonly noted: string[] = [];
  readonly over = Promise.withResolvers<void>();
  client!: Deno.UnixConn;
  connection!: Connection;
  /** Does something when bytes come. */
  onReceived: (text: string) => void = () => {};
  #waiting: { word: string; resolve: () => void } | undefined;

  static async make(): Promise<Pair> {
    const pair = new Pair();
    const { client, fd } = await socketPair();
    pair.client = client;
    pair.connection = new Connection(pair.poller, fd);
    pair.connection.serve(pair, () => pair.over.resolve());
    return pair;
  }

  received(bytes: Buffer, length: number): void {
    const text = bytes.toString("latin1", 0, length);
    this.#note(`received ${text.length > 20 ? `${text.length} bytes` : text}`);
    this.onReceived(text);
  }
  ended = () => this.#note("ended");
  drained = () => this.#note("drained");
  closed = () => this.#note("closed");

  #note(word: string): void {
    this.noted.push(word);
    if (this.#waiting?.word === word) this.#waiting.resolve();
  }

  async until(word: string): Promise<void> {
    if (this.noted.includes(word)) return;
    await new Promise<void>((resolve) => this.#waiting = { word, resolve });
  }

  async say(text: string): Promise<void> {
    await this.client.write(new TextEncoder().encode(text));
  }

  /** Everything that the client gets until the end. */
  async hear(): Promise<string> {
    return await new Response(this.client.readable).text();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.connection.close();
    await this.poller.close();
    try {
      this.client.close();
    } catch {
      // It has been read to its end, which closes it.
    }
  }
}

const MUCH = "x".repeat(4 * 1024 * 1024);

Deno.test("bytes go both ways, whichever they are", async () => {
  await using pair = await Pair.make();
  await pair.client.write(new Uint8Array([0, 127, 128, 255]));
  await pair.until("received \0\x7f\x80\xff");
  pair.connection.write("\0\x7f\x80\xff");
  pair.connection.finish();
  assertEquals(
    new Uint8Array(await new Response(pair.client.readable).arrayBuffer()),
    new Uint8Array([0, 127, 128, 255]),
  );
});

Deno.test("what the peer does not take is kept, in order, until it does", async () => {
  await using pair = await Pair.make();
  const lost: string[] = [];
  pair.connection.write("first ", () => lost.push("first"));
  pair.connection.write(MUCH, () => lost.push("much"));
  assert(pair.connection.blocked);
  pair.connection.write(" last", () => lost.push("last"));
  pair.connection.finish();
  const heard = await pair.hear();
  assert(heard === `first ${MUCH} last`, `${heard.length} bytes`);
  assertEquals([lost, pair.noted], [[], ["closed"]]);
});

Deno.test("it is told when the peer has taken everything", async () => {
  await using pair = await Pair.make();
  pair.connection.write(MUCH);
  const chunk = new Uint8Array(65536);
  for (let left = MUCH.length; left > 0;) left -= (await pair.client.read(chunk))!;
  await pair.until("drained");
  assert(!pair.connection.blocked);
});

Deno.test("who vanishes has not taken what it was sent last", async () => {
  await using pair = await Pair.make();
  const lost: string[] = [];
  pair.connection.write(MUCH, () => lost.push("much"));
  pair.connection.write("more", () => lost.push("more"));
  pair.client.close();
  await pair.over.promise;
  assertEquals(lost, ["much", "more"]);
  assertEquals(pair.noted.at(-1), "closed");
  pair.connection.write("late", () => lost.push("late"));
  assertEquals(lost, ["much", "more", "late"]);
});

Deno.test("the last words of a peer that has gone are heard, and then its end", async () => {
  await using pair = await Pair.make();
  await pair.say("adieu");
  pair.client.close();
  await pair.over.promise;
  assertEquals(pair.noted, ["received adieu", "closed"]);
});

Deno.test("a peer that sends no more still gets its answers", async () => {
  await using pair = await Pair.make();
  await pair.say("question");
  await pair.client.closeWrite();
  await pair.until("ended");
  assertEquals(pair.noted, ["received question", "ended"]);
  pair.connection.write("answer");
  pair.connection.finish();
  assertEquals(await pair.hear(), "answer");
  assertEquals(pair.noted.slice(2), ["closed"]);
});

Deno.test("a peer that sends no more and then goes is told as gone", async () => {
  await using pair = await Pair.make();
  await pair.client.closeWrite();
  await pair.until("ended");
  pair.client.close();
  await pair.over.promise;
  assertEquals(pair.noted, ["ended", "closed"]);
});

Deno.test("nothing is taken while it is paused", async () => {
  await using pair = await Pair.make();
  pair.onReceived = () => pair.connection.pause();
  await pair.say("one");
  await pair.until("received one");
  await pair.say("two");
  // By the time another connection was served, this one would have been, too.
  await using other = await Pair.make();
  await other.say("other");
  await other.until("received other");
  assertEquals(pair.noted, ["received one"]);
  pair.connection.resume();
  await pair.until("received two");
});

Deno.test("after the end what still comes is thrown away, and the peer hears the last reply", async () => {
  await using pair = await Pair.make();
  pair.onReceived = () => {
    pair.connection.write("too much");
    pair.connection.finish();
  };
  const sending = pair.client.writable.getWriter();
  for (let i = 0; i < 8; i++) await sending.write(new TextEncoder().encode(MUCH));
  await pair.client.closeWrite();
  sending.releaseLock();
  assertEquals(await pair.hear(), "too much");
  await pair.over.promise;
  assertEquals(pair.noted.slice(1), ["closed"]);
});

Deno.test("a defect in serving it ends this connection only", async () => {
  await using pair = await Pair.make();
  await using other = await Pair.make();
  pair.onReceived = () => {
    throw new Error("planted defect");
  };
  await pair.say("x");
  await pair.over.promise;
  assertEquals(pair.noted, ["received x", "closed"]);
  await other.say("still here");
  await other.until("received still here");
});
