/**
 * `lvmlockd`, and as `lvmlockd ctl …` or under the name `lvmlockctl` its control tool.
 *
 * @module
 */
import { basename, resolve } from "node:path";
import type { Daemon } from "./core/daemon.ts";
import { inBackground, reportReady, startInBackground } from "./core/daemonize.ts";
import { configureLog } from "./core/log.ts";
import { type DaemonOptions, OptionError, parseOptions, usage } from "./core/options.ts";
import { stderrIsJournal } from "./core/os/notify.ts";
import { cleanEnvironment } from "./core/os/environment.ts";
import { PidFileError } from "./core/os/pid_file.ts";
import { raiseFileLimit, setProcessName } from "./core/os/process.ts";
import { openSyslog } from "./core/os/syslog.ts";
import { buildWay, calledAs, installedCommand, ourselves, versionText } from "./core/program.ts";

/** Exit status when another instance holds the pid file, as of the stock daemon. */
const ALREADY_RUNNING = 13;
/** Priority of syslog(3). */
const LOG_ERR = 3;

async function main(args: string[]): Promise<number | undefined> {
  const name = basename(calledAs());
  const isCtl = args[0] === "ctl" || name === "lvmlockctl";
  if (buildWay === "launcher") cleanEnvironment();
  if (isCtl) {
    const { runCtl } = await import("./ctl/main.ts");
    return await runCtl(args[0] === "ctl" ? args.slice(1) : args);
  }
  return await runDaemon(args);
}

/** Returns the exit status, or undefined while the daemon serves. */
async function runDaemon(args: string[]): Promise<number | undefined> {
  let options: DaemonOptions;
  try {
    options = absolute(parseOptions(args, (variable) => Deno.env.get(variable)));
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    console.error(`lvmlockd: ${error.message}`);
    console.log(usage());
    return 1;
  }
  if (options.help) {
    console.log(usage());
    return 0;
  }
  if (options.version) {
    console.log(versionText());
    return 0;
  }
  const background = inBackground();
  if (!background && !options.foreground && !options.debug) {
    return await startInBackground(ourselves(import.meta.url), args);
  }
  return await serve(options, background);
}

/** The same with paths that hold when the daemon has left this directory. */
function absolute(options: DaemonOptions): DaemonOptions {
  return {
    ...options,
    pidFile: resolve(options.pidFile),
    socketPath: resolve(options.socketPath),
    apiSocket: resolve(options.apiSocket),
    adoptFile: resolve(options.adoptFile),
    hostIdFile: options.hostIdFile && resolve(options.hostIdFile),
    stateDir: resolve(options.stateDir),
  };
}

async function serve(options: DaemonOptions, background: boolean): Promise<number | undefined> {
  setProcessName("lvmlockd");
  raiseFileLimit();
  const syslog = openSyslog("lvmlockd");
  configureLog({
    debug: options.debug,
    foreground: !background,
    journal: stderrIsJournal(),
    syslogPriority: options.syslogPriority,
    syslog,
  });
  // Only when signals are handled may there be files that the end would have to remove.
  const started = Promise.withResolvers<Daemon>();
  handleSignals(started.promise, background);
  try {
    // Only who serves needs all of it: the control tool and the starter come up faster without.
    const { Daemon } = await import("./core/daemon.ts");
    const program = installedCommand(import.meta.url);
    started.resolve(await Daemon.start(options, program, (status) => Deno.exit(status)));
    if (background) reportReady();
    return undefined;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    console.error(`lvmlockd: ${text}`);
    syslog(LOG_ERR, text);
    return error instanceof PidFileError ? ALREADY_RUNNING : 1;
  }
}

/**
 * SIGTERM ends the daemon when no lock is held; so does Ctrl-C on a daemon in the foreground. SIGUSR2
 * ends it with its locks, for the next daemon.
 */
function handleSignals(starting: Promise<Daemon>, background: boolean): void {
  // A signal that comes while the daemon starts is obeyed when it has; a failed start ends anyway.
  const terminate = () => void starting.then((daemon) => daemon.terminate());
  Deno.addSignalListener("SIGTERM", terminate);
  Deno.addSignalListener("SIGINT", () => {
    if (!background) terminate();
  });
  Deno.addSignalListener("SIGUSR2", () => void starting.then((daemon) => daemon.handOver()));
  for (const signal of ["SIGHUP", "SIGQUIT", "SIGALRM"] as const) {
    Deno.addSignalListener(signal, () => {});
  }
}

// No `await`: a bundle that is no module has none at its top level.
if (import.meta.main || buildWay !== "source") {
  void main(Deno.args).then((status) => {
    if (status !== undefined) Deno.exit(status);
  });
}
