/**
 * `deno task install`: what is where afterwards, and that systemd takes the units.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { install, itemsOf, main, optionsFrom, uninstall } from "../../scripts/install.ts";
import { clean, run, Scratch } from "./run.ts";

const PROGRAM = "#!/bin/sh\nexit 0\n";

async function prepared(scratch: Scratch, env: Record<string, string> = {}) {
  const program = `${scratch.path}/program`;
  await Deno.writeTextFile(program, PROGRAM);
  const variables = { DESTDIR: `${scratch.path}/root`, LVMLOCKD: program, ...env };
  return optionsFrom((name) => (variables as Record<string, string>)[name]);
}

const there = (path: string) => Deno.lstatSync(path).mode! & 0o777;

Deno.test("everything is installed, by default below /usr", async () => {
  await using scratch = await Scratch.make();
  const options = await prepared(scratch);
  assertEquals(main([], options), 0);
  const root = options.destdir;
  assertEquals(there(`${root}/usr/sbin/lvmlockd`), 0o755);
  assertEquals(Deno.readLinkSync(`${root}/usr/sbin/lvmlockctl`), "lvmlockd");
  for (const { to } of itemsOf(options)) assert(Deno.lstatSync(root + to), to);
  const unit = Deno.readTextFileSync(`${root}/usr/lib/systemd/system/lvmlockd.service`);
  assertStringIncludes(unit, "ExecStart=/usr/sbin/lvmlockd --foreground");
  assert(!/@\w+@/.test(unit), "every placeholder is replaced");
});

Deno.test("prefix and single places are obeyed", async () => {
  await using scratch = await Scratch.make();
  const options = await prepared(scratch, { prefix: "/opt/lock", mandir: "/opt/man" });
  install(options, ["lvmlockd", "lvmlockctl"]);
  const root = options.destdir;
  assertEquals(there(`${root}/opt/lock/sbin/lvmlockd`), 0o755);
  assertEquals(there(`${root}/opt/man/man8/lvmlockd.8`), 0o644);
  const unit = Deno.readTextFileSync(`${root}/opt/lock/lib/systemd/system/lvmlocks.service`);
  assertStringIncludes(unit, "=-/opt/lock/sbin/lvmlockctl --stop-lockspaces");
});

Deno.test("each of the two programs can be installed alone", async () => {
  await using scratch = await Scratch.make();
  const options = await prepared(scratch);
  assertEquals(main(["install_lvmlockctl"], options), 0);
  const names = [...Deno.readDirSync(`${options.destdir}/usr/sbin`)].map(({ name }) => name);
  assertEquals(names, ["lvmlockctl"]);
  assertEquals(main(["install_lvmlockd"], options), 0);
  assertEquals(there(`${options.destdir}/usr/sbin/lvmlockd`), 0o755);
});

Deno.test("the administrator's settings survive a second installation and the removal", async () => {
  await using scratch = await Scratch.make();
  const options = await prepared(scratch);
  install(options, ["lvmlockd", "lvmlockctl"]);
  const settings = `${options.destdir}/etc/default/lvmlockd`;
  Deno.writeTextFileSync(settings, "mine");
  install(options, ["lvmlockd", "lvmlockctl"]);
  assertEquals(Deno.readTextFileSync(settings), "mine");
  const removed = uninstall(options);
  assertEquals(removed.length, itemsOf(options).length - 1);
  const { stdout } = await run(["find", options.destdir, "-not", "-type", "d"]);
  assertEquals(stdout, `${settings}\n`);
  assertEquals(uninstall(options), []);
});

Deno.test("without the executable, or with a wrong target, nothing is installed", async () => {
  await using scratch = await Scratch.make();
  const options = await prepared(scratch);
  assertEquals(main(["instal"], options), 1);
  assertEquals(main([], { ...options, program: `${scratch.path}/absent` }), 1);
  assertEquals((await run(["ls", options.destdir])).stdout, "");
});

Deno.test("systemd has no complaint about the units", async () => {
  await using scratch = await Scratch.make();
  const options = await prepared(scratch, { DESTDIR: "", prefix: `${scratch.path}/usr` });
  options.places.sysconfdir = `${scratch.path}/etc`;
  install(options, ["lvmlockd", "lvmlockctl"]);
  const units = options.places.unitdir;
  const names = ["lvmlockd.service", "lvmlockd.socket", "lvmlocks.service"];
  await clean(
    ["systemd-analyze", "verify", "--man=no", ...names.map((name) => `${units}/${name}`)],
    {
      SYSTEMD_UNIT_PATH: `${units}:`,
    },
  );
});
