/**
 * A system logger for a sandbox: appends each message that arrives at /dev/log to the file named by
 * the argument, one JSON string a line. Needs --unstable-net for datagrams.
 *
 * @module
 */
const [path] = Deno.args as [string];
const socket = Deno.listenDatagram({ transport: "unixpacket", path: "/dev/log" });
for await (const [bytes] of socket) {
  const line = JSON.stringify(new TextDecoder().decode(bytes));
  await Deno.writeTextFile(path, `${line}\n`, { append: true });
}
