/**
 * Lost locks on the real lock table: the VG gets no new ones, and what is still held in it decides
 * whether a command has to make it safe.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { Backends } from "../backends/registry.ts";
import { testManagers } from "../backends/testmode/mod.ts";
import { newEngine } from "../tests/interaction/table.ts";
import { Dispatcher } from "./dispatcher.ts";
import { type StaticStatus, TableService } from "./lock_service.ts";
import { LostLocks } from "./lost_locks.ts";
import {
  emptyRequest,
  LockType,
  Mode,
  Op,
  OptionFlag,
  type Request,
  ResourceType,
} from "./types.ts";

const [OK, ENOLS, EVGKILLED] = [0, -210, -217];

class Host {
  readonly service: TableService;
  readonly #client: number;

  constructor() {
    const events = {
      quit: () => {},
      shutdownRefused: () => {},
      fatal: (error: unknown) => {
        throw error;
      },
      changed: () => {},
    };
    const backends = new Backends(testManagers());
    const engine = newEngine({ checked: true });
    const dispatcher = new Dispatcher(engine, backends, events, {
      defaultHostId: () => 1,
      soon: setImmediate,
    });
    this.service = new TableService(engine, dispatcher, {} as StaticStatus);
    dispatcher.configure({ test: true, glType: LockType.none });
    this.#client = this.service.openClient({ origin: "native", pid: 1, command: "t", fd: 3 }).id;
  }

  ask(request: Partial<Request>): Promise<number> {
    return new Promise((answered) => {
      const full = { ...emptyRequest, lockType: LockType.dlm, vgName: "vg", ...request };
      this.service.submit(this.#client, full, ({ result }) => answered(result));
    });
  }

  async start(): Promise<void> {
    const about = { resourceType: ResourceType.vg, vgArgs: "1.0.0:test" };
    assertEquals(await this.ask({ ...about, op: Op.start, flags: OptionFlag.wait }), OK);
  }

  /** A persistent LV lock. */
  lockLv(mode: Mode = Mode.ex): Promise<number> {
    const lv = { resourceType: ResourceType.lv, lvUuid: "uuid", lvArgs: "dlm" };
    return this.ask({ ...lv, op: Op.lock, mode, flags: OptionFlag.persistent });
  }

  lockVg(mode: Mode): Promise<number> {
    return this.ask({ resourceType: ResourceType.vg, op: Op.lock, mode });
  }

  /** Words of the commands that were run, by way of a file. */
  async lost(vgName = "vg", commandRuns = false, path = "/bin/sh"): Promise<string[]> {
    const file = await Deno.makeTempFile();
    const script = await Deno.makeTempFile();
    try {
      await Deno.writeTextFile(script, `echo "$*" >> ${file}; exit 3`);
      const args = (name: string) => `${script} --kill ${name}`;
      await new LostLocks(this.service, { path, args }).deal({ vgName }, "gone", commandRuns);
      return (await Deno.readTextFile(file)).split("\n").slice(0, -1);
    } finally {
      for (const each of [file, script]) await Deno.remove(each);
    }
  }
}

Deno.test("a VG with locks gets no new ones, and the command is run", async () => {
  const host = new Host();
  await host.start();
  assertEquals(await host.lockLv(), OK);
  assertEquals(await host.lost(), ["--kill vg"]);
  assertEquals([await host.lockLv(Mode.sh), await host.lockVg(Mode.sh)], [EVGKILLED, EVGKILLED]);
  assertEquals(await host.lockLv(Mode.un), OK);
  assertEquals(await host.ask({ op: Op.dropVg, resourceType: ResourceType.vg }), OK);
});

Deno.test("a VG lock counts as well", async () => {
  const host = new Host();
  await host.start();
  assertEquals(await host.lockVg(Mode.ex), OK);
  assertEquals(await host.lost(), ["--kill vg"]);
});

Deno.test("a VG without locks is dropped at once, and can be started again", async () => {
  const host = new Host();
  await host.start();
  assertEquals(await host.lost(), []);
  assertEquals(await host.lockVg(Mode.sh), ENOLS);
  await host.start();
  assertEquals(await host.lockVg(Mode.sh), OK);
});

Deno.test("locks of another VG do not count", async () => {
  const host = new Host();
  await host.start();
  const other = { vgName: "other", resourceType: ResourceType.vg, vgArgs: "1.0.0:test" };
  assertEquals(await host.ask({ ...other, op: Op.start, flags: OptionFlag.wait }), OK);
  assertEquals(await host.ask({ ...other, op: Op.lock, mode: Mode.ex }), OK);
  assertEquals(await host.lost(), []);
  assertEquals(await host.ask({ ...other, op: Op.lock, mode: Mode.un }), OK); // it goes on
});

Deno.test("a lock manager that runs the command itself only stops new locks", async () => {
  const host = new Host();
  await host.start();
  assertEquals(await host.lockLv(), OK);
  assertEquals(await host.lost("vg", true), []);
  assertEquals(await host.lockVg(Mode.sh), EVGKILLED);
});

Deno.test("the global lockspace, and a VG that is not there, need nothing", async () => {
  const host = new Host();
  assertEquals(await host.lost(""), []);
  assertEquals(await host.lost(), []);
});

Deno.test("a command that cannot be run is no reason to give new locks", async () => {
  const host = new Host();
  await host.start();
  assertEquals(await host.lockLv(), OK);
  assertEquals(await host.lost("vg", false, "/none/there"), []);
  assertEquals(await host.lockVg(Mode.sh), EVGKILLED);
});
