/**
 * The library while its sanlock daemon hangs, ends and comes back. The process that makes the calls
 * goes on in every case.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { RestrictFlag } from "../../backends/sanlock/constants.ts";
import { until } from "../integration/daemon.ts";
import { Cluster } from "./cluster.ts";
import { SanlockDaemon } from "./daemon.ts";

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

Deno.test("a daemon that hangs, as with a disk that hangs, does not stop this process", async () => {
  await using cluster = await Cluster.start(1);
  const { client, extras, connect } = cluster.host(0);
  const { leases, daemons: [daemon] } = cluster as Cluster & { daemons: [SanlockDaemon] };
  await leases.format(client, [1]);
  const connections = await Promise.all(numbers(8).map(connect));
  daemon.stop();
  const calls = [
    ...numbers(12).map((i) =>
      client.addLockspace({ ...leases.host(1), name: `lvm_${i}`, path: `/none${i}` }, 0, 1)
    ),
    ...numbers(40).map((i) => client.align(`/none${i}`)),
    ...numbers(8).map(() => client.readResource(leases.at(1)).then(({ result }) => result)),
    ...connections.flatMap((one) => numbers(3).map(() => one.restrict(RestrictFlag.sigkill))),
    ...numbers(10).map(() => client.version().then(({ result }) => result)),
  ];
  let answered = 0;
  for (const call of calls) call.then(() => answered++);
  // More calls than the runtime has threads: it still turns, and has threads for files.
  let read = "";
  extras.readFile("/proc/self/status").then((text) => read = text);
  await until("a file is read", () => read.includes("Threads:"));
  assertEquals(answered, 0);
  daemon.proceed();
  assertEquals(await Promise.all(calls), [
    ...Array(12 + 40).fill(-19),
    ...Array(8 + 3 * 8 + 10).fill(0),
  ]);
});

Deno.test("a daemon that ends under its calls, and the next one", async (t) => {
  await using cluster = await Cluster.start(1);
  const { client, extras, connect } = cluster.host(0);
  const { leases, daemons: [daemon] } = cluster as Cluster & { daemons: [SanlockDaemon] };
  await extras.resetSigpipe(); // the library has to see to that itself
  await leases.format(client, [1]);
  const [idle, busy] = [await connect(), await connect()];
  assertEquals(await idle.restrict(RestrictFlag.sigkill), 0);
  assertEquals(await busy.restrict(RestrictFlag.sigkill), 0);

  await t.step("calls under way end with an error", async () => {
    daemon.stop();
    const calls = [
      busy.acquire(leases.ex(1), 8),
      busy.release(leases.ex(1), 0),
      client.readResource(leases.at(1)).then(({ result }) => result),
      client.getHosts("lvm_vg", 0).then(({ result }) => result),
    ];
    assertEquals(await extras.ping(), "pong");
    await daemon.kill();
    const results = await Promise.all(calls);
    const lost = [-1, -32, -104, -111];
    assert(results.every((result) => lost.includes(result)), results.join(" "));
  });
  await t.step("later ones too, on old connections and new", async () => {
    assertEquals(await idle.restrict(RestrictFlag.sigkill), -32);
    assertEquals(await idle.acquire(leases.ex(1), 8), -32);
    assertEquals(await client.version(), { result: -111, version: 0 });
    assertEquals(await client.register(), { result: -111 });
    await Deno.remove(daemon.socket);
    assertEquals(await client.version(), { result: -2, version: 0 });
    assertEquals(await client.addLockspace(leases.host(1), 0, 1), -2);
    assertEquals(await client.register(), { result: -2 });
  });
  await t.step("the next daemon is found, but knows no old connection", async () => {
    await using _next = await SanlockDaemon.start("host1", daemon.runDir);
    assertEquals((await client.version()).result, 0);
    assertEquals(await idle.restrict(RestrictFlag.sigkill), -32);
    const fresh = await connect();
    assertEquals(await fresh.restrict(RestrictFlag.sigkill), 0);
    for (const connection of [idle, busy, fresh]) await connection.close();
    assertEquals(await idle.restrict(RestrictFlag.sigkill), -9);
  });
});
