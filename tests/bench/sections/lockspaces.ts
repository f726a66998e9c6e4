/**
 * A thousand lockspaces: started, locked once each, stopped, with their memory.
 *
 * @module
 */
import { Daemon, type DaemonName } from "../daemons.ts";
import { NativeConnection } from "../native.ts";
import { columns, mib, type Section, type SectionOptions, whole } from "./names.ts";

const COUNT = 1000;
const names: readonly DaemonName[] = ["stock", "test", "durable"];

interface Times {
  startMs: number;
  lockMs: number;
  stopMs: number;
  /** Resident memory before, with all of them, and after their end, KiB. */
  rssKib: [number, number, number];
}

export async function lockspaces({ site, tell }: SectionOptions): Promise<Section> {
  const figures: Partial<Record<DaemonName, Times>> = {};
  for (const name of names) {
    tell(`${COUNT} lockspaces, ${name}`);
    await using daemon = await Daemon.start(name, site);
    figures[name] = await measure(daemon);
  }
  const rows = Object.entries(figures).map(([name, { startMs, lockMs, stopMs, rssKib }]) => [
    name,
    ...[startMs, lockMs, stopMs].map(whole),
    ...rssKib.map(mib),
  ]);
  return {
    title:
      `${whole(COUNT)} lockspaces: one client starts them, takes and releases the VG lock of ` +
      "each, stops all; milliseconds, MiB",
    lines: columns([["", "start", "lock+unlock", "stop", "before", "with", "after"], ...rows]),
    figures,
  };
}

async function measure(daemon: Daemon): Promise<Times> {
  using connection = await NativeConnection.open(daemon.socket);
  const before = daemon.usage().rssKib;
  const vgs = Array.from({ length: COUNT }, (_, n) => ({
    pid: Deno.pid,
    vg_name: `many${n}`,
    vg_lock_type: "dlm",
    vg_lock_args: daemon.vgArgs,
  }));
  const begun = performance.now();
  for (const [n, vg] of vgs.entries()) {
    const vg_uuid = `manyLS-0000-0000-0000-0000-0000-${String(n).padStart(6, "0")}`;
    const more = { vg_uuid, version: 1, host_id: 0, opts: "none" };
    await connection.request({ request: "start_vg", ...vg, ...more });
  }
  await connection.request({ request: "start_wait", pid: Deno.pid });
  const started = performance.now();
  for (const vg of vgs) {
    for (const mode of ["ex", "un"]) {
      await connection.request({ request: "lock_vg", ...vg, mode, opts: "none" });
    }
  }
  const locked = performance.now();
  const during = daemon.usage().rssKib;
  for (const vg of vgs) await connection.request({ request: "stop_vg", ...vg, opts: "none" });
  const stopped = performance.now();
  return {
    startMs: started - begun,
    lockMs: locked - started,
    stopMs: stopped - locked,
    rssKib: [before, during, daemon.usage().rssKib],
  };
}
