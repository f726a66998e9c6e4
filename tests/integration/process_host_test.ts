/**
 * The daemon among the services of a host: in the background, started by a service manager, its
 * messages in the system log and in its own.
 */
import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { AbstractDatagramSocket } from "../../core/os/datagram.ts";
import { DaemonProcess, exists, Lines, Place, program, run, until } from "./daemon.ts";
import { Sandbox } from "./sandbox.ts";

/** Only a test that fails waits for so long. */
const PATIENCE_MS = 60_000;

const file = (name: string) => new URL(name, import.meta.url).pathname;

/** A process that was not started by us; kills it in the end. */
class Found implements Disposable {
  readonly pid: number;
  constructor(pidFile: string) {
    this.pid = Number(Deno.readTextFileSync(pidFile));
  }

  link(name: string): string {
    return Deno.readLinkSync(`/proc/${this.pid}/${name}`);
  }

  /** Number `index` (from 3) of `/proc/PID/stat`: 4 is the parent, 6 the session, 7 the terminal. */
  stat(index: number): number {
    const text = Deno.readTextFileSync(`/proc/${this.pid}/stat`);
    return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[index - 3]);
  }

  get running(): boolean {
    return exists(`/proc/${this.pid}/fd/0`);
  }

  [Symbol.dispose](): void {
    if (this.running) Deno.kill(this.pid, "SIGKILL");
  }
}

Deno.test("without -f the caller goes on when the daemon serves, which is then on its own", async () => {
  await using place = await Place.open("embedded");
  const started = await run([...program, ...place.args], { cwd: place.directory });
  assertEquals(started, { code: 0, stdout: "", stderr: "" });
  using daemon = new Found(place.pidFile);
  using client = await place.connect();
  assertEquals(await client.result("hello"), 0);
  assertEquals(exists(place.api), true);
  const directory = daemon.link("cwd");
  const streams = [0, 1, 2].map((fd) => daemon.link(`fd/${fd}`));
  assertEquals([directory, ...streams], ["/", "/dev/null", "/dev/null", "/dev/null"]);
  assertEquals([daemon.stat(6), daemon.stat(7)], [daemon.pid, 0]);
  assertEquals(Deno.readTextFileSync(`/proc/${daemon.pid}/comm`), "lvmlockd\n");
  for (const signal of ["SIGINT", "SIGHUP"] as const) Deno.kill(daemon.pid, signal);
  assertEquals(await client.result("hello"), 0);
  await client.startVg("vg0");
  assertEquals(await client.lockLv("vg0", "u", "ex"), 0);
  Deno.kill(daemon.pid, "SIGTERM");
  assertEquals(await client.lockLv("vg0", "u", "un"), 0);
  Deno.kill(daemon.pid, "SIGTERM");
  await until("it has ended", () => !daemon.running);
  assertEquals(place.remains(), []);
});

Deno.test("programs that the daemon runs get none of its sockets", async () => {
  await using place = await Place.open("embedded");
  await run([...program, ...place.args], { cwd: place.directory });
  using daemon = new Found(place.pidFile);
  using client = await place.connect();
  assertEquals(await client.result("hello"), 0);
  const sockets = [...Deno.readDirSync(`/proc/${daemon.pid}/fd`)].map(({ name }) => name)
    .filter((fd) => daemon.link(`fd/${fd}`).startsWith("socket:"));
  assertEquals(sockets.length >= 3, true);
  for (const fd of sockets) {
    const info = Deno.readTextFileSync(`/proc/${daemon.pid}/fdinfo/${fd}`);
    const flags = parseInt(/^flags:\s*([0-7]+)$/m.exec(info)![1]!, 8);
    assertEquals((flags & 0o2000000) !== 0, true, `descriptor ${fd} is not close-on-exec`);
  }
});

Deno.test("paths are those of the directory that the daemon was started in", async () => {
  await using place = await Place.open("embedded");
  const paths = ["-s", "native.sock", "-p", "pid", "--api-socket", "./api.sock"]
    .concat(["--state-dir", "state", "--embedded-name", place.cluster]);
  assertEquals((await run([...program, ...paths], { cwd: place.directory })).code, 0);
  using daemon = new Found(place.pidFile);
  assertEquals(exists(place.store), true);
  using client = await place.connect();
  assertEquals(await client.result("quit"), 0);
  await until("it has ended", () => !daemon.running);
  assertEquals(place.remains(), []);
});

/** Datagrams that arrive at a path. */
class Sink implements AsyncDisposable {
  private constructor(private readonly child: Deno.ChildProcess, readonly lines: Lines) {}

  static async open(path: string, before: string[] = []): Promise<Sink> {
    const deno = [Deno.execPath(), "run", "-A", "--quiet", "--unstable-net"];
    const words = [...before, ...deno, file("datagram_sink.ts"), path];
    const child = new Deno.Command(words[0]!, { args: words.slice(1), stdout: "piped" }).spawn();
    const sink = new Sink(child, new Lines(child.stdout));
    await sink.lines.line(/^bound$/);
    return sink;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGKILL");
    await this.child.status;
    await this.lines.ended;
  }
}

Deno.test("the service manager is told when the daemon serves, and when it ends", async () => {
  await using place = await Place.open("test");
  const path = `${place.directory}/notify`;
  await using sink = await Sink.open(path);
  const daemon = await place.start({ env: { NOTIFY_SOCKET: path } });
  const ready = await sink.lines.line(/READY=1/);
  assertMatch(JSON.parse(ready), /^READY=1\n/);
  using client = await place.connect();
  assertEquals(await client.result("hello"), 0);
  daemon.signal("SIGTERM");
  await sink.lines.line(/STOPPING=1/);
  assertEquals((await daemon.ended()).code, 0);
});

