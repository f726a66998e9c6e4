/**
 * The options of stock lvmlockctl, those of ours beside them, and which one of the requested
 * actions is run.
 *
 * @module
 */
import { type FoundOption, getopt, type OptionSpec } from "./getopt.ts";

/** Everything a command line of the stock kind can say. */
export interface StockOptions {
  help: boolean;
  quit: boolean;
  info: boolean;
  dump: boolean;
  kill: boolean;
  drop: boolean;
  glEnable: boolean;
  glDisable: boolean;
  stopLockspaces: boolean;
  setRemoteLvLock: boolean;
  /** With kill: where no kill command is configured, see to it that the VG's LVs write no more. */
  makeSafe: boolean;
  /** Kill and drop messages go to standard error instead of syslog. */
  stderr: boolean;
  wait: boolean;
  force: boolean;
  /** One for all options that name a VG: the last one counts. */
  vgName: string;
  lvUuid: string;
  lockMode: string;
  socketPath: string;
  /** Limit for the whole run in milliseconds; undefined where none was given. */
  deadlineMs: number | undefined;
}

/** The action that is run; `none` connects and does nothing. */
export type StockAction =
  | "kill"
  | "quit"
  | "info"
  | "dump"
  | "drop"
  | "glEnable"
  | "glDisable"
  | "stopLockspaces"
  | "setRemoteLvLock"
  | "none";

export interface StockCommandLine {
  options: StockOptions;
  words: string[];
  mistake?: string;
}

const specs: readonly OptionSpec[] = [
  { long: "help", short: "h" },
  { long: "quit", short: "q" },
  { long: "info", short: "i" },
  { long: "dump", short: "d" },
  { long: "wait", short: "w", argument: true },
  { long: "force", short: "f", argument: true },
  { long: "kill", short: "k", argument: true },
  { long: "drop", short: "r", argument: true },
  { long: "gl-enable", short: "E", argument: true },
  { long: "gl-disable", short: "D", argument: true },
  { long: "stop-lockspaces", short: "S" },
  { long: "stderr", short: "e" },
  { long: "set-remote-lv-lock", argument: true },
  { long: "lv-uuid", argument: true },
  { long: "lock-mode", argument: true },
  { long: "make-safe", wholeName: true },
  { long: "socket-path", argument: true, wholeName: true },
  { long: "deadline", argument: true, wholeName: true },
];

const defaults: StockOptions = {
  help: false,
  quit: false,
  info: false,
  dump: false,
  kill: false,
  drop: false,
  glEnable: false,
  glDisable: false,
  stopLockspaces: false,
  setRemoteLvLock: false,
  makeSafe: false,
  stderr: false,
  wait: true,
  force: false,
  vgName: "",
  lvUuid: "",
  lockMode: "",
  socketPath: "",
  deadlineMs: undefined,
};

/** What each option sets. Those that name a VG are in {@link vgActions}. */
const setters: Record<string, (options: StockOptions, value: string) => void> = {
  help: (options) => options.help = true,
  quit: (options) => options.quit = true,
  info: (options) => options.info = true,
  dump: (options) => options.dump = true,
  "stop-lockspaces": (options) => options.stopLockspaces = true,
  stderr: (options) => options.stderr = true,
  "make-safe": (options) => options.makeSafe = true,
  wait: (options, value) => options.wait = atoi(value) !== 0,
  force: (options, value) => options.force = atoi(value) !== 0,
  "lv-uuid": (options, value) => options.lvUuid = value,
  "lock-mode": (options, value) => options.lockMode = value,
  "socket-path": (options, value) => options.socketPath = value,
  deadline: (options, value) => options.deadlineMs = parseSeconds(value),
};

const vgActions = {
  kill: "kill",
  drop: "drop",
  "gl-enable": "glEnable",
  "gl-disable": "glDisable",
  "set-remote-lv-lock": "setRemoteLvLock",
} as const;

/** C's `atoi`: the number at the start of `text`, 0 where there is none. */
function atoi(text: string): number {
  return Number(/^\s*([+-]?\d+)/.exec(text)?.[1] ?? 0);
}

/**
 * Seconds of a `--deadline`, fractions allowed, as milliseconds.
 *
 * @throws {RangeError} if it is no number above 0 and up to 10 million.
 */
export function parseSeconds(text: string): number {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (seconds > 0 && seconds <= 1e7) return seconds * 1000;
  throw new RangeError(`'${text}' is not a number of seconds above 0`);
}

/** Reads a command line of the stock kind. As with stock, nothing after `--help` is looked at. */
export function parseStockOptions(args: string[]): StockCommandLine {
  const { options: found, words, mistake } = getopt(args, specs);
  const options = { ...defaults };
  for (const option of found) {
    try {
      apply(options, option);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return { options, words, mistake: `option '--${option.long}': ${error.message}` };
    }
    if (options.help) return { options, words };
  }
  if (mistake === undefined && options.makeSafe && !options.kill) {
    return { options, words, mistake: "option '--make-safe' is for --kill only" };
  }
  return mistake === undefined ? { options, words } : { options, words, mistake };
}

function apply(options: StockOptions, { long, value }: FoundOption): void {
  if (long in vgActions) {
    options[vgActions[long as keyof typeof vgActions]] = true;
    options.vgName = value;
  } else {
    setters[long]!(options, value);
  }
}

const priority = [
  "kill",
  "quit",
  "info",
  "dump",
  "drop",
  "glEnable",
  "glDisable",
  "stopLockspaces",
  "setRemoteLvLock",
] as const;

/** The one action that is run, whatever the order on the command line. */
export function pickAction(options: StockOptions): StockAction {
  return priority.find((action) => options[action]) ?? "none";
}
