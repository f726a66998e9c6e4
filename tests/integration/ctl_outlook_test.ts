/**
 * What the control tool tells people about joins, leases and other hosts, from a daemon whose lock
 * manager a test makes up.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { serveApi } from "../../core/api/server.ts";
import { noOwner, TestService } from "../../core/api/test_service.ts";
import { Errno } from "../../core/errno.ts";
import { type LockspaceOutlook, Op } from "../../core/types.ts";
import { runCtl } from "../../ctl/main.ts";
import type { CtlIo } from "../../ctl/io.ts";

const dlmArgs = ["--lock-type", "dlm", "--lock-args", "1.0.0:test"];

/** A daemon in this process, and the control tool with its output collected. */
class Bench implements AsyncDisposable {
  #out = "";
  #err = "";
  readonly #listeners: (() => void)[] = [];

  private constructor(
    readonly directory: string,
    readonly service: TestService,
    private readonly stop: () => Promise<void>,
  ) {}

  static async open(): Promise<Bench> {
    const directory = await Deno.makeTempDir();
    const service = new TestService(Date.now());
    const server = await serveApi(service, { path: `${directory}/api`, limits: { coalesceMs: 0 } });
    return new Bench(directory, service, () => server.stop());
  }

  /** The VG vg0 runs, and `outlook` is what its lock manager knows. */
  async started(outlook: LockspaceOutlook): Promise<void> {
    const start = this.run("start", "vg0", ...dlmArgs, "--no-wait");
    assertEquals((await start).code, 0);
    this.service.joined("vg0");
    this.service.outlooks.set("lvm_vg0", outlook);
  }

  async run(...words: string[]) {
    this.#out = this.#err = "";
    const io: CtlIo = {
      programName: "lvmlockctl",
      out: (text) => this.#out += typeof text === "string" ? text : new TextDecoder().decode(text),
      err: (text) => {
        this.#err += text;
        for (const listener of this.#listeners) listener();
      },
      errIsTerminal: false,
      env: (name) => name === "LVMLOCKD_API_SOCKET" ? `${this.directory}/api` : undefined,
    };
    const code = await runCtl(words, io);
    return { code, stdout: this.#out, stderr: this.#err };
  }

  /** Resolves with standard error when that has `text` in it. */
  async said(text: string): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const check = () => this.#err.includes(text) && resolve();
    this.#listeners.push(check);
    check();
    await promise;
    return this.#err;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await Deno.remove(this.directory, { recursive: true });
  }
}

const lease = (state: "healthy" | "late" | "lost", leftMs: number): LockspaceOutlook => ({
  lease: {
    state,
    renewedMs: Date.now() + leftMs - 80_000,
    expiresMs: Date.now() + leftMs,
    note: `it is ${state}`,
  },
  hosts: [],
});

Deno.test("status is loud about leases that are late or lost, and exits with 3", async () => {
  await using bench = await Bench.open();
  await bench.started(lease("healthy", 60_000));
  const healthy = await bench.run("status");
  assertEquals([healthy.code, healthy.stdout.includes("***")], [0, false]);
  for (
    const [state, alarm] of [["late", /^\*\*\* VG vg0: LEASE LATE \(\d+ s left\): it is late\n/], [
      "lost",
      /^\*\*\* VG vg0: LEASE LOST: it is lost\n/,
    ]] as const
  ) {
    bench.service.outlooks.set("lvm_vg0", lease(state, 20_000));
    const { code, stdout } = await bench.run("status");
    assertEquals(code, 3);
    assert(alarm.test(stdout), stdout);
    const machine = await bench.run("status", "--json");
    assertEquals(machine.code, 3);
    assertEquals(JSON.parse(machine.stdout).lockspaces[0].lease.state, state);
    assert(alarm.test((await bench.run("lockspaces")).stdout));
  }
});

Deno.test("lockspaces VG lists the hosts in it", async () => {
  await using bench = await Bench.open();
  const host = { generation: 1, state: "LIVE", self: true, lastSeenMs: 0 };
  const hosts = [{ ...host, hostId: 1, name: "node1" }, {
    ...host,
    hostId: 2,
    name: "node2",
    self: false,
    state: "FAIL",
  }];
  await bench.started({ hosts });
  const { code, stdout } = await bench.run("lockspaces", "vg0");
  assertEquals(code, 0);
  assert(
    /\nHOST +NAME +STATE +GENERATION +LAST SEEN\n1 \(this\) +node1 +LIVE +1\n/.test(stdout),
    stdout,
  );
  assertStringIncludes(stdout, "VG vg0: host 2 (node2) is FAIL\n");
  const missing = await bench.run("lockspaces", "vg1");
  assertEquals([missing.code, missing.stdout], [5, ""]);
});

Deno.test("a start that takes long says what it waits for and how long that may take", async () => {
  await using bench = await Bench.open();
  const joining = { note: "joining as host 1", sinceMs: Date.now(), longestMs: 60_000 };
  bench.service.outlooks.set("lvm_vg0", { joining, hosts: [] });
  const starting = bench.run("start", "vg0", ...dlmArgs);
  const text = await bench.said("at most");
  bench.service.joined("vg0");
  assertEquals((await starting).code, 0);
  const wanted = "Waiting for the dlm lockspace of VG vg0 to start: joining as host 1, at most 5";
  assertStringIncludes(text, wanted);
});

Deno.test("who waits for a lock of another host is told which, and that it is alive", async () => {
  await using bench = await Bench.open();
  await bench.started({ hosts: [] });
  const heldSinceMs = Date.now() - 185_000;
  const owner = { ...noOwner, hostId: 2, name: "node2", state: "LIVE", heldSinceMs };
  const refuse = () => bench.service.refuse.set(Op.lock, { result: -Errno.EAGAIN, owner });
  refuse();
  const stop = bench.service.onChange(refuse);
  const locking = bench.run("lock", "vg", "vg0", "ex", "--deadline", "4", "--", "true");
  const text = await bench.said("Waiting");
  assertStringIncludes(text, "Waiting to lock VG vg0 ex: held by host 2 (node2), LIVE, for 3 min ");
  const { code, stderr } = await locking;
  stop();
  assertEquals(code, 110);
  assertStringIncludes(stderr, "; held by host 2 (node2), LIVE, since ");
});