Deno.test("it may listen under an abstract name", async () => {
  await using place = await Place.open("test");
  const name = `lvmlockd-notify-${Deno.pid}`;
  using socket = AbstractDatagramSocket.bind(name);
  await place.start({ env: { NOTIFY_SOCKET: `@${name}` } });
  assertEquals(await socket.readable(PATIENCE_MS), true);
  const into = new Uint8Array(1000);
  const text = new TextDecoder().decode(into.subarray(0, socket.receive(into)));
  assertMatch(text, /^READY=1\n/);
});

Deno.test("nobody there to be told is no hindrance", async () => {
  await using place = await Place.open("test");
  for (const name of ["/nonexistent/notify", "@nobody-here", "relative"]) {
    const daemon = await place.start({ env: { NOTIFY_SOCKET: name } });
    daemon.signal("SIGTERM");
    assertEquals((await daemon.ended()).code, 0);
  }
});

const activate = [Deno.execPath(), "run", "-A", "--quiet", file("activate.ts")];
const setpriv = "/usr/bin/setpriv";

Deno.test("a socket that a service manager listens on is served, and left to it", async () => {
  await using place = await Place.open("test");
  const before = [...activate, place.socket, setpriv, "--pdeathsig", "KILL"];
  const daemon = await place.start({ before });
  using client = await place.connect();
  await client.startVg("vg0");
  assertEquals(await client.lockVg("vg0", "ex"), 0);
  assertEquals(Deno.readTextFileSync(place.pidFile), `${daemon.pid}\n`);
  client[Symbol.dispose]();
  daemon.signal("SIGTERM");
  assertEquals((await daemon.ended()).code, 0);
  assertEquals(place.remains(), [place.socket]);
});

Deno.test("activation of another process is none", async () => {
  await using place = await Place.open("test");
  const env = { SD_ACTIVATION: "1", LISTEN_PID: "1", LISTEN_FDS: "1" };
  const daemon = await place.start({ env });
  using client = await place.connect();
  assertEquals(await client.result("hello"), 0);
  daemon.signal("SIGTERM");
  assertEquals((await daemon.ended()).code, 0);
  assertEquals(place.remains(), []);
});

/** A /dev of its own with a system logger. */
async function withLogger(sandbox: Sandbox): Promise<Sink> {
  const prepare = "mkdir /run/dev && cp -a /dev/null /dev/zero /dev/urandom /run/dev &&" +
    " mount --bind /run/dev /dev";
  assertEquals((await sandbox.run(["sh", "-c", prepare])).code, 0);
  return await Sink.open("/dev/log", sandbox.inside(["setpriv", "--pdeathsig", "KILL", "--"]));
}

/** Starts the daemon with the paths it has without options. */
async function startInside(sandbox: Sandbox, args: string[]): Promise<DaemonProcess> {
  const daemon = DaemonProcess.spawn(["--test", "-f", ...args], { before: sandbox.inside([]) });
  await daemon.serving();
  return daemon;
}

Deno.test("warnings go to the system log, more or less as -S says", async () => {
  await using sandbox = await Sandbox.open();
  await using sink = await withLogger(sandbox);
  const logged = async (args: string[], last: RegExp) => {
    const daemon = await startInside(sandbox, args);
    const from = sink.lines.count;
    // Another instance: its failure is logged whatever -S says, after everything of the first.
    const second = await sandbox.run([...program, "--test", "-f"]);
    assertEquals(second.code, 13);
    await sink.lines.line(last, from);
    await daemon.kill();
    const texts = sink.lines.from(0).filter((line) => line.includes(`[${daemon.pid}]`));
    return texts.map((line) => JSON.parse(line).replace(/^(<\d+>).{16}/, "$1"));
  };
  const failed = /Cannot lock lockfile/;
  assertEquals(await logged(["-S", "err"], failed), []);
  const [warning, ...none] = await logged([], failed);
  assertMatch(warning, /^<28>lvmlockd\[\d+\]: lvmlockd started \d/);
  assertEquals(none, []);
  const more = await logged(["-S", "debug"], failed);
  assertMatch(more.pop()!, /^<28>lvmlockd\[\d+\]: lvmlockd started \d/);
  assertNotEquals(more, []);
  for (const text of more) assertMatch(text, /^<30>lvmlockd\[\d+\]: .*test mode/);
});

Deno.test("lvmlockctl --dump of either kind prints the log", async () => {
  await using sandbox = await Sandbox.open();
  const daemon = await startInside(sandbox, ["-g", "dlm"]);
  const ours = [...program, "ctl", "-d"];
  for (const words of [["lvmlockctl", "-d"], ours]) {
    const { code, stdout } = await sandbox.run(words);
    assertEquals(code, 0);
    assertMatch(stdout, /^\d{10} .*lvmlockd started \d/m);
  }
  assertEquals((await sandbox.run(["cat", "/run/lvmlockd.pid"])).stdout, `${daemon.pid}\n`);
  assertEquals((await sandbox.run(["lvmlockctl", "-q"])).code, 0);
  assertEquals((await daemon.ended()).code, 0);
  assertEquals((await sandbox.run(["ls", "/run/lvm", "/run"])).stdout.match(/sock|pid/), null);
});
