/**
 * The Debian package: the same bytes every time, and what dpkg makes of it on a copy of this
 * machine's root. On that copy LVM's own package is installed, as on a host that changes over.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { clean, root, run, Scratch } from "./run.ts";

/** In place of the executable, which is big. */
const PROGRAM = "#!/bin/sh\nexit 0\n";

async function build(scratch: Scratch, out: string): Promise<string> {
  const program = `${scratch.path}/program`;
  await Deno.writeTextFile(program, PROGRAM, { mode: 0o755 });
  const words = [Deno.execPath(), "run", "-A", `${root}scripts/deb.ts`, "--fast", "--out"];
  const env = { LVMLOCKD: program, SOURCE_DATE_EPOCH: "1700000000", NO_COLOR: "1" };
  return (await clean([...words, `${scratch.path}/${out}`], env)).trim();
}

Deno.test("the package is made the same every time", async () => {
  await using scratch = await Scratch.make();
  const [first, second] = [await build(scratch, "a"), await build(scratch, "b")];
  assertEquals(Deno.readFileSync(first), Deno.readFileSync(second));
  const list = await clean(["dpkg-deb", "-c", first]);
  assert(list.split("\n").every((line) => line === "" || line.includes(" root/root ")));
  assertStringIncludes(list, "./sbin/lvmlockctl -> lvmlockd");
});

/**
 * Shell commands in a root of their own: a copy of ours that is gone afterwards. No service manager
 * runs there. Their output.
 */
async function inCopy(scratch: Scratch, script: string): Promise<string> {
  const { path } = scratch;
  const prepare = `set -e
    cd ${path}; mkdir -p upper work root; mount -t tmpfs tmpfs upper; mkdir upper/u upper/w
    mount -t overlay overlay -o lowerdir=/,upperdir=upper/u,workdir=upper/w root
    mount -t proc proc root/proc; mount --rbind /dev root/dev; mount -t tmpfs run root/run
    mkdir -p root/run/lock root/root/deb; cp *.deb root/root/deb/
    printf '#!/bin/sh\\nexit 101\\n' > root/usr/sbin/policy-rc.d
    chmod +x root/usr/sbin/policy-rc.d
    exec chroot root /bin/sh -ec "$0"`;
  const user = Deno.uid() === 0 ? [] : ["-r"];
  const words = ["unshare", ...user, "-m", "--propagation", "private", "sh", "-c", prepare, script];
  const env = { DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" };
  const { code, stdout, stderr } = await run(words, env);
  assertEquals(code, 0, `${stdout}${stderr}`);
  return stdout;
}

const OURS = "/sbin/lvmlockd /sbin/lvmlockctl /lib/systemd/system/lvmlockd.service " +
  "/lib/systemd/system/lvmlockd.socket /lib/systemd/system/lvmlocks.service";

Deno.test("dpkg installs it over LVM's own package, upgrades, removes and purges it", async () => {
  await using scratch = await Scratch.make();
  await Deno.rename(await build(scratch, "a"), `${scratch.path}/lvmlockd.deb`);
  const text = await inCopy(
    scratch,
    `cd /root/deb
    state() { dpkg-query -W -f '\${Package} \${db:Status-Abbrev}\\n' lvmlockd lvm2-lockd 2>&1 |
      sed "s/^/$1 /"; }
    dpkg -i --auto-deconfigure -B lvmlockd.deb > log 2>&1 || { cat log; exit 1; }
    state installed; ls ${OURS} > /dev/null; dpkg -V lvmlockd; readlink /sbin/lvmlockctl
    ls /etc/systemd/system/*.wants/lvmlock* | sed 's|.*/||'
    echo mine > /etc/default/lvmlockd
    mkdir next; dpkg-deb -R lvmlockd.deb next; sed -i 's/^Version: .*/&+next/' next/DEBIAN/control
    dpkg-deb -Zgzip -z1 --root-owner-group -b next next.deb > /dev/null
    dpkg -i next.deb > log 2>&1 || { cat log; exit 1; }
    dpkg-query -W -f 'upgraded \${Version}\\n' lvmlockd; cat /etc/default/lvmlockd
    dpkg -r lvmlockd > log 2>&1 || { cat log; exit 1; }
    state removed; ls ${OURS} 2> /dev/null || echo no files
    dpkg -P lvmlockd > log 2>&1 || { cat log; exit 1; }
    state purged; ls /etc/default/lvmlockd 2> /dev/null || echo no settings`,
  );
  const lines = text.split("\n");
  const has = (pattern: RegExp) => assert(lines.some((line) => pattern.test(line)), text);
  has(/^installed .*lvmlockd ii/);
  has(/^installed .*lvm2-lockd .c/);
  assert(!/^..5|missing/m.test(text), text);
  for (const unit of ["lvmlockd.service", "lvmlockd.socket", "lvmlocks.service"]) {
    assert(lines.includes(unit), text);
  }
  has(/^upgraded .*\+next$/);
  has(/^mine$/);
  has(/^removed .*lvmlockd rc/);
  has(/^no files$/);
  assert(!/^purged .*lvmlockd .i/m.test(text), text);
  has(/^no settings$/);
});

Deno.test("lintian finds nothing", async () => {
  await using scratch = await Scratch.make();
  const path = await build(scratch, "a");
  const { stdout } = await run(["lintian", "--profile", "debian", "--fail-on", "none", path]);
  // What is judged is no ELF file here, so these overrides find nothing to override.
  assertEquals(stdout.split("\n").filter((line) => /^[EW]:/.test(line)), []);
});
