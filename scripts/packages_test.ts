/**
 * Tests of the package check against a system that keeps a list instead of installing, and of the
 * service policy against a real file.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  ensurePackages,
  main,
  missingPackages,
  type System,
  withServicePolicy,
} from "./packages.ts";

/** A machine with a list of installed packages; `broken` ones cannot be installed. */
function machine(installed: string[], { root = true, broken = [] as string[] } = {}) {
  const commands: string[] = [];
  const printed: string[] = [];
  let quietServices = false;
  const system: System = {
    isRoot: () => root,
    run([program, ...args]) {
      if (program === "dpkg-query") {
        const known = args.slice(3).filter((name) => installed.includes(name));
        const rows = known.map((name) => `${name} ii \n`).join("") + "udev un \n";
        return Promise.resolve({ success: known.length === args.length - 3, output: rows });
      }
      assert(quietServices, "services might start");
      commands.push([program, ...args].join(" "));
      const added = args[0] === "install" ? args.slice(3) : [];
      installed.push(...added.filter((name) => !broken.includes(name)));
      return Promise.resolve({ success: true, output: "" });
    },
    async withoutServices(body) {
      quietServices = true;
      try {
        return await body();
      } finally {
        quietServices = false;
      }
    },
    print: (text) => printed.push(text),
  };
  return { system, commands, printed };
}

Deno.test("nothing is run when all packages are there", async () => {
  const { system, commands } = machine(["lvm2-lockd", "util-linux"]);
  assertEquals(await ensurePackages(["oracle"], system), true);
  assertEquals(commands, []);
});

Deno.test("root gets the missing packages installed, each once", async () => {
  const { system, commands } = machine(["kmod", "lvm2", "lvm2-lockd", "mount"]);
  assertEquals(await ensurePackages(["integration", "oracle"], system), true);
  assertEquals(commands, [
    "apt-get update",
    "apt-get install -y --no-install-recommends util-linux",
  ]);
});

Deno.test("anyone else is told the command, and nothing is run", async () => {
  const { system, commands, printed } = machine(["lvm2-lockd"], { root: false });
  assertEquals(await main(["oracle"], system), 1);
  assertEquals(commands, []);
  assertStringIncludes(
    printed.join("\n"),
    "apt-get update && apt-get install -y --no-install-recommends util-linux",
  );
});

Deno.test("a package that does not arrive is named", async () => {
  const { system, printed } = machine(["lvm2-lockd"], { broken: ["util-linux"] });
  assertEquals(await main(["oracle"], system), 1);
  assertStringIncludes(printed.join("\n"), "Could not install util-linux");
});

Deno.test("a package that dpkg only remembers is missing", async () => {
  const { system } = machine([]);
  assert((await missingPackages(["uml"], system)).includes("udev"));
});

Deno.test("unknown groups are refused", async () => {
  const { system, printed } = machine([]);
  assertEquals(await main(["everything"], system), 2);
  assertStringIncludes(printed.join("\n"), "everything");
});

Deno.test("the service policy is there during the body only", async () => {
  const directory = await Deno.makeTempDir();
  const file = `${directory}/policy-rc.d`;
  try {
    await withServicePolicy(file, async () => {
      const { code } = await new Deno.Command(file).output();
      assertEquals(code, 101);
    });
    await assertRejects(() => Deno.stat(file), Deno.errors.NotFound);
    await assertRejects(() => withServicePolicy(file, () => Promise.reject(new Error("x"))), Error);
    await assertRejects(() => Deno.stat(file), Deno.errors.NotFound);
    await Deno.writeTextFile(file, "own");
    await withServicePolicy(file, () => Promise.resolve());
    assertEquals(await Deno.readTextFile(file), "own");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
