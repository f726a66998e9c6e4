/**
 * The daemon's log: LogTape loggers that write to the in-memory ring always, to stderr and syslog as
 * asked. `trace` is for the two lines that every request leaves; it goes to the ring (and to stderr
 * with `-D`) without the cost of a log record or a text.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { configureSync, getLogger, type LogLevel, type LogRecord } from "@logtape/logtape";
import { LogRing, type MakeLine, type Numbers, type Texts } from "./log_ring.ts";
import { inSlices } from "./os/slices.ts";

/** Lines kept: those of 10,000 requests. As text they would be 1 to 1.7 MB. */
const LINES = 20_000;
/** Text that is shown. It and its reply must stay below the 1 MiB buffer of the 2.03.16 lvmlockctl. */
const MOST_BYTES = 1024 * 1024 - 4096;
/** Lines made before the clock is looked at. */
const LINES_A_LOOK = 64;

const ROOT = "lvmlockd";
const ring = new LogRing(LINES);
let toStderr = false;
let inJournal = false;

/** Priorities of syslog(3) by name, as `--syslog-priority` takes them. */
export const syslogPriorities: Readonly<Record<string, number>> = {
  emerg: 0,
  alert: 1,
  crit: 2,
  err: 3,
  error: 3,
  warning: 4,
  warn: 4,
  notice: 5,
  info: 6,
  debug: 7,
};

const priorityOf: Readonly<Record<LogLevel, number>> = {
  trace: 7,
  debug: 7,
  info: 6,
  warning: 4,
  error: 3,
  fatal: 2,
};

export interface LogOptions {
  /** Everything on stderr (`-D`). */
  debug: boolean;
  /** Lines from level info on, on stderr (`--foreground`). */
  foreground: boolean;
  /** Standard error is the journal: lines have priorities, and nothing goes to syslog as well. */
  journal?: boolean;
  /** Lowest priority (greatest number) that goes to syslog. */
  syslogPriority: number;
  syslog?: (priority: number, text: string) => void;
}

/** The journal takes each line for a message of its own. */
function toErr(priority: number, text: string): void {
  console.error(inJournal ? text.replace(/^/gm, `<${priority}>`) : text);
}

const textOf = (record: LogRecord) => record.message.map(String).join("");

/** Sets the log up. May be called again, for tests. */
export function configureLog(options: LogOptions): void {
  toStderr = options.debug;
  inJournal = options.journal === true;
  const leastOnStderr = inJournal ? Math.max(6, options.syslogPriority) : 6;
  const sink = (record: LogRecord) => {
    const text = textOf(record);
    const priority = priorityOf[record.level];
    ring.add(text);
    if (options.debug || (options.foreground && priority <= leastOnStderr)) toErr(priority, text);
    if (!inJournal && priority <= options.syslogPriority) options.syslog?.(priority, text);
  };
  configureSync({
    reset: true,
    sinks: { all: sink },
    loggers: [
      { category: ROOT, sinks: ["all"], lowestLevel: "debug" },
      { category: ["logtape", "meta"], sinks: [], lowestLevel: "error" },
    ],
  });
}

/** A logger for one part of the daemon. Messages are plain text, not templates. */
export function logger(part: string) {
  const inner = getLogger([ROOT, part]);
  return {
    debug: (text: string) => inner.debug("{text}", { text }),
    info: (text: string) => inner.info("{text}", { text }),
    warn: (text: string) => inner.warn("{text}", { text }),
    error: (text: string) => inner.error("{text}", { text }),
  };
}

/** One line about one request: `make` makes it of texts and numbers, but only when it is read. */
export function trace(make: MakeLine, texts: Texts, numbers: Numbers): void {
  ring.addLine(make, texts, numbers);
  if (toStderr) toErr(priorityOf.trace, make(texts, numbers));
}

let making: Promise<Buffer<ArrayBuffer>> | undefined;
let next: Promise<Buffer<ArrayBuffer>> | undefined;

/**
 * The newest lines, as many as fit, oldest first. The event loop runs while they are made, once for all
 * who ask while they are made for somebody else. Nobody writes to them.
 */
export function logText(): Promise<Buffer<ArrayBuffer>> {
  if (making === undefined) return making = makeText().finally(() => making = undefined);
  return next ??= making.then(() => {
    next = undefined;
    return logText();
  });
}

async function makeText(): Promise<Buffer<ArrayBuffer>> {
  const lines: string[] = [];
  let room = MOST_BYTES;
  await inSlices(ring.newestFirst(), LINES_A_LOOK, (line) => {
    room -= line.length;
    if (room >= 0) lines.push(line);
  });
  return Buffer.from(lines.reverse().join(""), "latin1");
}
