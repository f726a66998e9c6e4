/**
 * Starts of VGs that cannot be: each is refused with the number that LVM knows, and with words that say
 * what to do. Nothing that was refused stays behind.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { until } from "../integration/daemon.ts";
import { problemOf } from "../integration/http_daemon.ts";
import { format4k } from "./daemon_format.ts";
import { Hosts, type LvmHost } from "./daemon_hosts.ts";
import { atTheSameTime } from "./daemon_scenes.ts";
import { HELD, resultOf, type SharedVg, type VgClient } from "./daemon_vg.ts";
import { MIB } from "./leases.ts";

const [EINVAL, EARGS, EHOSTID, EMANAGER, ELOCKREPAIR] = [-22, -212, -213, -214, -226];
const HOSTID_BUSY = -262;

interface Refusal {
  result: number;
  /** What the words say. */
  says: string;
  lockArgs?: string;
  hostId?: number;
}

/** Starts `vg` over both front ends; both are refused. */
async function refused(host: LvmHost, vg: SharedVg, refusal: Refusal): Promise<void> {
  const { result, says, lockArgs = vg.args, hostId } = refusal;
  const client = await vg.client(host.number);
  const fields = { vg_lock_args: lockArgs, host_id: hostId ?? 0 };
  assertEquals([says, await client.start(fields)], [says, result]);
  const json = {
    lockType: "sanlock" as const,
    lockArgs,
    wait: true,
    ...hostId === undefined ? {} : { hostId },
  };
  const call = { param: { vg: vg.name }, query: {}, json };
  const { start } = host.api.api.v1.lockspaces[":vg"];
  // The one that was refused is cleared away while we ask again.
  const ask = () => problemOf(start.$post(call));
  let problem = await ask();
  const other = async () => (problem = await ask()).code !== "EAGAIN";
  if (problem.code === "EAGAIN") await until("the failed start is cleared away", other);
  assertEquals([problem.result, problem.detail.includes(says)], [result, true], problem.detail);
}

async function wrongArgs(hosts: Hosts): Promise<void> {
  const vg = await hosts.vg("args");
  const client = await vg.client(1);
  assertEquals(resultOf(await client.initVg()), 0);
  const host = hosts.host(1);
  for (const lockArgs of ["3.0.0:lvmlock", "1.0.0", "1.0.0:", "x", "1.0.0:lvmlock:newer"]) {
    await refused(host, vg, { result: EARGS, says: "are not understood", lockArgs });
  }
  const options = { "2.0.0:lvmlock:persist": "persist", "2.0.0:lvmlock:notimeout": "notimeout" };
  for (const [lockArgs, option] of Object.entries(options)) {
    await refused(host, vg, { result: EARGS, says: `"${option}" needs sanlock 4.2`, lockArgs });
    const made = await client.initVg({ set_lock_args: option });
    assertEquals(resultOf(made), EARGS);
  }
  assertEquals(resultOf(await client.initVg({ set_lock_args: "caw" })), EARGS);
  assertEquals(resultOf(await client.initVg({ vg_lock_args: "none" })), EARGS);
  assertEquals(await client.start(), 0);
  assertEquals(await client.stop(), 0);
}

async function wrongHostIds(hosts: Hosts): Promise<void> {
  const vg = await hosts.vg("ids");
  const client = await vg.client(1);
  assertEquals(resultOf(await client.initVg()), 0);
  assertEquals(await client.start({ host_id: 2001 }), EHOSTID);
  const idless = hosts.host(3); // neither an option nor LVM says its host id
  await refused(idless, vg, { result: EHOSTID, says: "host id 0 is not one of 1 to 2000" });
  const other = await vg.client(3);
  await until("it can be started", async () => await other.start({ host_id: 2000 }) === 0);
  assertEquals(await other.lock("ex"), 0);
  assertEquals(await other.stop(), 0);
}

/** With 4 KiB sectors smaller leases have less room for hosts. */
async function hostIdsOfSmallLeases(hosts: Hosts): Promise<void> {
  const vg = await hosts.vg("small");
  await format4k(hosts.host(1), vg, 1, 0);
  const host = hosts.host(1);
  const says = "1 MiB leases have room for host ids up to 250";
  await refused(host, vg, { result: EHOSTID, says, hostId: 251 });
  const client = await vg.client(1);
  await until("it can be started", async () => await client.start({ host_id: 250 }) === 0);
  assertEquals(await client.stop(), 0);
}

async function wrongDevices(hosts: Hosts): Promise<void> {
  const host = hosts.host(1);
  const missing = await hosts.vg("missing");
  await Deno.remove(missing.path);
  await refused(host, missing, { result: EARGS, says: `there is no ${missing.path}` });
  const unformatted = await hosts.vg("unformatted");
  await refused(host, unformatted, { result: ELOCKREPAIR, says: "LEADER_MAGIC" });
  const corrupt = await hosts.vg("corrupt");
  const client = await corrupt.client(1);
  assertEquals(resultOf(await client.initVg()), 0);
  await overwrite(corrupt.path, 8);
  await refused(host, corrupt, { result: ELOCKREPAIR, says: "LEADER_CHECKSUM" });
  assertEquals(resultOf(await client.initVg()), 0);
  await overwrite(corrupt.path, 65 * MIB + 104);
  await refused(host, corrupt, { result: EARGS, says: "LEADER_CHECKSUM" });
  const foreign = await hosts.vg("foreign");
  await Deno.copyFile((await startable(hosts, "origin")).path, foreign.path);
  await refused(host, foreign, { result: EARGS, says: "LEADER_LOCKSPACE" });
}

