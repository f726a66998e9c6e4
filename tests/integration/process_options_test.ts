/**
 * The daemon's command line and environment, as a caller sees them.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { exists, Place, program, run } from "./daemon.ts";

const longOptions = ["help", "version", "test", "foreground", "daemon-debug", "pid-file"]
  .concat(["socket-path", "adopt-file", "syslog-priority", "gl-type", "host-id", "host-id-file"])
  .concat(["sanlock-timeout", "adopt"]);

Deno.test("--help and -h print all options and end well", async () => {
  for (const option of ["--help", "-h"]) {
    const { code, stdout, stderr } = await run([...program, option]);
    assertEquals([code, stderr], [0, ""]);
    for (const long of longOptions) assertMatch(stdout, new RegExp(`^ +--${long}\\b`, "m"));
  }
});

Deno.test("--version and -V print one line and end well", async () => {
  for (const option of ["--version", "-V"]) {
    const { code, stdout, stderr } = await run([...program, option]);
    assertEquals([code, stderr], [0, ""]);
    assertMatch(stdout, /^lvmlockd version: \d+\.\d+\.\d+[^\n]*\n$/);
  }
});

Deno.test("an option that is not understood ends with 1, the reason and the usage", async () => {
  const wrong: [string[], RegExp][] = [
    [["--bogus"], /bogus/],
    [["-Z"], /Z/],
    [["-l", "x"], /l/],
    [["-p"], /pid-file requires an argument/],
    [["--socket-path"], /socket-path requires an argument/],
    [["--test", "-g", "nosuch"], /gl-type/],
    [["-g", "none"], /gl-type/],
    [["--kill-path", "lvmlockctl"], /kill-path/],
    [["--info-layout", "1"], /info-layout/],
  ];
  for (const [args, reason] of wrong) {
    const { code, stdout, stderr } = await run([...program, ...args]);
    assertEquals(code, 1, args.join(" "));
    assertMatch(stderr, reason);
    assertStringIncludes(stdout, "--pid-file | -p <path>");
  }
});

/** A VG whose LV with the leases does not exist: that is found out after the host id. */
const lvmlock = {
  vg_name: "vg0",
  vg_lock_type: "sanlock",
  vg_lock_args: "1.0.0:nosuch",
  host_id: 0,
};

/** All options at once, in both spellings; files are named after the place. */
function spellings({ directory, socket, pidFile, api }: Place): string[][] {
  const adopt = ["--adopt-file", `${directory}/adopt`, "--api-socket", api];
  const long = ["--test", "--foreground", "--daemon-debug", "--pid-file", pidFile]
    .concat(["--socket-path", socket, "--syslog-priority", "debug", "--gl-type", "dlm"])
    .concat(["--host-id", "0", "--host-id-file", `${directory}/id`])
    .concat(["--sanlock-timeout", "2", "--adopt", "0", "a word that is ignored"]);
  const short = ["-T", "-f", "-D", "-p", pidFile, "-s", socket, "-S", "debug", "-g", "dlm"]
    .concat(["-i", "0", "-F", `${directory}/id`, "-o", "2", "-A", "0"]);
  const bundled = ["-TfD", `-p${pidFile}`, `--socket-path=${socket}`, "-Sdebug", "-gdlm"]
    .concat([`-F${directory}/id`]);
  return [long, short, bundled].map((options) => [...adopt, ...options]);
}

Deno.test("every option is understood in every spelling", async () => {
  await using place = await Place.open("test");
  await Deno.writeTextFile(`${place.directory}/id`, "# mine\nhost_id = 7\n");
  for (const args of spellings(place)) {
    const daemon = place.spawnBare(args);
    await daemon.serving();
    assertEquals(await Deno.readTextFile(place.pidFile), `${daemon.pid}\n`);
    using client = await place.connect();
    assertEquals(await client.result("running_lm"), 2);
    // The host id is there, what is missing is the LV with the leases.
    assertEquals(await client.result("start_vg", lvmlock), -212);
    await daemon.errors.line(/^recv .* start vg vg0 /);
    daemon.signal("SIGTERM");
    assertEquals((await daemon.ended()).code, 0);
    assertEquals(place.remains(), []);
  }
});

Deno.test("without a host id, or with a file that is not there, a sanlock VG is refused", async () => {
  await using place = await Place.open("test");
  const file = `${place.directory}/id`;
  const daemon = await place.start({ args: ["-F", file] });
  using client = await place.connect();
  assertEquals(await client.result("start_vg", lvmlock), -213);
  await daemon.errors.line(/^Cannot read the host id: .*No such file/);
  await Deno.writeTextFile(file, "# none\n");
  assertEquals(await client.result("start_vg", lvmlock), -213);
  await Deno.writeTextFile(file, "host_id = 5\n");
  assertEquals(await client.result("start_vg", lvmlock), -212);
});

Deno.test("the environment names socket and pid file where no option does", async () => {
  await using place = await Place.open("test");
  const { directory } = place;
  const env = {
    LVM_LVMLOCKD_SOCKET: `${directory}/env.sock`,
    LVM_LVMLOCKD_PIDFILE: `${directory}/env.pid`,
  };
  const daemon = place.spawnBare(["--test", "-f", "--api-socket", place.api], { env });
  await daemon.serving();
  assertEquals(await Deno.readTextFile(env.LVM_LVMLOCKD_PIDFILE), `${daemon.pid}\n`);
  assert(exists(env.LVM_LVMLOCKD_SOCKET));
  await daemon.kill();
  Deno.removeSync(place.api);
  await place.start({ env });
  assert(exists(place.socket) && exists(place.pidFile));
});
