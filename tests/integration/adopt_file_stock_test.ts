/**
 * The adopt file between this daemon and the stock one: the stock daemon's is read by us, and ours
 * by the stock daemon.
 *
 * @module
 */
import { assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import { parseAdoptFile } from "../../core/adoption/adopt_file.ts";
import { AdoptRecorder } from "../../core/adoption/adopt_recorder.ts";
import { LockType, Mode, ResourceType } from "../../core/types.ts";
import { Conversation } from "./conversation.ts";
import { Lines, until } from "./daemon.ts";
import { Sandbox } from "./sandbox.ts";

const vgUuid = "xNUoTC-Xg21-sYjn-RqId-VR0L-PCtu-zt2cDf";
const lvUuid = (last: string) => `tcbOUf-Fbyu-moiS-nlEq-IDAi-DwQY-0tzHI${last}`;

const paths = ["-s", "/run/lvm/socket", "-p", "/run/pid", "--adopt-file", "/run/lvm/adopt"];

function stockDaemon(sandbox: Sandbox, ...options: string[]): Lines {
  const words = ["lvmlockd", "-D", "-A", "1", ...paths, ...options];
  return new Lines(sandbox.start(words, { stderr: "piped" }).stderr);
}

Deno.test("we read what the stock daemon writes", async () => {
  await using sandbox = await Sandbox.open();
  stockDaemon(sandbox, "--test", "-g", "dlm");
  await sandbox.listening("/run/lvm/socket");
  const file = sandbox.outside("/run/lvm/adopt");
  using client = await Conversation.open(sandbox.outside("/run/lvm/socket"));
  const about = { pid: Deno.pid, vg_name: "vg0", vg_lock_type: "dlm", vg_lock_args: "1.0.0:test" };
  const start = { ...about, vg_uuid: vgUuid, version: 1, host_id: 0, opts: "wait" };
  assertEquals(await client.result("start_vg", start), 0);
  assertEquals(await client.lockLv("vg0", lvUuid("O"), "ex"), 0);
  assertEquals(await client.lockLv("vg0", lvUuid("P"), "sh"), 0);
  assertEquals(await client.result("hello"), 0); // it writes when it hears of a client again
  const read = () => {
    try {
      return parseAdoptFile(Deno.readTextFileSync(file));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return { vgs: [], cut: true };
      throw error;
    }
  };
  await until("the file has both locks", () => read().vgs[0]?.locks.length === 2);
  const locks = [
    { lvUuid: lvUuid("O"), lvArgs: "dlm", mode: Mode.ex },
    { lvUuid: lvUuid("P"), lvArgs: "dlm", mode: Mode.sh },
  ];
  const { vgs, cut } = read();
  const byUuid = vgs.map((vg) => ({
    ...vg,
    locks: vg.locks.toSorted((a, b) => a.lvUuid < b.lvUuid ? -1 : 1),
  }));
  const vg = { vgName: "vg0", vgUuid, lockType: LockType.dlm, vgArgs: "1.0.0:test" };
  assertEquals([byUuid, cut], [[{ ...vg, locks }], false]);
});

/** What the kernel shows on a host that is in the lockspace of `vg0`. Only the sandbox sees it. */
const inCluster = "mount -t tmpfs tmpfs /sys/kernel && " +
  "cd /sys/kernel && mkdir -p config/dlm/cluster/spaces/lvm_vg0 dlm && " +
  "echo test > config/dlm/cluster/cluster_name";

/** How the stock daemon's attempt to adopt ends. It finds no real cluster, whatever it reads. */
async function stockVerdict(text: string): Promise<string> {
  await using sandbox = await Sandbox.open();
  assertEquals((await sandbox.run(["sh", "-c", inCluster])).code, 0);
  Deno.writeTextFileSync(sandbox.outside("/run/lvm/adopt"), text);
  const lines = stockDaemon(sandbox);
  await lines.line(/adopt_locks failed|No lockspaces/);
  return lines.text;
}

const unread = /read_adopt_file failed/;

/** Our file after a history with all kinds of lines: appended ones, stale ones, absent args. */
function ourFile(): string {
  const directory = Deno.makeTempDirSync();
  try {
    const recorder = new AdoptRecorder(`${directory}/adopt`);
    const join = (vgName: string, vgUuid: string, vgArgs: string) =>
      recorder.recordLockspace({
        id: 1,
        name: `lvm_${vgName}`,
        vgName,
        vgUuid,
        vgArgs,
        lockType: LockType.dlm,
        hostId: 0,
        pvPaths: [],
      }, true);
    const lock = (vgName: string, name: string, mode: Mode, lockArgs = "dlm") =>
      recorder.recordLock(`lvm_${vgName}`, {
        resource: { type: ResourceType.lv, name, lockArgs },
        mode,
      });
    const turn = (...records: (() => void)[]) => {
      recorder.begin();
      for (const record of records) record();
      recorder.commit();
    };
    turn(() => join("vg0", vgUuid, "1.0.0:test"), () => lock("vg0", lvUuid("O"), Mode.ex));
    turn(() => join("no-args", vgUuid.replace("zt2", "zt3"), ""));
    turn(() => lock("no-args", lvUuid("P"), Mode.sh, ""), () => lock("vg0", lvUuid("Q"), Mode.sh));
    turn(() => join("no-uuid", "", "1.0.0:test"), () => lock("no-uuid", lvUuid("R"), Mode.ex));
    turn(() => lock("vg0", lvUuid("Q"), Mode.un), () => lock("vg0", lvUuid("S"), Mode.sh));
    return Deno.readTextFileSync(`${directory}/adopt`);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

Deno.test("the stock daemon reads what we write", async () => {
  const text = ourFile();
  assertEquals(text.split("\n").length, 10, text);
  assertNotMatch(await stockVerdict(text), unread);
  // The same verdict on a file that it does not like, to know that it looked.
  const [header, vg, lv] = text.split("\n");
  assertMatch(await stockVerdict([header, lv, vg, ""].join("\n")), unread);
});
