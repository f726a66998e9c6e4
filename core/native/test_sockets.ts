/**
 * A connected pair of sockets for tests: the client's end and the daemon's.
 *
 * @module
 */
import { accept, closeSocket, listenAt } from "../os/unix_socket.ts";

export async function socketPair(): Promise<{ client: Deno.UnixConn; fd: number }> {
  const directory = await Deno.makeTempDir();
  const path = `${directory}/socket`;
  const listening = listenAt(path, 1);
  const client = await Deno.connect({ transport: "unix", path });
  const fd = accept(listening);
  if (typeof fd !== "number") throw new Error(`Not accepted: ${fd}`);
  closeSocket(listening);
  await Deno.remove(directory, { recursive: true });
  return { client, fd };
}
