/**
 * sanlock 3.8.5 keeps the lock of a dead process at times, if that died while a conversion ended. The
 * lock is safe from other hosts, but only the end of sanlock frees it.
 *
 * @module
 */
import type { StartOptions } from "../integration/daemon.ts";
import type { LvmHost } from "../sanlock/daemon_hosts.ts";

/** Does sanlock hold locks for a process that is not the daemon, without making orphans of them? */
export async function hasGhosts(host: LvmHost): Promise<boolean> {
  const status = await host.sanlockTool("client", "status");
  const owners = [...status.matchAll(/^r .* p (-?\d+)$/gm)].map(([, pid]) => Number(pid));
  return owners.some((pid) => pid !== host.daemon.pid);
}

/** As if the host crashed and came back at once: it has no lock, and has to start its VGs. */
export async function startHostAnew(host: LvmHost, options: StartOptions = {}): Promise<void> {
  await Promise.all([host.sanlock.kill(), host.daemon.kill()]);
  await host.startSanlock();
  await host.startDaemon(options);
}
