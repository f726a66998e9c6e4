/**
 * Leases that are lost while locks are held: their storage is gone, or the sanlock daemon is. The VG
 * gets no new locks, a command is run that makes its LVs safe, and when all is well again the VG can be
 * dropped and started anew.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { resultOf as answerOf } from "../../core/api/client.ts";
import { until } from "../integration/daemon.ts";
import { Hosts, type LvmHost } from "./daemon_hosts.ts";
import { atTheSameTime } from "./daemon_scenes.ts";
import { HELD, resultOf, type VgClient } from "./daemon_vg.ts";

const [ENOLS, EVGKILLED] = [-210, -217];

async function isKilled(host: LvmHost, vgName: string): Promise<boolean> {
  const { lockspaces } = await answerOf(host.api.api.v1.lockspaces.$get({ query: {} }));
  return lockspaces.some(({ vg, killed }) => vg === vgName && killed);
}

async function storageLost(hosts: Hosts): Promise<void> {
  const vg = await hosts.vg("lost");
  const other = await hosts.vg("kept");
  const [[a, b], [c, d]] = await Promise.all([vg.started(2), other.started(2)]);
  for (const lv of [1, 2, 3]) assertEquals(await a!.initLv(lv), 0);
  assertEquals(await c!.initLv(1), 0);
  const taken = [a!.lv(1, "ex"), b!.lv(2, "ex"), c!.lv(1, "ex")];
  assertEquals(await Promise.all(taken), [0, 0, 0]);
  const copy = `${hosts.devDir}/copy`;
  await Deno.copyFile(vg.path, copy);
  await Deno.truncate(vg.path, 0);
  // Host 1 has our own command. Where there is no device-mapper it can do no more than tell us.
  const refusals = [ENOLS, EVGKILLED];
  await until("our own command was run", async () => refusals.includes(await a!.lv(3, "ex")));
  // The daemon may notice the loss before the command tells it.
  const { errors } = hosts.host(1).daemon;
  await until("the command has told of it", () => errors.text.includes("lvm_lost kill_vg"));
  await until("the VG is dropped", async () => await a!.result("drop_vg") === ENOLS);
  // Host 2 has the administrator's, which tells the daemon nothing; sanlock gives no more locks.
  await until("the command of the administrator was run", () => hosts.host(2).kills.length > 0);
  assertEquals(await b!.lv(3, "ex") < 0, true);
  await endsNoOtherVg(hosts.host(2), d!);
  assertEquals(await b!.result("kill_vg"), 0);
  assertEquals([await b!.lv(3, "ex"), await b!.lock("sh")], [EVGKILLED, EVGKILLED]);
  assertEquals(await b!.stop(), -16);
  assertEquals(await b!.result("drop_vg"), 0);
  assertEquals(hosts.host(2).kills, ["--kill lost"]); // once
  assertEquals([await c!.lv(1, "sh"), await c!.lock("ex")], [0, 0]); // another VG goes on
  await Deno.copyFile(copy, vg.path);
  await Promise.all([startsAgain(a!), startsAgain(b!)]);
  // Both have joined anew, so that what they held before is free.
  assertEquals([await a!.lv(1, "ex"), await b!.lv(1, "ex")], [0, HELD]);
  assertEquals([await b!.lv(2, "ex"), await a!.lv(2, "ex")], [0, HELD]);
}

/** sanlock sends SIGTERM to a daemon whose leases it takes away, again and again. */
async function endsNoOtherVg({ daemon }: LvmHost, other: VgClient): Promise<void> {
  daemon.signal("SIGTERM");
  await until("the signal was noticed", () => daemon.errors.text.includes("ignore shutdown while"));
  assertEquals([await other.lock("sh"), await other.lock("un")], [0, 0]);
}

async function sanlockEnded(hosts: Hosts): Promise<void> {
  const vg = await hosts.vg("ended");
  const host = hosts.host(3);
  const [a, b] = [await vg.client(3), await vg.client(1)];
  assertEquals(resultOf(await a.initVg()), 0);
  assertEquals(await Promise.all([a.start(), b.start()]), [0, 0]);
  for (const lv of [1, 2]) assertEquals(await a.initLv(lv), 0);
  assertEquals(await a.lv(1, "ex"), 0);
  await host.sanlock.kill();
  await until("the loss was noticed", () => isKilled(host, "ended"));
  await until("the command was run", () => host.kills.length > 0);
  assertEquals(await a.lv(2, "ex"), EVGKILLED);
  // The host is not dead yet for others: who runs there may still write to the LV.
  assertEquals(await b.lv(1, "ex"), HELD);
  await host.startSanlock();
  assertEquals(await a.lv(2, "ex"), EVGKILLED);
  assertEquals(await a.result("drop_vg"), 0);
  await startsAgain(a);
  assertEquals(await a.lv(1, "ex"), 0);
  assertEquals(await b.lv(1, "ex"), HELD);
  assertEquals(host.kills, ["--kill ended"]);
  assertStringIncludes(host.daemon.errors.text, "the sanlock daemon is gone");
}

/** The lockspace of before is cleared away a moment after the reply. */
async function startsAgain(client: VgClient): Promise<void> {
  let result = 0;
  await until("the VG can be started", async () => (result = await client.start()) !== -11);
  assertEquals(result, 0);
}

/** Ends our own command, which goes on trying for a while to make devices safe. */
async function endKillCommands({ place }: LvmHost): Promise<void> {
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const [environment, words] = await Promise.all(
      ["environ", "cmdline"].map((file) =>
        Deno.readTextFile(`/proc/${name}/${file}`).catch(() => "")
      ),
    );
    const ours = environment!.split("\0").includes(`LVM_LVMLOCKD_SOCKET=${place.socket}`);
    if (!ours || !words!.includes("--make-safe")) continue;
    try {
      Deno.kill(Number(name), "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
}

Deno.test("leases that are lost", async (t) => {
  await using hosts = await Hosts.start(1);
  for (const number of [2, 3]) await hosts.add({ number, notesKills: true });
  await atTheSameTime(t, {
    "their storage is gone, and comes back": () => storageLost(hosts),
    "the sanlock daemon was killed, and comes back": () => sanlockEnded(hosts),
  });
  await endKillCommands(hosts.host(1));
});
