/**
 * What a process is given when it starts: sockets of the service manager, variables of the launcher.
 *
 * @module
 */
import type { Modules } from "../engine/program.ts";
import { demand } from "../engine/target.ts";
import { textTarget } from "../engine/text_target.ts";

const names = ["LISTEN_FDS", "LISTEN_FDNAMES", "SD_ACTIVATION", "LVMLOCKD_KEPT_DENO_DIR"]
  .concat(["LVMLOCKD_KEPT_", "DENO_NO_UPDATE_CHECK", "LVMLOCKD_KEPT_TZ"]);

function checkEnvironment({ activation, environment }: Modules, input: string): void {
  const [pid = "", ...values] = input.split("\0");
  // LISTEN_PID of somebody else, unless the input begins as ours.
  Deno.env.set("LISTEN_PID", pid === "me" ? String(Deno.pid) : pid);
  const set = new Map(names.map((name, i) => [name, values[i] ?? ""]));
  for (const [name, value] of set) Deno.env.set(name, value);
  const sockets = activation.takeActivationSockets();
  demand(sockets.length <= 64, "more sockets than anybody passes on");
  demand(pid === "me" || sockets.length === 0, "sockets of another process are taken");
  for (const name of ["LISTEN_PID", ...names.slice(0, 3)]) {
    demand(!Deno.env.has(name), "our children see what is for us", () => name);
  }
  environment.cleanEnvironment();
  for (const name of names) {
    demand(!Deno.env.has(name), "a trace of the launcher is left", () => name);
  }
  const kept = environment.callersVariables();
  demand(kept.DENO_DIR === set.get("LVMLOCKD_KEPT_DENO_DIR"), "a variable of the caller is lost");
}

/** Sockets are told apart in one way only, and each is served once. */
function checkAssignment({ activation }: Modules, input: string): void {
  const paths = { native: "/n", api: "/a" };
  const sockets = input.split("\0").slice(1, 6).map((text, i) => {
    const [name = "", path = ""] = text.split("\n");
    return { fd: 3 + i, name, path };
  });
  const { native, api } = activation.assignSockets(sockets, paths);
  const byPath = (path: string) => sockets.find((socket) => socket.path === path);
  if (byPath("/n")) demand(native === byPath("/n"), "the native socket is another");
  if (byPath("/a")) demand(api === byPath("/a"), "the API's socket is another");
  if (native && api) demand(native !== api, "one socket is both", () => sockets);
}

export const environmentVariables = textTarget({
  name: "environment",
  about: "socket activation and the launcher's variables",
  modules: ["core/os/activation.ts", "core/os/environment.ts"],
  seeds: [
    "me\x002\0native:api\0x\0/root\0\0off\0CET",
    "me\x00999999999999\0\0",
    "1\x003\0a:b:c\0",
    "x\0native\n/a\0api\n/n\0\n/x",
  ],
  words: ["\0", "\n", ":", "native", "api", "/n", "/a", "me\0", "-1", "0x10", " 3"],
  maxLength: 300,
  check(modules, input) {
    checkEnvironment(modules, input);
    checkAssignment(modules, input);
  },
});