/** A VG with leases. */
async function startable(hosts: Hosts, name: string): Promise<SharedVg> {
  const vg = await hosts.vg(name);
  const client = await vg.client(1);
  assertEquals(resultOf(await client.initVg()), 0);
  return vg;
}

async function overwrite(path: string, offset: number): Promise<void> {
  using file = await Deno.open(path, { write: true });
  await file.seek(offset, Deno.SeekMode.Start);
  await file.write(new Uint8Array(4).fill(0xa5));
}

async function wrongNames(hosts: Hosts): Promise<void> {
  const outside = `${hosts.devDir}/outside-lvmlock`;
  await Deno.writeFile(outside, new Uint8Array(0));
  await Deno.truncate(outside, 80 * MIB);
  const vg = await hosts.vg("named");
  const client = await vg.client(1);
  for (const vg_name of ["a b", "../outside", "a/b", "..", "a;b", "a\nb", "-vg", "a\tb", "é"]) {
    const about = { vg_name };
    const made = await client.initVg(about);
    assertEquals([vg_name, resultOf(made) < 0], [vg_name, true]);
    assertEquals([vg_name, await client.start(about)], [vg_name, EINVAL]);
    assertEquals([vg_name, await client.result("rename_vg_final", about) < 0], [vg_name, true]);
    assertEquals([vg_name, await client.initLv(1, about) < 0], [vg_name, true]);
  }
  for (const vg_lock_args of ["../outside", "a/b", "a b", "a:persist", "."]) {
    assertEquals(resultOf(await client.initVg({ vg_lock_args })) < 0, true, vg_lock_args);
  }
  const bytes = await Deno.readFile(outside);
  assertEquals(bytes.length, 80 * MIB);
  assertEquals(bytes.some((byte) => byte !== 0), false, "something outside was written");
}

/** Host 2 says that it is host 1, which is alive. */
async function sameHostId(hosts: Hosts): Promise<void> {
  const vg = await startable(hosts, "twice");
  const [a, b] = [await vg.client(1), await vg.client(2)];
  assertEquals(await a.start(), 0);
  // Waiting until host 1 were dead would take 70 s.
  await refused(hosts.host(2), vg, { result: HOSTID_BUSY, says: '"host1"', hostId: 1 });
  assertEquals(await a.lock("ex"), 0);
  await until("it can be started", async () => await b.start() === 0);
  assertEquals(await b.lock("ex", { max_retries: -1 }), HELD);
  assertEquals(await Promise.all([a.stop(), b.stop()]), [0, 0]);
}

/** The program that is run when leases are lost gets 126 characters of arguments. */
async function longKillCommand(hosts: Hosts): Promise<void> {
  const vg = await startable(hosts, "k".repeat(59));
  const host = hosts.host(4);
  await refused(host, vg, { result: EARGS, says: "is too long" });
}

Deno.test("starts that cannot be", async (t) => {
  await using hosts = await Hosts.start(2);
  await hosts.add({ number: 3, hostId: 0 });
  const place = `${hosts.devDir}/${"long".repeat(20)}`;
  await Deno.mkdir(place);
  await hosts.add({ number: 4, args: ["--state-dir", place] });
  await atTheSameTime(t, {
    "lock args that are not understood, options that sanlock is too old for": () =>
      wrongArgs(hosts),
    "host ids that no host can have": () => wrongHostIds(hosts),
    "host ids for which small leases have no room": () => hostIdsOfSmallLeases(hosts),
    "devices that are missing, not formatted, corrupt, or another VG's": () => wrongDevices(hosts),
    "names that no VG can have lead nowhere": () => wrongNames(hosts),
    "the host id of a host that is alive": () => sameHostId(hosts),
    "a command for lost leases that is too long": () => longKillCommand(hosts),
  });
  for (const host of hosts.all) {
    assertEquals((await host.sanlockTool("client", "status")).match(/^s /gm), null);
  }
});

/** Runs a program in which the library of sanlock is an empty file. */
const withoutLibrary = [
  "unshare",
  "--mount",
  "sh",
  "-c",
  'for lib in /usr/lib/*/libsanlock_client.so.1; do mount --bind /dev/null "$lib" || exit; done; ' +
  'exec "$@"',
  "sh",
];

Deno.test("without sanlock", async (t) => {
  await using hosts = await Hosts.start(1);
  const host = hosts.host(1);
  const vg = await startable(hosts, "lonely");
  const client: VgClient = await vg.client(1);
  const runs = async (on: VgClient) => (await on.ask("running_lm")).get("op_result");
  assertEquals(await runs(client), 3);

  await t.step("its daemon has ended, and comes back", async () => {
    await host.sanlock.kill();
    await refused(host, vg, { result: EMANAGER, says: "sanlock" });
    assertEquals(resultOf(await client.initVg()), EMANAGER);
    assertEquals(await runs(client), 2); // the embedded lock manager
    await host.startSanlock();
    assertEquals(await runs(client), 3);
    assertEquals(await client.start(), 0);
    assertEquals(await client.stop(), 0);
  });
  await t.step("its library is not installed", async () => {
    await host.daemon.kill();
    await host.startDaemon({ before: withoutLibrary });
    const next = await vg.client(1);
    await refused(host, vg, { result: EMANAGER, says: "libsanlock-client1" });
    assertEquals(resultOf(await next.initVg()), EMANAGER);
    assertEquals(await runs(next), 2);
    assertStringIncludes(host.daemon.errors.text, "libsanlock_client");
  });
});
