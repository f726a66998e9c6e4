/**
 * The global lock, which is on all SCSI drives of a host that have a partition named propeller: how the
 * drives are found, anew with each start, and what becomes of hosts where there are none.
 *
 * @module
 */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { until } from "../integration/daemon.ts";
import { addDisk, type IdmHost, IdmHosts } from "./daemon_hosts.ts";
import { HELD, resultOf, type VgClient } from "./daemon_vg.ts";
import { EX } from "./driver.ts";

const [EIO_OR_NONE, ELOCKIO] = [-210, -218];

/** The drives on which a host has asked for the global lock last. */
function drivesAsked({ ilm }: IdmHost): string {
  const calls = ilm.calls.filter((line) =>
    line.includes(" ilm_lock ") && line.includes(`id=${"0".repeat(128)} `)
  );
  return / drives=(\S*) /.exec(calls.at(-1) ?? "")?.[1] ?? "never";
}

/** Both hosts have the global lock in turns, never at the same time. */
async function bothUseIt(a: VgClient, b: VgClient): Promise<void> {
  for (const [one, other] of [[a, b], [b, a]] as const) {
    assertEquals(await one.gl("ex"), 0);
    assertEquals([await other.gl("sh"), await other.gl("ex")], [HELD, HELD]);
    assertEquals(await one.gl("un"), 0);
  }
  assertEquals(await Promise.all([a.gl("sh"), b.gl("sh")]), [0, 0]);
  assertEquals(await Promise.all([a.gl("un"), b.gl("un")]), [0, 0]);
}

async function remove(hosts: IdmHosts, ...addresses: string[]): Promise<void> {
  for (const address of addresses) {
    await Deno.remove(`${hosts.sysfs}/bus/scsi/devices/${address}`, { recursive: true });
  }
}

async function withoutDrives(
  t: Deno.TestContext,
  hosts: IdmHosts,
  a: VgClient,
  b: VgClient,
): Promise<void> {
  await t.step("cannot be had without drives, and VGs can", async () => {
    assertEquals([await a.stop(), await b.stop()], [0, 0]);
    await remove(hosts, "0:0:0:0", "1:0:0:0", "10:0:0:0");
    await until("it starts", async () => await a.start() === 0);
    const refused = async () => {
      const reply = await a.ask("lock_gl", { mode: "ex", opts: "none" });
      return resultOf(reply) === ELOCKIO;
    };
    await until("it is refused", refused);
    assertStringIncludes(hosts.host(1).daemon.errors.text, "a partition named propeller");
    assertEquals([await a.lv(1, "ex"), await a.lv(1, "un")], [0, 0]);
    assertEquals(await a.stop(), 0);
  });

  await t.step("is refused where SCSI devices cannot be listed", async () => {
    await Deno.remove(`${hosts.sysfs}/bus/scsi`, { recursive: true });
    await until("it starts", async () => await b.start() === 0);
    await until("it is refused", async () => await b.gl("ex") === EIO_OR_NONE);
    assertMatch(hosts.host(2).daemon.errors.text, /SCSI devices in \/sys\S* cannot be listed/);
    assertEquals([await b.lv(1, "ex"), await b.lv(1, "un")], [0, 0]);
  });

  await t.step("is there when the drives are", async () => {
    for (const [i, drive] of ["sda", "sdb", "sdc"].entries()) {
      await addDisk(hosts.sysfs, `${i}:0:0:0`, drive);
    }
    await until("both have it", async () => await a.gl("ex") === 0 && await a.gl("un") === 0);
    await until("both have it", async () => await b.gl("ex") === 0 && await b.gl("un") === 0);
    await bothUseIt(a, b);
  });
}

Deno.test("the global lock", async (t) => {
  await using hosts = await IdmHosts.start({ args: ["-g", "idm"] });
  await addDisk(hosts.sysfs, "3:0:0:0", "sdd", "Propeller");
  await Deno.mkdir(`${hosts.sysfs}/bus/scsi/devices/host0`);
  const vg = hosts.vg("vg");
  const [a, b] = [await vg.client(1), await vg.client(2)];

  await t.step("is there before any VG is", async () => {
    await bothUseIt(a, b);
    for (const host of hosts.all) assertEquals(drivesAsked(host), "/dev/sda,/dev/sdb,/dev/sdc");
    assertEquals(await a.gl("ex"), 0);
    assertEquals(hosts.world.mutex("sdb", "")?.mode, EX);
    assertEquals(await a.gl("un"), 0);
  });

  await t.step("says when it was used, as VGs do", async () => {
    const time = () => hosts.world.mutex("sda", "")!.value;
    assertEquals([await a.gl("ex"), await a.gl("un")], [0, 0]);
    const first = time();
    assertEquals([await b.gl("sh"), await b.gl("un")], [0, 0]);
    assertEquals(time(), first);
    assertEquals([await b.gl("ex"), await b.gl("un")], [0, 0]);
    assertEquals(time() > first, true);
  });

  await t.step("is started again, on the drives that there are then", async () => {
    assertEquals([await a.start(), await b.start()], [0, 0]);
    await bothUseIt(a, b);
    assertEquals([await a.stop(), await b.stop()], [0, 0]);
    await remove(hosts, "2:0:0:0");
    await addDisk(hosts.sysfs, "10:0:0:0", "sde");
    await Deno.writeFile(hosts.world.drivePath("sde"), new Uint8Array());
    for (const client of [a, b]) {
      await until("it starts", async () => await client.start() === 0);
    }
    await until("it is there", async () => await a.gl("ex") === 0);
    assertEquals(drivesAsked(hosts.host(1)), "/dev/sda,/dev/sdb,/dev/sde");
    assertEquals(await a.gl("un"), 0);
    await bothUseIt(a, b);
  });

  await withoutDrives(t, hosts, a, b);
});
