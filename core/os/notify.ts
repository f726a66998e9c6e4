/**
 * Tells the service manager how the daemon is (sd_notify(3)): ready, its state in words, that it is
 * alive, that it ends. Without a service manager nothing happens.
 *
 * @module
 */
import { sendDatagram } from "./datagram_out.ts";

/** What the service manager may be told. */
export interface ServiceManager {
  /** The daemon serves. `status` is one line. */
  ready(status: string): void;
  status(text: string): void;
  /** Still alive; to be told at least every {@link watchdogMs}. */
  alive(): void;
  /** The daemon ends. */
  stopping(status: string): void;
  /** Is there a service manager? */
  readonly listens: boolean;
  /** In which time it wants to hear that the daemon is alive, milliseconds; 0 if it does not ask. */
  readonly watchdogMs: number;
}

/**
 * The service manager of this process. The programs that this one runs get no word of it: they could
 * speak in our name.
 */
export function serviceManager(): ServiceManager {
  const { NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID } = Deno.env.toObject();
  for (const name of ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]) Deno.env.delete(name);
  const tell = (...lines: string[]) => {
    if (NOTIFY_SOCKET) sendDatagram(NOTIFY_SOCKET, new TextEncoder().encode(lines.join("\n")));
  };
  const forUs = WATCHDOG_PID === undefined || WATCHDOG_PID === String(Deno.pid);
  return {
    ready: (status) => tell("READY=1", `MAINPID=${Deno.pid}`, `STATUS=${oneLine(status)}`),
    status: (text) => tell(`STATUS=${oneLine(text)}`),
    alive: () => tell("WATCHDOG=1"),
    stopping: (status) => tell("STOPPING=1", `STATUS=${oneLine(status)}`),
    listens: Boolean(NOTIFY_SOCKET),
    watchdogMs: NOTIFY_SOCKET && forUs ? milliseconds(WATCHDOG_USEC) : 0,
  };
}

/** A line end would begin another assignment. */
const oneLine = (text: string) => text.replace(/\s+/g, " ");

function milliseconds(microseconds = ""): number {
  return /^\d+$/.test(microseconds) ? Number(microseconds) / 1000 : 0;
}

/**
 * Does standard error lead to the journal? Then what is written there may begin with a priority,
 * `<0>` to `<7>`, and would be there twice if it went to syslog too.
 */
export function stderrIsJournal(): boolean {
  const [device, inode] = (Deno.env.get("JOURNAL_STREAM") ?? "").split(":").map(Number);
  if (!inode) return false;
  try {
    const { dev, ino } = Deno.statSync("/proc/self/fd/2");
    return dev === device && ino === inode;
  } catch {
    return false;
  }
}
