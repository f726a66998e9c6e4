/** The daemon in the background, and when its file is replaced or deleted meanwhile. @module */
import { assertEquals, assertMatch, assertNotMatch, assertStringIncludes } from "@std/assert";
import { until } from "../integration/daemon.ts";
import type { Executable } from "./executables.ts";
import { CTL, DAEMON, Host, TEST_MODE } from "./host.ts";

/** The stock control tool knows one place only, which this host has. */
const stockInfo = ["lvmlockctl", "--info"];

export function background(executable: Executable): void {
  const test = (name: string, body: (host: Host) => Promise<void>) =>
    Deno.test(`${executable.way}: ${name}`, async () => {
      await using host = await Host.open(executable);
      await body(host);
    });

  test("when the starter comes back both sockets answer", async (host) => {
    await host.must([DAEMON, ...TEST_MODE]);
    await host.must(stockInfo);
    assertStringIncludes(await host.must([CTL, "status"]), "test mode");
  });

  test("SIGTERM ends it and takes its files with it", async (host) => {
    await host.must([DAEMON, ...TEST_MODE]);
    const { pid } = host;
    Deno.kill(pid, "SIGTERM");
    await until("the daemon has ended", () => host.remains().length === 0);
    assertEquals(host.remains(), []);
  });

  test("a file that is deleted meanwhile still starts, as by an upgrade", async (host) => {
    await host.sh(
      `exec 9< ${DAEMON}; rm ${DAEMON}; exec bash -c 'exec -a lvmlockd ` +
        `/proc/self/fd/9 ${TEST_MODE.join(" ")}'`,
    );
    await host.must(stockInfo);
    assertEquals(host.proc(host.pid, "comm"), "lvmlockd\n");
    assertMatch(Deno.readLinkSync(`/proc/${host.pid}/exe`), / \(deleted\)$/);
  });

  test("the command for lost leases names the installed file, or what still runs", async (host) => {
    const script = "/run/lvm/lvmlockd-kill";
    await host.must([DAEMON, "-g", "dlm", "--embedded-name", `embedded-kill-${Deno.pid}`]);
    const text = await host.must(["cat", script]);
    assertMatch(text, /^program='\/run\/bin\/lvmlockd'$/m);
    assertNotMatch(text, /DENO_|memfd/);
    const usage = await host.must(["env", "-i", "/bin/sh", script, "--help"]);
    assertMatch(usage, /^lvmlockctl options\n/);
    await host.must(["rm", DAEMON]);
    assertEquals(await host.must(["env", "-i", "/bin/sh", script, "--help"]), usage);
    Deno.kill(host.pid, "SIGKILL");
    await host.sh(`rm -f /run/lock/lvmlockd-embedded-kill-${Deno.pid}.pid`);
  });
}
