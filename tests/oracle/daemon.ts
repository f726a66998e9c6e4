/**
 * Starts a daemon of either kind with private paths, in a network and mount namespace of its own
 * (the socket that listings are sent to has one fixed name for each network namespace), and ends it.
 *
 * @module
 */
import { close, connect } from "./libc.ts";

export interface DaemonKind {
  name: "stock" | "ours";
  /** Words of the command, to which the options are added. */
  command: string[];
  /** Which lock type provides the global lock; absent: whichever is used first. */
  globalLock?: "dlm" | "sanlock";
}

export interface Daemon {
  kind: DaemonKind;
  pid: number;
  socket: string;
  directory: string;
  child: Deno.ChildProcess;
}

/**
 * A stand-in for the device node of the sanlock VG that scripts use; then the daemon itself, which
 * is killed when this process ends in whatever way.
 */
const prelude = "mount -t tmpfs tmpfs /dev/mapper && : > /dev/mapper/base-lvmlock && " +
  'exec setpriv --pdeathsig KILL "$@"';

const running = new Set<Daemon>();

function options(kind: DaemonKind, directory: string): string[] {
  const globalLock = kind.globalLock === undefined ? [] : ["-g", kind.globalLock];
  const common = ["--test", ...globalLock, "--foreground"];
  const paths = ["-s", `${directory}/socket`, "-p", `${directory}/pid`];
  const adopt = ["--adopt-file", `${directory}/adopt`];
  const own = kind.name === "ours" ? ["--api-socket", `${directory}/api`] : [];
  return [...common, ...paths, ...adopt, ...own];
}

/** Starts a daemon and waits until its socket answers; throws if it ends first. */
export async function startDaemon(kind: DaemonKind): Promise<Daemon> {
  const directory = await Deno.makeTempDir({ prefix: "oracle-" });
  const log = await Deno.open(`${directory}/log`, { create: true, write: true });
  log.close();
  const words = [...kind.command, ...options(kind, directory)];
  const child = new Deno.Command("unshare", {
    args: ["-n", "-m", "sh", "-c", `${prelude} 2> ${directory}/log`, "sh", ...words],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const daemon = { kind, pid: child.pid, socket: `${directory}/socket`, directory, child };
  running.add(daemon);
  await untilListening(daemon);
  return daemon;
}

async function untilListening(daemon: Daemon): Promise<void> {
  let ended = false;
  daemon.child.status.then(() => ended = true);
  for (;;) {
    try {
      return close(connect(daemon.socket));
    } catch {
      if (!ended) await new Promise((resolve) => setTimeout(resolve, 3));
    }
    if (ended) {
      const log = await Deno.readTextFile(`${daemon.directory}/log`);
      await stopDaemon(daemon);
      throw new Error(`the ${daemon.kind.name} daemon did not start: ${log}`);
    }
  }
}

/** Ends a daemon and removes its files. */
export async function stopDaemon(daemon: Daemon): Promise<void> {
  if (!running.delete(daemon)) return;
  try {
    daemon.child.kill("SIGKILL");
  } catch {
    // It has ended by itself.
  }
  await daemon.child.status;
  await Deno.remove(daemon.directory, { recursive: true });
}
