/**
 * Command line of the daemon: every option of the stock lvmlockd, long and short, and a few of our
 * own for what it does not have.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { syslogPriorities } from "./log.ts";
import { type InfoLayout, infoLayouts, LockType } from "./types.ts";

export interface DaemonOptions {
  help: boolean;
  version: boolean;
  test: boolean;
  foreground: boolean;
  debug: boolean;
  pidFile: string;
  socketPath: string;
  apiSocket: string;
  adoptFile: string;
  adopt: boolean;
  /** SIGTERM ends the daemon also while locks are held. */
  handOver: boolean;
  syslogPriority: number;
  glType: LockType;
  hostId: number;
  hostIdFile: string;
  sanlockTimeout: number;
  /** Program that the lock manager runs when leases are lost; `""` for this one's control tool. */
  killPath: string;
  /** Where the embedded lock manager keeps its records. */
  stateDir: string;
  /** Name the embedded lock manager poses under; `""` derives it from this host. */
  embeddedName: string;
  infoLayout: InfoLayout;
}

/** The command line cannot be used; the message says which option and why. */
export class OptionError extends Error {
  override name = "OptionError";
}

const RUN_DIR = "/run/lvm";
export const DEFAULT_SOCKET = `${RUN_DIR}/lvmlockd.socket`;
export const DEFAULT_API_SOCKET = `${RUN_DIR}/lvmlockd-api.socket`;
export const DEFAULT_PID_FILE = "/run/lvmlockd.pid";

export interface Option {
  long: string;
  short?: string;
  argument?: string;
  help: string;
}

/** Every option, in the order in which they are shown. */
export const options: readonly Option[] = [
  { long: "help", short: "h", help: "Show this help" },
  { long: "version", short: "V", help: "Show the version" },
  { long: "test", short: "T", help: "Test mode: call no lock manager" },
  { long: "foreground", short: "f", help: "Don't fork" },
  { long: "daemon-debug", short: "D", help: "Don't fork; print every log line to stderr" },
  { long: "pid-file", short: "p", argument: "path", help: `Pid file [${DEFAULT_PID_FILE}]` },
  { long: "socket-path", short: "s", argument: "path", help: `Native socket [${DEFAULT_SOCKET}]` },
  { long: "api-socket", argument: "path", help: `HTTP socket [${DEFAULT_API_SOCKET}]` },
  {
    long: "adopt-file",
    argument: "path",
    help: "Adopt file [lvmlockd.adopt in the state directory]",
  },
  {
    long: "syslog-priority",
    short: "S",
    argument: "word",
    help: "Lowest priority sent to syslog: err, warning, debug … [warning]",
  },
  {
    long: "gl-type",
    short: "g",
    argument: "type",
    help: "Lock type of the global lock: sanlock, dlm or idm [automatic]",
  },
  { long: "host-id", short: "i", argument: "number", help: "sanlock host id, 1 to 2000" },
  { long: "host-id-file", short: "F", argument: "path", help: "File with a line host_id = N" },
  { long: "sanlock-timeout", short: "o", argument: "seconds", help: "sanlock I/O timeout" },
  { long: "adopt", short: "A", argument: "0|1", help: "Adopt locks of a crashed daemon [1]" },
  {
    long: "hand-over",
    help: "SIGTERM while locks are held: end, and leave them to the next daemon",
  },
  {
    long: "kill-path",
    argument: "program",
    help: "Called with --kill VG when its leases are lost [this daemon's own lvmlockctl, which " +
      "makes the LVs safe]",
  },
  {
    long: "state-dir",
    argument: "path",
    help: `Where records are kept [${RUN_DIR}]`,
  },
  {
    long: "embedded-name",
    argument: "name",
    help: "Cluster name of the embedded lock manager, embedded-… [from the machine id]",
  },
  {
    long: "info-layout",
    argument: "release",
    help: `lvmlockctl that reads --info: ${infoLayouts.join(" or ")} [${infoLayouts[0]}]`,
  },
];

export function usage(): string {
  const lines = options.map(({ long, short, argument, help }) => {
    const names = `--${long}${short ? ` | -${short}` : ""}${argument ? ` <${argument}>` : ""}`;
    return `  ${names}\n        ${help}`;
  });
  return [
    "lvmlockd [options]",
    "lvmlockd ctl [options]   the control tool, see its --help",
    "",
    ...lines,
    "",
  ].join("\n");
}

/**
 * Reads the command line and the environment (`LVM_LVMLOCKD_SOCKET`, `LVM_LVMLOCKD_PIDFILE`).
 * Positional arguments are ignored, as by the stock daemon.
 * @throws {OptionError} for an unknown option, a missing argument or a value that does not fit.
 */
