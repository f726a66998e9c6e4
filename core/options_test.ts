/**
 * Command lines of the daemon: the stock daemon's, and our own additions.
 *
 * @module
 */
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  DEFAULT_API_SOCKET,
  DEFAULT_PID_FILE,
  DEFAULT_SOCKET,
  OptionError,
  parseOptions,
  readHostId,
  usage,
} from "./options.ts";
import { LockType } from "./types.ts";

const noEnv = () => undefined;
const parse = (...args: string[]) => parseOptions(args, noEnv);

Deno.test("what holds without options", () => {
  assertEquals(parse(), {
    help: false,
    version: false,
    test: false,
    foreground: false,
    debug: false,
    pidFile: DEFAULT_PID_FILE,
    socketPath: DEFAULT_SOCKET,
    apiSocket: DEFAULT_API_SOCKET,
    adoptFile: "/run/lvm/lvmlockd.adopt",
    adopt: true,
    handOver: false,
    syslogPriority: 4,
    glType: LockType.none,
    hostId: 0,
    hostIdFile: "",
    sanlockTimeout: 0,
    killPath: "",
    stateDir: "/run/lvm",
    embeddedName: "",
    infoLayout: "2.03.16",
  });
});

Deno.test("the kill program needs a full path", () => {
  assertThrows(() => parse("--kill-path", "lvmlockctl"), OptionError, "full path");
  assertThrows(() => parse("--kill-path", "/a b"), OptionError, "no blanks");
  assertThrows(() => parse("--state-dir", "/a b"), OptionError, "no blanks");
});

/** Long form, short form, and what they set. */
const forms: [string[], string[] | undefined, Partial<ReturnType<typeof parse>>][] = [
  [["--help"], ["-h"], { help: true }],
  [["--version"], ["-V"], { version: true }],
  [["--test"], ["-T"], { test: true }],
  [["--foreground"], ["-f"], { foreground: true }],
  [["--daemon-debug"], ["-D"], { debug: true }],
  [["--pid-file", "/p"], ["-p", "/p"], { pidFile: "/p" }],
  [["--socket-path", "/s"], ["-s", "/s"], { socketPath: "/s" }],
  [["--api-socket", "/a"], undefined, { apiSocket: "/a" }],
  [["--adopt-file", "/f"], undefined, { adoptFile: "/f" }],
  [["--syslog-priority", "debug"], ["-S", "debug"], { syslogPriority: 7 }],
  [["--gl-type", "dlm"], ["-g", "dlm"], { glType: LockType.dlm }],
  [["--host-id", "2000"], ["-i", "2000"], { hostId: 2000 }],
  [["--host-id-file", "/h"], ["-F", "/h"], { hostIdFile: "/h" }],
  [["--sanlock-timeout", "20"], ["-o", "20"], { sanlockTimeout: 20 }],
  [["--kill-path", "/sbin/k"], undefined, { killPath: "/sbin/k" }],
  [["--adopt", "0"], ["-A", "0"], { adopt: false }],
  [["--state-dir", "/d"], undefined, { stateDir: "/d", adoptFile: "/d/lvmlockd.adopt" }],
  [["--embedded-name", "embedded-x"], undefined, { embeddedName: "embedded-x" }],
  [["--info-layout", "2.03.40"], undefined, { infoLayout: "2.03.40" }],
];

Deno.test("every option, long and short, with a blank or an equals sign", () => {
  const defaults = parse();
  for (const [long, short, sets] of forms) {
    assertEquals(parse(...long), { ...defaults, ...sets }, long.join(" "));
    assertEquals(parse(long.join("=")), { ...defaults, ...sets }, long.join("="));
    if (short !== undefined) assertEquals(parse(...short), { ...defaults, ...sets }, short[0]!);
    assertStringIncludes(usage(), long[0]!);
    if (short !== undefined) assertStringIncludes(usage(), `| ${short[0]}`);
  }
});

