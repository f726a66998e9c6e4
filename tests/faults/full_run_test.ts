/**
 * The file system of the adopt file is full: the daemon ends rather than promise what it cannot note,
 * says which file it is about, and its successor has every lock that was answered.
 *
 * @module
 */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { TransportError } from "../../ctl/native_client.ts";
import { until } from "../integration/daemon.ts";
import { Sandbox } from "../integration/sandbox.ts";
import { listLocks } from "../integration/target.ts";
import { Hosts, type LvmHost } from "../sanlock/daemon_hosts.ts";
import { lvUuid, type SharedVg, VgClient } from "../sanlock/daemon_vg.ts";

const LVS = [1, 2, 3, 4];
const SMALL = "/run/small";

async function inSandbox(sandbox: Sandbox, script: string): Promise<void> {
  const { code, stderr } = await sandbox.run(["sh", "-c", script]);
  assertEquals(code, 0, stderr);
}

/** What was answered, and the one change that was not. */
interface Known {
  modes: Map<number, string>;
  asked: { lv: number; mode: string };
}

/** Changes locks until the daemon ends. */
async function changeUntilTheEnd(client: VgClient): Promise<Known> {
  const modes = new Map(LVS.map((lv) => [lv, "ex"]));
  for (let i = 0;; i++) {
    const lv = LVS[i % LVS.length]!;
    const mode = modes.get(lv) === "ex" ? "sh" : "ex";
    try {
      assertEquals(await client.lv(lv, mode), 0);
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      return { modes, asked: { lv, mode } };
    }
    modes.set(lv, mode);
  }
}

async function held(host: LvmHost): Promise<string[]> {
  return (await listLocks(host.place.api)).held.sort();
}

function expected({ modes, asked }: Known, done: boolean): string[] {
  return LVS.map((lv) => {
    const mode = done && lv === asked.lv ? asked.mode : modes.get(lv);
    return `${lvUuid(lv)} ${mode} persistent`;
  }).sort();
}

async function clientOf(host: LvmHost, vg: SharedVg): Promise<VgClient> {
  return new VgClient(await host.connect(), vg);
}

Deno.test("a full file system ends the daemon, and no lock is lost", async () => {
  await using hosts = await Hosts.start(2, { notesKills: true });
  await using sandbox = await Sandbox.open();
  const host = hosts.host(1);
  await inSandbox(sandbox, `mkdir ${SMALL} && mount -t tmpfs -o size=64k tmpfs ${SMALL}`);
  const options = { before: sandbox.inside([]), args: ["--adopt-file", `${SMALL}/adopt`] };
  await host.daemon.kill();
  await host.startDaemon(options);
  const vg = await hosts.vg("full");
  const [own, elsewhere] = await vg.started(2, "enable") as [VgClient, VgClient];
  for (const lv of LVS) assertEquals([await own.initLv(lv), await own.lv(lv, "ex")], [0, 0]);

  await inSandbox(sandbox, `cat /dev/zero > ${SMALL}/filler; test -s ${SMALL}/filler`);
  const known = await changeUntilTheEnd(own);
  assertEquals((await host.daemon.ended()).code, 1);
  const fatal = await host.daemon.errors.line(/^fatal: /);
  assertStringIncludes(fatal, `${SMALL}/adopt`);
  assertStringIncludes(fatal, "No space left on device");

  // The locks are still there, whatever became of their list.
  for (const lv of LVS) assertEquals(await elsewhere.lv(lv, "ex", { max_retries: -1 }), -11);

  // While there is no room the next one says so, too.
  const attempt = host.place.spawn(await host.startOptions(options));
  assertEquals((await attempt.ended()).code, 1);
  assertMatch(attempt.errors.text, /^fatal: .*adopt cannot be written: No space left on device/m);

  await inSandbox(sandbox, `rm ${SMALL}/filler`);
  await host.startDaemon(options);
  const now = await held(host);
  const isDone = now.includes(`${lvUuid(known.asked.lv)} ${known.asked.mode} persistent`);
  assertEquals(now, expected(known, isDone));
  using next = await clientOf(host, vg);
  for (const lv of LVS) {
    assertEquals([await next.lv(lv, "un"), await elsewhere.lv(lv, "ex")], [0, 0]);
  }
  await until("nothing is held", async () => (await held(host)).length === 0);
  assertEquals(host.kills, []);
});
