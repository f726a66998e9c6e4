/** What the executable must not need, write or listen to. @module */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Executable } from "./executables.ts";
import { CTL, DAEMON, Host, TEST_MODE } from "./host.ts";

/** Variables that would make Deno load, write or print something, were they heard. */
const hostile: Record<string, string> = {
  DENO_DIR: "/run/trap",
  DENO_V8_FLAGS: "--no-such-flag",
  DENO_CERT: "/run/no-certificate",
  DENO_COVERAGE_DIR: "/run/trap",
  DENO_AUDIT_PERMISSIONS: "/run/trap/audit",
  DENO_CONDITIONS: "trap",
  NODE_OPTIONS: "--require /run/trap.js",
  NODE_DEBUG: "net,http",
  NODE_V8_COVERAGE: "/run/trap",
  NODE_EXTRA_CA_CERTS: "/run/no-certificate",
  OTEL_DENO: "true",
  RUST_LOG: "trace",
  NPM_CONFIG_REGISTRY: "http://192.0.2.1/",
  HTTP_PROXY: "http://192.0.2.1:9/",
  ALL_PROXY: "http://192.0.2.1:9/",
};

export function seclusion(executable: Executable): void {
  const test = (name: string, body: (host: Host) => Promise<void>) =>
    Deno.test(`${executable.way}: ${name}`, async () => {
      await using host = await Host.open(executable);
      await body(host);
    });

  test("it runs on a file system that is read-only, without a home", async (host) => {
    const env = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"];
    await host.sh("mount -o remount,ro,bind /; ! touch /tmp/x 2> /dev/null");
    await host.must([...env, DAEMON, ...TEST_MODE]);
    assertStringIncludes(await host.must([...env, CTL, "status"]), "test mode");
  });

  test("it writes nothing where Deno would", async (host) => {
    const env = { HOME: "/run/home", XDG_CACHE_HOME: "/run/cache" };
    await host.sh("mkdir /run/home /run/cache /run/work");
    await host.sh(`cd /run/work; ${DAEMON} ${TEST_MODE.join(" ")}; ${CTL} status`, env);
    assertEquals(
      await host.must(["find", "/run/home", "/run/cache", "/run/work"]),
      "/run/home\n/run/cache\n/run/work\n",
    );
  });

  test("it reads no file of the directory that it is called in", async (host) => {
    await host.sh(
      "mkdir /run/work; cd /run/work; echo no > deno.json; echo no > package.json; " +
        "echo no > .npmrc; echo no > .env; echo no > deno.lock",
    );
    assertMatch(await host.sh(`cd /run/work; ${DAEMON} --version`), /^lvmlockd version/);
  });

  test("variables for Deno do not reach Deno", async (host) => {
    const trap = 'echo \'require("fs").writeFileSync("/run/trapped", "")\' > /run/trap.js';
    await host.sh(`mkdir /run/trap; ${trap}`);
    const version = await host.must([DAEMON, "--version"]);
    const { code, stdout, stderr } = await host.run([DAEMON, "--version"], hostile);
    assertEquals([code, stdout, stderr], [0, version, ""]);
    await host.must([DAEMON, ...TEST_MODE], hostile);
    assertStringIncludes(await host.must([CTL, "status"], hostile), "test mode");
    assertEquals(
      await host.must(["find", "/run/trap", "/run/trapped", "-maxdepth", "0"]).catch(
        (error: Error) => /‘?\/run\/trapped’?: No such/.test(error.message),
      ),
      true,
    );
    assertEquals(await host.must(["find", "/run/trap"]), "/run/trap\n");
  });

  test("commands that the control tool runs get their variables as they were", async (host) => {
    await host.must([DAEMON, ...TEST_MODE]);
    const start = ["start", "vg0", "--lock-type", "dlm", "--lock-args", "1.0.0:test"];
    await host.must([CTL, ...start, "--vg-uuid", "abcdef-0123-4567-89ab-cdef-0123-456789"]);
    const outside = await host.must(["sh", "-c", "env | sort"], hostile);
    const lock = [CTL, "lock", "vg", "vg0", "ex", "--", "sh", "-c", "env | sort"];
    assertEquals(await host.must(lock, hostile), outside);
  });
}