Deno.test("short options together, and the last of several", () => {
  const { foreground, test, debug } = parse("-fTD");
  assertEquals([foreground, test, debug], [true, true, true]);
  assertEquals(parse("-s", "/a", "--socket-path", "/b").socketPath, "/b");
  assertEquals(parse("-A1", "-i7").hostId, 7);
  assertEquals(parse("-p/run/x.pid").pidFile, "/run/x.pid");
  const { syslogPriority, socketPath } = parse("-TSdebug", "-fs", "/s");
  assertEquals([syslogPriority, socketPath], [7, "/s"]);
  assertEquals(parse("-gdlm", "--", "-T"), { ...parse("-g", "dlm") });
  assertEquals(parse("-s", "-x").socketPath, "-x");
});

Deno.test("an option before the environment before the default", () => {
  const values: Record<string, string> = {
    LVM_LVMLOCKD_SOCKET: "/env.socket",
    LVM_LVMLOCKD_PIDFILE: "/env.pid",
    LVMLOCKD_API_SOCKET: "/env-api.socket",
  };
  const env = (name: string) => values[name];
  const { socketPath, pidFile, apiSocket } = parseOptions([], env);
  assertEquals([socketPath, pidFile, apiSocket], ["/env.socket", "/env.pid", "/env-api.socket"]);
  const both = parseOptions(["-s", "/s", "-p", "/p", "--api-socket", "/a"], env);
  assertEquals([both.socketPath, both.pidFile, both.apiSocket], ["/s", "/p", "/a"]);
  assertEquals(parseOptions([], () => "").socketPath, DEFAULT_SOCKET);
});

Deno.test("numbers are read as the stock daemon reads them", () => {
  assertEquals(parse("-i", "12abc").hostId, 12);
  assertEquals(parse("-i", "abc").hostId, 0);
  assertEquals([parse("-A", "0").adopt, parse("-A", "yes").adopt], [false, false]);
});

Deno.test("syslog priorities, unknown ones are the default", () => {
  const priorities = { err: 3, error: 3, warning: 4, warn: 4, info: 6, debug: 7, loud: 4 };
  for (const [word, number] of Object.entries(priorities)) {
    assertEquals(parse("-S", word).syslogPriority, number, word);
  }
});

Deno.test("lock types of the global lock", () => {
  assertEquals(parse("-T", "-g", "sanlock").glType, LockType.sanlock);
  assertEquals(parse("-T", "-g", "idm").glType, LockType.idm);
  assertEquals(parse("-g", "sanlock").glType, LockType.sanlock);
  assertEquals(parse("-g", "idm").glType, LockType.idm);
  assertThrows(() => parse("-T", "-g", "none"), OptionError, "gl-type");
  assertThrows(() => parse("-g", "toString"), OptionError, "gl-type");
});

Deno.test("what is refused", () => {
  assertThrows(() => parse("--nonsense"), OptionError, "Unknown option --nonsense");
  assertThrows(() => parse("-x"), OptionError, "Unknown option -x");
  assertThrows(() => parse("-fx"), OptionError, "Unknown option -x");
  assertThrows(() => parse("--socket-path"), OptionError, "requires an argument");
  assertThrows(() => parse("-f", "-s"), OptionError, "requires an argument");
  assertThrows(() => parse("--info-layout", "2.03.11"), OptionError, "info-layout");
});

Deno.test("other words are passed over", () => {
  assertEquals(parse("word", "-f", "-"), { ...parse(), foreground: true });
});

Deno.test("a host id file", async () => {
  const path = await Deno.makeTempFile();
  try {
    const idOf = (text: string) => {
      Deno.writeTextFileSync(path, text);
      return readHostId(path);
    };
    assertEquals(idOf("# host_id = 1\nother = 2\n host_id = 37 # mine\n"), 37);
    assertEquals(idOf("host_id=2000"), 2000);
    assertEquals(idOf("host_ids = 5\n"), 0);
    assertEquals(idOf(""), 0);
    assertEquals(readHostId(""), 0);
  } finally {
    await Deno.remove(path);
  }
  assertThrows(() => readHostId("/nonexistent/host-id"), Deno.errors.NotFound);
});
