/**
 * What idm requests bring along beside what the lock table knows: the PVs of VGs and LVs.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { LV_UUID, TestHost, VG_UUID } from "../backends/idm/test_lockspace.ts";
import { Backends } from "../backends/registry.ts";
import { Dispatcher } from "./dispatcher.ts";
import { newEngine } from "../tests/interaction/table.ts";
import { type StaticStatus, TableService } from "./lock_service.ts";
import {
  emptyRequest,
  LockType,
  Mode,
  Op,
  OptionFlag,
  type Reply,
  type Request,
  ResourceType,
} from "./types.ts";

const [OK, EAGAIN, EINVAL, EEXIST, ELOCKIO] = [0, -11, -22, -17, -218];

class Daemon {
  readonly host = new TestHost();
  readonly #service: TableService;
  readonly #client: number;

  constructor() {
    const events = { quit() {}, shutdownRefused() {}, fatal: raise, changed() {} };
    const engine = newEngine({ checked: true });
    const backends = new Backends([this.host.manager]);
    const dispatcher = new Dispatcher(engine, backends, events, {
      defaultHostId: () => 0,
      soon: setImmediate,
    });
    this.#service = new TableService(engine, dispatcher, {} as StaticStatus);
    dispatcher.configure({ test: false, glType: LockType.idm });
    this.#client = this.#service.openClient({ origin: "native", pid: 1, command: "t", fd: 3 }).id;
  }

  ask(request: Partial<Request>): Promise<Reply> {
    const about = { lockType: LockType.idm, vgName: "vg", vgUuid: VG_UUID };
    return new Promise((answered) => {
      this.#service.submit(this.#client, { ...emptyRequest, ...about, ...request }, answered);
    });
  }

  async start(pvPaths: string[]): Promise<number> {
    const about = { op: Op.start, resourceType: ResourceType.vg, flags: OptionFlag.wait };
    return (await this.ask({ ...about, pvPaths })).result;
  }

  lockVg(mode: Mode): Promise<Reply> {
    return this.ask({ op: Op.lock, resourceType: ResourceType.vg, mode });
  }

  lockLv(mode: Mode, pvPaths: string[] = []): Promise<Reply> {
    const about = { op: Op.lock, resourceType: ResourceType.lv, lvUuid: LV_UUID, lvArgs: "idm" };
    return this.ask({ ...about, mode, pvPaths, flags: OptionFlag.persistent });
  }

  /** Drives that answer nobody. */
  breakDrives(...paths: string[]): void {
    for (const path of paths) this.host.ilm.drives.at(path).broken = true;
  }
}

function raise(error: unknown): never {
  throw error;
}

Deno.test("an LV is locked on the drives of its own request", async () => {
  const daemon = new Daemon();
  assertEquals(await daemon.start(["/dev/vg"]), OK);
  daemon.breakDrives("/dev/vg", "/dev/bad");
  const paths = ["/dev/bad"];
  assertEquals((await daemon.lockLv(Mode.ex, paths)).result, ELOCKIO);
  paths[0] = "/dev/good";
  assertEquals((await daemon.lockLv(Mode.ex, paths)).result, OK);
  assertEquals((await daemon.lockLv(Mode.sh)).result, OK); // a conversion: no drives needed
  assertEquals((await daemon.lockLv(Mode.un)).result, OK);
  assertEquals((await daemon.lockLv(Mode.ex)).result, EINVAL);
});

Deno.test("a VG that is started again is locked on the drives of that request", async () => {
  const daemon = new Daemon();
  assertEquals(await daemon.start(["/dev/old"]), OK);
  daemon.breakDrives("/dev/old");
  assertEquals((await daemon.lockVg(Mode.sh)).result, ELOCKIO);
  const paths = ["/dev/new"];
  assertEquals(await daemon.start(paths), EEXIST);
  paths[0] = "/dev/old";
  assertEquals((await daemon.lockVg(Mode.sh)).result, OK);
  // A request without drives says nothing about them.
  assertEquals(await daemon.start([]), EEXIST);
  assertEquals((await daemon.lockVg(Mode.un)).result, OK);
  assertEquals((await daemon.lockVg(Mode.sh)).result, OK);
});

Deno.test("what another host has is refused after one try, with the reason", async () => {
  const [daemon, rival] = [new Daemon(), new Daemon()];
  Object.assign(rival.host.ilm, { drives: daemon.host.ilm.drives });
  assertEquals([await daemon.start(["/dev/a"]), await rival.start(["/dev/a"])], [OK, OK]);
  assertEquals((await daemon.lockVg(Mode.ex)).result, OK);
  const { result, lmResult, message } = await rival.lockVg(Mode.ex);
  assertEquals([result, lmResult], [EAGAIN, -1]);
  assertMatch(message ?? "", /the lock of VG vg: 1 other host has it/);
});
