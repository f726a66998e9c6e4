/**
 * Receives datagrams on a Unix socket for a test: binds the path given, then prints `bound`, and each
 * datagram as a JSON string, one a line. Needs --unstable-net.
 *
 * @module
 */
const [path] = Deno.args as [string];
const socket = Deno.listenDatagram({ transport: "unixpacket", path });
console.log("bound");
for await (const [bytes] of socket) {
  console.log(JSON.stringify(new TextDecoder().decode(bytes)));
}