export function parseOptions(
  args: string[],
  env: (name: string) => string | undefined,
): DaemonOptions {
  const parsed = parse(args);
  const text = (name: string, otherwise: string) => {
    const value = parsed[name];
    return typeof value === "string" && value !== "" ? value : otherwise;
  };
  const flag = (name: string) => parsed[name] === true;
  return {
    help: flag("help"),
    version: flag("version"),
    test: flag("test"),
    foreground: flag("foreground"),
    debug: flag("daemon-debug"),
    pidFile: text("pid-file", env("LVM_LVMLOCKD_PIDFILE") || DEFAULT_PID_FILE),
    socketPath: text("socket-path", env("LVM_LVMLOCKD_SOCKET") || DEFAULT_SOCKET),
    apiSocket: text("api-socket", env("LVMLOCKD_API_SOCKET") || DEFAULT_API_SOCKET),
    adoptFile: text("adopt-file", `${text("state-dir", RUN_DIR)}/lvmlockd.adopt`),
    adopt: lenientNumber(text("adopt", "1")) !== 0,
    handOver: flag("hand-over"),
    syslogPriority: syslogPriorities[text("syslog-priority", "warning")] ?? 4,
    glType: glType(text("gl-type", "")),
    hostId: lenientNumber(text("host-id", "0")),
    hostIdFile: text("host-id-file", ""),
    sanlockTimeout: lenientNumber(text("sanlock-timeout", "0")),
    killPath: fullPath("kill-path", text("kill-path", "")),
    stateDir: oneWord("state-dir", text("state-dir", RUN_DIR)),
    embeddedName: text("embedded-name", ""),
    infoLayout: layout(text("info-layout", infoLayouts[0])),
  };
}

function fullPath(option: string, path: string): string {
  if (path === "" || path.startsWith("/")) return oneWord(option, path);
  throw new OptionError(`invalid ${option} option "${path}": it must be a full path`);
}

/** Lock managers split the kill command at blanks. */
function oneWord(option: string, path: string): string {
  if (!/[\s\\]/.test(path)) return path;
  throw new OptionError(`invalid ${option} option "${path}": no blanks and backslashes there`);
}

function parse(args: string[]): Record<string, unknown> {
  return parseArgs(separate(args), {
    string: options.filter(({ argument }) => argument !== undefined).map(({ long }) => long),
    boolean: options.filter(({ argument }) => argument === undefined).map(({ long }) => long),
    unknown: (arg) => {
      if (arg.startsWith("-") && arg !== "-") throw new OptionError(`Unknown option ${arg}`);
      return false;
    },
  });
}

/** Every option alone, in its long form and with its argument, as getopt takes `-fSdebug -s path`. */
function separate(args: string[]): string[] {
  const separated: string[] = [];
  const rest = [...args];
  const add = ({ long, argument }: Option, attached: string) => {
    const value = argument === undefined ? "" : attached || rest.shift();
    if (value === undefined) throw new OptionError(`Option --${long} requires an argument`);
    separated.push(argument === undefined ? `--${long}` : `--${long}=${value}`);
  };
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === "--") return [...separated, arg, ...rest];
    const long = options.find(({ long }) => arg === `--${long}`);
    if (long !== undefined) add(long, "");
    else if (/^-[^-]/.test(arg)) addLetters(arg.slice(1), add);
    else separated.push(arg);
  }
  return separated;
}

/** Adds `fSdebug` letter by letter: what follows one that takes an argument is the argument. */
function addLetters(letters: string, add: (option: Option, attached: string) => void): void {
  for (let i = 0; i < letters.length; i++) {
    const option = options.find(({ short }) => short === letters[i]);
    if (option === undefined) throw new OptionError(`Unknown option -${letters[i]}`);
    add(option, letters.slice(i + 1));
    if (option.argument !== undefined) return;
  }
}

/** Numbers are read as by atoi: leading digits, else 0. */
function lenientNumber(text: string): number {
  return Number(/^\s*[+-]?[0-9]+/.exec(text)?.[0] ?? 0);
}

function glType(word: string): LockType {
  if (word === "") return LockType.none;
  const served = ["dlm", "sanlock", "idm"];
  if (served.includes(word)) return LockType[word as "dlm" | "sanlock" | "idm"];
  throw new OptionError(
    `invalid gl-type option "${word}": this daemon serves ${served.join(", ")}`,
  );
}

function layout(word: string): InfoLayout {
  const found = infoLayouts.find((known) => known === word);
  if (found !== undefined) return found;
  throw new OptionError(`invalid info-layout option "${word}": ${infoLayouts.join(" or ")}`);
}

/** `host_id = N` in a file with `#` comments; 0 if there is none. */
export function readHostId(path: string): number {
  if (path === "") return 0;
  for (const line of Deno.readTextFileSync(path).split("\n")) {
    const match = /^\s*host_id\s*=\s*([0-9]+)/.exec(line);
    if (match !== null) return Number(match[1]);
  }
  return 0;
}
