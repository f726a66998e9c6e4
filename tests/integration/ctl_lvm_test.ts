/**
 * The commands that read LVM's metadata, with a real shared VG on a loop device. Needs root and a
 * free loop device.
 */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { DaemonBench, ourCtl } from "./ctl_tools.ts";
import type { Finished } from "./sandbox.ts";

/** A bench of our daemon with a disk of 64 MiB that lvm sees alone. */
class DiskBench implements AsyncDisposable {
  private constructor(readonly bench: DaemonBench, readonly disk: string) {}

  static async open(): Promise<DiskBench> {
    const bench = await DaemonBench.open("ours");
    const attach = "truncate -s 64M /run/disk && losetup --find --show /run/disk";
    const { code, stdout, stderr } = await bench.sandbox.run(["sh", "-c", attach]);
    assertEquals([code, stderr], [0, ""]);
    const disk = new DiskBench(bench, stdout.trim());
    const configure = `mkdir /run/lvmetc && cat > /run/lvmetc/lvm.conf <<'EOF'
devices {
  filter = ["a|^${disk.disk}$|", "r|.*|"]
  use_devicesfile = 0
  obtain_device_list_from_udev = 0
  external_device_info_source = "none"
}
global {
  use_lvmlockd = 1
  locking_dir = "/run/lock/lvm"
}
backup {
  backup = 0
  archive = 0
}
EOF`;
    assertEquals((await bench.sandbox.run(["sh", "-c", configure])).code, 0);
    return disk;
  }

  run(...words: string[]): Promise<Finished> {
    return this.bench.sandbox.run(words, {
      LVM_SYSTEM_DIR: "/run/lvmetc",
      LVM_SUPPRESS_FD_WARNINGS: "1",
    });
  }

  ctl(...words: string[]): Promise<Finished> {
    return this.run(...ourCtl, ...words);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.bench.sandbox.run(["losetup", "--detach", this.disk]);
    await this.bench[Symbol.asyncDispose]();
  }
}

Deno.test("start reads lock type and args from the VG, and guesses nothing", async () => {
  await using disk = await DiskBench.open();
  const created = await disk.run("lvm", "vgcreate", "--shared", "vg0", disk.disk);
  assertEquals(created.code, 0, created.stderr);
  assertEquals((await disk.ctl("stop", "vg0")).stdout, "VG vg0: its locking is stopped.\n");
  assertEquals(await disk.ctl("start", "vg0"), {
    code: 0,
    stdout: "VG vg0: its locking is started.\n",
    stderr: "",
  });
  const { lockspaces } = JSON.parse((await disk.ctl("lockspaces", "--json")).stdout);
  const { vg, lockType, lockArgs, vgUuid } = lockspaces.at(-1);
  assertEquals([vg, lockType, lockArgs], ["vg0", "dlm", "1.0.0:test"]);
  assertMatch(vgUuid, /^\w{6}(-\w{4}){5}-\w{6}$/);

  const none = await disk.ctl("start", "nosuch");
  assertEquals([none.code, none.stdout], [5, ""]);
  assertStringIncludes(none.stderr, 'Volume group "nosuch" not found');
  const noLv = await disk.ctl("lock", "lv", "vg0/nosuch", "ex", "--persistent");
  assertEquals([noLv.code, noLv.stdout], [5, ""]);
});

const lvUuid = "16wgc7-qsD4-fgCk-391b-w1P6-CnpP-KuhQk2";
const lvMetadata = `
  logical_volumes {
    lv0 {
      id = "${lvUuid}"
      status = ["READ", "WRITE", "VISIBLE"]
      flags = []
      lock_args = "dlm"
      segment_count = 1
      segment1 {
        start_extent = 0
        extent_count = 1
        type = "striped"
        stripe_count = 1
        stripes = ["pv0", 0]
      }
    }
  }
`;

Deno.test("an LV can be called by its name, and is listed by it", async () => {
  await using disk = await DiskBench.open();
  const { sandbox } = disk.bench;
  assertEquals((await disk.run("lvm", "vgcreate", "--shared", "vg0", disk.disk)).code, 0);
  // The metadata is written by way of a backup: lvcreate needs device-mapper, which may be absent.
  assertEquals((await disk.run("lvm", "vgcfgbackup", "-f", "/run/saved", "vg0")).code, 0);
  const saved = await Deno.readTextFile(sandbox.outside("/run/saved"));
  const end = saved.lastIndexOf("}");
  const changed = saved.slice(0, end) + lvMetadata + saved.slice(end);
  await Deno.writeTextFile(sandbox.outside("/run/changed"), changed);
  assertEquals((await disk.run("lvm", "vgcfgrestore", "-f", "/run/changed", "vg0")).code, 0);

  const locked = await disk.ctl("lock", "lv", "vg0/lv0", "ex", "--persistent");
  const until = "until lvmlockctl unlock lv vg0/lv0\n";
  assertEquals([locked.code, locked.stdout], [0, `LV vg0/lv0 is locked ex, ${until}`]);
  assertMatch((await disk.ctl("locks", "--names")).stdout, /\nLV vg0\/lv0 +ex +held, persistent /);
  assertStringIncludes((await disk.ctl("locks", "vg0")).stdout, `LV vg0/${lvUuid}`);
  assertEquals((await disk.ctl("unlock", "lv", "vg0/lv0")).code, 0);
});

Deno.test("a VG that is not shared is not started", async () => {
  await using disk = await DiskBench.open();
  const created = await disk.run("lvm", "vgcreate", "vg1", disk.disk);
  assertEquals(created.code, 0, created.stderr);
  const { code, stdout, stderr } = await disk.ctl("start", "vg1");
  assertEquals([code, stdout], [5, ""]);
  assertEquals(
    stderr,
    "lvmlockctl: VG vg1 has lock type none and no lock args: it is no shared VG\n",
  );
});
