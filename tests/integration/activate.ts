/**
 * Starts a program the way a service manager does that listens for it: with a listening socket as
 * descriptor 3. Arguments: the socket's path, then the program and its arguments.
 *
 * @module
 */
import { createServer } from "node:net";
import { cString } from "../../core/os/libc.ts";

const { dup2, execv } = Deno.dlopen("libc.so.6", {
  dup2: { parameters: ["i32", "i32"], result: "i32" },
  execv: { parameters: ["buffer", "buffer"], result: "i32" },
}).symbols;

/** A NULL-terminated array of strings. */
function pointers(strings: Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const array = new BigUint64Array(strings.length + 1);
  strings.forEach((text, i) => array[i] = Deno.UnsafePointer.value(Deno.UnsafePointer.of(text)));
  return new Uint8Array(array.buffer);
}

const [path, ...words] = Deno.args as [string, ...string[]];
Deno.umask(0o077);
const server = createServer().listen(path, () => {
  const { fd } = (server as unknown as { _handle: { fd: number } })._handle;
  Deno.env.set("SD_ACTIVATION", "1");
  Deno.env.set("LISTEN_PID", String(Deno.pid));
  Deno.env.set("LISTEN_FDS", "1");
  const args = words.map(cString);
  dup2(fd, 3);
  execv(args[0]!, pointers(args));
  throw new Error(`cannot run ${words[0]}`);
});
