/**
 * How the daemon ends: by signals and by request, and when it does not because locks are held.
 */
import { assertEquals } from "@std/assert";
import { vgFields } from "./conversation.ts";
import { CLUSTER, type DaemonProcess, exists, Place, until } from "./daemon.ts";
import { VG } from "./target.ts";
import { helloReply, message, Wire } from "./wire.ts";

const LV = "abcdef-0123-4567-89ab-cdef-0123-456789";

/** It ends well and takes its files with it. */
async function endsWell(place: Place, daemon: DaemonProcess): Promise<void> {
  assertEquals((await daemon.ended()).code, 0);
  assertEquals(place.remains(), []);
}

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`${signal} ends a daemon without lockspaces, idle clients or not`, async () => {
    await using place = await Place.open("embedded");
    const daemon = await place.start();
    using _idle = await place.connect();
    daemon.signal(signal);
    await endsWell(place, daemon);
  });

  Deno.test(`${signal} stops idle lockspaces and ends at once`, async () => {
    await using place = await Place.open("embedded");
    const daemon = await place.start();
    {
      using client = await place.connect();
      await client.startVg(VG);
      assertEquals(await client.lockLv(VG, LV, "ex"), 0);
      assertEquals(await client.lockLv(VG, LV, "un"), 0);
    }
    daemon.signal(signal);
    await endsWell(place, daemon);
    await place.start();
    using client = await place.connect();
    assertEquals(await client.lvMode(VG, LV), "iv");
  });

  Deno.test(`${signal} is put off while an LV is locked`, async () => {
    await using place = await Place.open("embedded");
    const daemon = await place.start();
    using client = await place.connect();
    await client.startVg(VG);
    await client.startVg("vg1");
    assertEquals(await client.lockLv(VG, LV, "ex"), 0);
    daemon.signal(signal);
    await daemon.errors.line(/^ignore shutdown for 1 lockspaces/);
    assertEquals(await client.lvMode(VG, LV), "ex");
    assertEquals(await client.lvMode("vg1", LV), "iv");
    assertEquals(await client.lockLv(VG, LV, "un"), 0);
    daemon.signal(signal);
    await endsWell(place, daemon);
  });
}

Deno.test("SIGTERM is put off while a command holds a VG lock", async () => {
  await using place = await Place.open("embedded");
  const daemon = await place.start();
  {
    using client = await place.connect();
    await client.startVg(VG);
    assertEquals(await client.lockVg(VG, "sh"), 0);
    daemon.signal("SIGTERM");
    await daemon.errors.line(/^ignore shutdown for 1 lockspaces/);
    assertEquals(await client.lockVg(VG, "un"), 0);
  }
  daemon.signal("SIGTERM");
  await endsWell(place, daemon);
});

Deno.test("SIGHUP, SIGQUIT, SIGALRM and SIGPIPE are of no effect", async () => {
  await using place = await Place.open("embedded");
  const daemon = await place.start();
  using client = await place.connect();
  await client.startVg(VG);
  for (const signal of ["SIGHUP", "SIGQUIT", "SIGALRM", "SIGPIPE"] as const) {
    daemon.signal(signal);
    assertEquals(await client.lockVg(VG, "ex"), 0);
    assertEquals(await client.lockVg(VG, "un"), 0);
  }
  daemon.signal("SIGTERM");
  await endsWell(place, daemon);
});

Deno.test("SIGTERM in the middle of a start ends it as soon as it is complete", async () => {
  await using place = await Place.open("embedded");
  for (let i = 0; i < 3; i++) {
    const daemon = place.spawn();
    await until("the pid file is there", () => exists(place.pidFile));
    daemon.signal("SIGTERM");
    await endsWell(place, daemon);
  }
});

Deno.test("quit is refused while there is a lockspace, then obeyed", async () => {
  await using place = await Place.open("embedded");
  const daemon = await place.start();
  using client = await place.connect();
  using other = await Wire.open(place.socket);
  assertEquals(await other.ask(message("hello")), helloReply);
  await client.startVg(VG);
  assertEquals(await client.result("quit"), -16);
  assertEquals(await client.result("stop_vg", vgFields(VG, "none")), 0);
  assertEquals(await client.result("stop_all", { opts: "wait " }), 0);
  assertEquals(await client.result("quit"), 0);
  await endsWell(place, daemon);
  assertEquals(await other.rest(), "");
});

Deno.test("quit leaves nothing for the next one", async () => {
  await using place = await Place.open("embedded");
  const first = await place.start();
  {
    using client = await place.connect();
    await client.startVg(VG);
    assertEquals(await client.lockLv(VG, LV, "ex"), 0);
    assertEquals(await client.result("stop_vg", vgFields(VG, "none")), -16);
    assertEquals(await client.result("stop_all", { opts: "force wait " }), 0);
    assertEquals(await client.result("quit"), 0);
  }
  await endsWell(place, first);
  await place.start();
  using client = await place.connect();
  const start = { ...vgFields(VG, `1.0.0:${CLUSTER}`), opts: "none" };
  assertEquals(await client.result("start_vg", start), 0);
  assertEquals(await client.result("start_wait"), 0);
  assertEquals(await client.lvMode(VG, LV), "un");
});
