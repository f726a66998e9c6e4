/**
 * Receiving on an abstract name: delivery, a name that is taken, impossible names.
 *
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import { abstractAddress, AbstractDatagramSocket, OsError } from "./datagram.ts";
import { sendDatagram } from "./datagram_out.ts";

const name = `lvmlockd-test-${Deno.pid}`;

Deno.test("the address of the dump socket has 21 bytes and no NUL at its end", () => {
  const address = abstractAddress("lvmlockd-dump.sock");
  assertEquals(address.length, 21);
  assertEquals(address[2], 0);
  assertEquals(address[20], "k".charCodeAt(0));
});

Deno.test("a name that does not fit sun_path is refused", () => {
  assertThrows(() => abstractAddress("x".repeat(108)), RangeError);
  assertThrows(() => abstractAddress(""), RangeError);
});

Deno.test("a taken name is EADDRINUSE, and free again once the holder is disposed of", () => {
  {
    using _holder = AbstractDatagramSocket.bind(name);
    const error = assertThrows(() => AbstractDatagramSocket.bind(name), OsError);
    assertEquals(error.errno, 98);
  }
  using _again = AbstractDatagramSocket.bind(name);
});

Deno.test("nothing sent: receive returns at once, readable says no after its time", async () => {
  using socket = AbstractDatagramSocket.bind(name);
  assertEquals(socket.receive(new Uint8Array(8)), undefined);
  assertEquals(await socket.readable(1), false);
});

Deno.test("what was sent is received whole or cut to the buffer", async () => {
  using socket = AbstractDatagramSocket.bind(name);
  assertEquals(sendDatagram(`@${name}`, new Uint8Array([1, 2, 3])), 0);
  assertEquals(sendDatagram(`@${name}`, new Uint8Array([4, 5, 6])), 0);
  assertEquals(await socket.readable(1000), true);
  const bytes = new Uint8Array(4);
  assertEquals(socket.receive(bytes.subarray(1)), 3);
  assertEquals([...bytes], [0, 1, 2, 3]);
  assertEquals(socket.receive(bytes.subarray(0, 1)), 1);
  assertEquals(socket.receive(bytes), undefined);
});
