/**
 * The daemon's files: pid file and sockets, what they are like, and when others hold them.
 */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type DaemonProcess, Place, program, run, until } from "./daemon.ts";

const mode = (path: string) => (Deno.lstatSync(path).mode ?? 0) & 0o777;

/** The stock daemon, with the same pid file and another socket. */
function stock({ directory, pidFile }: Place): string[] {
  return ["lvmlockd", "--test", "-f", "-p", pidFile, "-s", `${directory}/stock.sock`];
}

/** A daemon that must not start here. */
async function refused(place: Place, code: number, args: string[] = []): Promise<string> {
  const daemon = place.spawn({ args });
  const outcome = await Promise.race([
    daemon.ended(),
    daemon.serving().catch(() => daemon.ended()),
  ]);
  assertEquals(outcome?.code, code);
  return daemon.errors.text;
}

async function serves(place: Place, daemon: DaemonProcess): Promise<void> {
  using client = await place.connect();
  assertEquals(await client.result("hello"), 0);
  assertEquals(await Deno.readTextFile(place.pidFile), `${daemon.pid}\n`);
}

Deno.test("only the owner can open what the daemon makes; the process has the stock name", async () => {
  await using place = await Place.open("embedded");
  const daemon = await place.start();
  assertEquals([mode(place.socket), mode(place.api), mode(place.pidFile)], [0o700, 0o600, 0o644]);
  assertEquals(mode(place.store), 0o600);
  assertEquals(await Deno.readTextFile(place.pidFile), `${daemon.pid}\n`);
  assertEquals(await Deno.readTextFile(`/proc/${daemon.pid}/comm`), "lvmlockd\n");
  const locks = (await Deno.readTextFile("/proc/locks")).split("\n");
  const inode = Deno.statSync(place.pidFile).ino;
  const own = locks.find((line) => line.includes(` ${daemon.pid} `) && line.includes(`:${inode} `));
  assertMatch(own ?? "", /POSIX +ADVISORY +WRITE .* 0 EOF$/);
});

Deno.test("a second instance, ours or stock, is refused with 13 and changes nothing", async () => {
  await using place = await Place.open("test");
  const daemon = await place.start();
  const socket = [
    "-s",
    `${place.directory}/other.sock`,
    "--api-socket",
    `${place.directory}/o.api`,
  ];
  const message = `Cannot lock lockfile [${place.pidFile}], ` +
    "error was [Resource temporarily unavailable]";
  assertStringIncludes(await refused(place, 13, socket), message);
  const background = await run([...program, ...place.args, ...socket]);
  assertEquals(background.code, 13);
  assertStringIncludes(background.stderr, message);
  const theirs = await run(stock(place));
  assertEquals([theirs.code, theirs.stderr], [13, `${message}\n`]);
  await serves(place, daemon);
  assertEquals([...Deno.readDirSync(place.directory)].map(({ name }) => name).sort(), [
    "api.sock",
    "native.sock",
    "pid",
    "state",
  ]);
});

Deno.test("while the stock daemon has the pid file, ours is refused", async () => {
  await using place = await Place.open("test");
  const [command, ...args] = stock(place) as [string, ...string[]];
  const child = new Deno.Command(command, { args, stdin: "null", stdout: "null", stderr: "null" })
    .spawn();
  try {
    const isThere = () => Deno.readTextFile(place.pidFile).then((text) => text !== "", () => false);
    await until("the stock daemon has its pid file", isThere);
    assertStringIncludes(await refused(place, 13), "Resource temporarily unavailable");
    assertEquals(await Deno.readTextFile(place.pidFile), `${child.pid}\n`);
    assertEquals(place.remains(), [place.pidFile]);
  } finally {
    child.kill("SIGKILL");
    await child.status;
  }
  await serves(place, await place.start());
});

Deno.test("what a killed daemon leaves behind is taken over", async () => {
  await using place = await Place.open("test");
  await (await place.start()).kill();
  assertEquals(place.remains(), [place.socket, place.api, place.pidFile]);
  const second = await place.start();
  await serves(place, second);
  second.signal("SIGTERM");
  assertEquals((await second.ended()).code, 0);
  assertEquals(place.remains(), []);
});

Deno.test("a socket that is served, or anything that is no socket, is left alone", async () => {
  await using place = await Place.open("test");
  await using elsewhere = await Place.open("test");
  const daemon = await elsewhere.start();
  const file = `${place.directory}/file`;
  await Deno.writeTextFile(file, "precious");
  const cases: [string[], RegExp][] = [
    [["-s", elsewhere.socket], /native\.sock already in use/],
    [["--api-socket", elsewhere.api], /api\.sock": another daemon serves it/],
    [["-s", file], /file exists and is not a socket/],
    [["--api-socket", file], /file": there is a file that is not a socket/],
    [["-s", place.stateDir], /exists and is not a socket/],
    [["-s", elsewhere.api], /already in use/],
  ];
  for (const [args, message] of cases) {
    assertMatch(await refused(place, 1, args), message);
    assertEquals(place.remains(), []);
  }
  assertEquals(await Deno.readTextFile(file), "precious");
  await serves(elsewhere, daemon);
});

Deno.test("a place that cannot be written is refused, and nothing is left behind", async () => {
  await using place = await Place.open("test");
  const long = `${place.directory}/${"x".repeat(108 - place.directory.length)}`;
  const cases: [string[], number, RegExp][] = [
    [["-p", `${place.directory}/nosuch/pid`], 13, /Cannot open lockfile .*No such file/],
    [["-p", place.stateDir], 13, /Cannot open lockfile .*Is a directory/],
    [["-s", `${place.directory}/nosuch/sock`], 1, /nosuch\/sock/],
    [["--api-socket", `${place.directory}/nosuch/sock`], 1, /nosuch\/sock|No such file/],
    [["-s", "/proc/sock"], 1, /\/proc\/sock/],
    [["-s", long], 1, /longer than 107 bytes/],
    [["--api-socket", long], 1, /./],
  ];
  for (const [args, code, message] of cases) {
    assertMatch(await refused(place, code, args), message, args.join(" "));
    assertEquals(place.remains(), []);
  }
  for (const [args, code, message] of [cases[0]!, cases[2]!]) {
    const background = await run([...program, ...place.args, ...args]);
    assertEquals(background.code, code, args.join(" "));
    assertMatch(background.stderr, message, args.join(" "));
    assertEquals(place.remains(), []);
  }
});
