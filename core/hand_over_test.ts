/**
 * Handing over on the real lock table: which locks keep the daemon, and what the service manager
 * hears meanwhile.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { Backends } from "../backends/registry.ts";
import { testManagers } from "../backends/testmode/mod.ts";
import { newEngine } from "../tests/interaction/table.ts";
import { Dispatcher } from "./dispatcher.ts";
import { commandsEnded } from "./hand_over.ts";
import { Heartbeat, type Question } from "./heartbeat.ts";
import { type StaticStatus, TableService } from "./lock_service.ts";
import type { ServiceManager } from "./os/notify.ts";
import {
  emptyRequest,
  LockType,
  Mode,
  Op,
  OptionFlag,
  type Request,
  ResourceType,
} from "./types.ts";

/** Longer than any test takes: what waits for so long waits for ever. */
const FOR_EVER_MS = 2 ** 31 - 1;

/** A daemon without front ends, with one VG started. */
class Host {
  readonly service: TableService;
  readonly dispatcher: Dispatcher;
  readonly client: number;

  private constructor() {
    const fatal = (error: unknown) => {
      throw error;
    };
    const events = {
      quit: () => {},
      shutdownRefused: () => {},
      fatal,
      changed: () => this.service?.changed(),
    };
    const engine = newEngine({ checked: true });
    this.dispatcher = new Dispatcher(engine, new Backends(testManagers()), events, {
      defaultHostId: () => 1,
      soon: setImmediate,
    });
    this.service = new TableService(
      engine,
      this.dispatcher,
      { lockManagers: [] } as unknown as StaticStatus,
    );
    this.dispatcher.configure({ test: true, glType: LockType.none });
    this.client = this.connect("vgchange", 7);
  }

  static async start(): Promise<Host> {
    const host = new Host();
    const vg = { resourceType: ResourceType.vg, vgArgs: "1.0.0:test" };
    assertEquals(await host.ask({ ...vg, op: Op.start, flags: OptionFlag.wait }), 0);
    return host;
  }

  connect(command: string, pid: number): number {
    return this.service.openClient({ origin: "native", pid, command, fd: 3 }).id;
  }

  ask(request: Partial<Request>, client = this.client): Promise<number> {
    return new Promise((answered) => {
      const full = { ...emptyRequest, lockType: LockType.dlm, vgName: "vg", ...request };
      this.service.submit(client, full, ({ result }) => answered(result));
    });
  }

  lockVg(mode: Mode, client = this.client): Promise<number> {
    return this.ask({ resourceType: ResourceType.vg, op: Op.lock, mode }, client);
  }

  lockLv(): Promise<number> {
    const lv = { resourceType: ResourceType.lv, lvUuid: "uuid", lvArgs: "dlm" };
    return this.ask({ ...lv, op: Op.lock, mode: Mode.ex, flags: OptionFlag.persistent });
  }
}

Deno.test("locks of active LVs keep nobody", async () => {
  const host = await Host.start();
  assertEquals(await host.lockLv(), 0);
  host.service.closeClient(host.client);
  assertEquals(await commandsEnded(host.service, FOR_EVER_MS), []);
});

Deno.test("a command that has not asked for anything yet is waited for", async () => {
  const host = await Host.start();
  const ended = commandsEnded(host.service, FOR_EVER_MS);
  assertEquals(await host.lockVg(Mode.sh), 0);
  host.service.closeClient(host.client);
  assertEquals(await ended, []);
  assertEquals(host.service.inspect().some(({ kind }) => kind === "lock"), false);
});

Deno.test("a program that stays connected and wants nothing is not waited for", async () => {
  const host = await Host.start();
  const later = () => performance.now() + 61_000;
  assertEquals(await commandsEnded(host.service, FOR_EVER_MS, later), []);
  assertEquals(await host.lockVg(Mode.ex), 0);
  const named = ["vgchange[7] holds a lock (VG vg)"];
  assertEquals(await commandsEnded(host.service, 1, later), named);
});

Deno.test("a command is waited for also when the clock is set meanwhile", async () => {
  const host = await Host.start();
  const clock = Date.now;
  try {
    for (const hours of [2, -2]) {
      Date.now = () => clock() + hours * 3_600_000;
      const named = ["vgchange[7] is connected"];
      assertEquals(await commandsEnded(host.service, 1), named, `${hours} hours`);
    }
  } finally {
    Date.now = clock;
  }
});

Deno.test("a command that holds a lock is waited for, and one that waits for that", async () => {
  const host = await Host.start();
  assertEquals(await host.lockVg(Mode.ex), 0);
  const second = host.connect("lvs", 8);
  const granted = host.lockVg(Mode.sh, second);
  const ended = commandsEnded(host.service, FOR_EVER_MS);
  await host.lockVg(Mode.un);
  host.service.closeClient(host.client);
  assertEquals(await granted, 0);
  host.service.closeClient(second);
  assertEquals(await ended, []);
});

Deno.test("who has not ended in time is named", async () => {
  const host = await Host.start();
  assertEquals(await host.lockVg(Mode.ex), 0);
  assertEquals(await commandsEnded(host.service, 1), ["vgchange[7] holds a lock (VG vg)"]);
});

/** Remembers what it was told, and lets a test wait for that. */
class Listener implements ServiceManager {
  readonly told: string[] = [];
  #heard = Promise.withResolvers<void>();

  readonly listens = true;

  constructor(readonly watchdogMs: number) {}

  ready = (status: string) => this.#hear(`ready ${status}`);
  status = (text: string) => this.#hear(`status ${text}`);
  alive = () => this.#hear("alive");
  stopping = (status: string) => this.#hear(`stopping ${status}`);

  #hear(text: string): void {
    this.told.push(text);
    this.#heard.resolve();
    this.#heard = Promise.withResolvers();
  }

  /** Resolves when something matches. */
  async heard(pattern: RegExp): Promise<void> {
    while (!this.told.some((text) => pattern.test(text))) await this.#heard.promise;
  }
}

const askTable = (host: Host): Question => (answered) => {
  const request = { ...emptyRequest, op: Op.queryLock, resourceType: ResourceType.vg, vgName: "." };
  host.dispatcher.request(0xffffffff, request, () => {
    host.dispatcher.clientGone(0xffffffff, []);
    answered();
  });
};

Deno.test("the service manager hears that the table is alive, and of its locks", async () => {
  const host = await Host.start();
  const listener = new Listener(2);
  const heartbeat = new Heartbeat(host.service, listener, askTable(host));
  assertMatch(listener.told[0]!, /^ready .*Lockspaces: 2. Locks: 0/);
  await listener.heard(/^alive$/);
  await host.lockLv();
  await listener.heard(/^status .*Locks: 1/);
  heartbeat.stop();
});

Deno.test("a table that does not answer is not said to be alive", async () => {
  const host = await Host.start();
  const listener = new Listener(2);
  const asked = Promise.withResolvers<void>();
  let questions = 0;
  const heartbeat = new Heartbeat(host.service, listener, () => {
    if (++questions === 3) asked.resolve();
  });
  await asked.promise;
  heartbeat.stop();
  assertEquals(listener.told.filter((text) => text === "alive"), []);
});
