/** Which inherited socket is which, and what becomes of the variables that tell of them. @module */
import { assertEquals } from "@std/assert";
import { type ActivationSocket, assignSockets, takeActivationSockets } from "./activation.ts";

const paths = { native: "/run/lvm/lvmlockd.socket", api: "/run/lvm/lvmlockd-api.socket" };
const socket = (fd: number, path: string, name = ""): ActivationSocket => ({ fd, path, name });

Deno.test("sockets are told apart by their paths, in any order", () => {
  const native = socket(4, paths.native, "lvmlockd.socket");
  const api = socket(3, paths.api, "lvmlockd.socket");
  assertEquals(assignSockets([api, native], paths), { native, api });
});

Deno.test("sockets at other paths are told apart by their names", () => {
  const native = socket(3, "/run/a", "native");
  const api = socket(4, "/run/b", "api");
  assertEquals(assignSockets([native, api], paths), { native, api });
});

Deno.test("a socket at the path of the one is not the other, whatever its name", () => {
  const native = socket(3, paths.native, "api");
  assertEquals(assignSockets([native], paths), { native });
  const api = socket(4, paths.api, "native");
  assertEquals(assignSockets([api], paths), { api });
  assertEquals(assignSockets([native, api], paths), { native, api });
});

Deno.test("a single socket without a name is the native one, two are nobody's", () => {
  assertEquals(assignSockets([socket(3, "/run/a")], paths), { native: socket(3, "/run/a") });
  assertEquals(assignSockets([socket(3, "/run/a"), socket(4, "/run/b")], paths), {});
  const api = socket(3, paths.api);
  assertEquals(assignSockets([api], paths), { api });
});

Deno.test("what was passed to another process is not taken, and nobody is told of it again", () => {
  Deno.env.set("LISTEN_PID", "1");
  Deno.env.set("LISTEN_FDS", "2");
  Deno.env.set("LISTEN_FDNAMES", "native:api");
  assertEquals(takeActivationSockets(), []);
  assertEquals(Deno.env.get("LISTEN_FDS"), undefined);
  assertEquals(Deno.env.get("LISTEN_FDNAMES"), undefined);
});
