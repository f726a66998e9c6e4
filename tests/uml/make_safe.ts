/**
 * `lvmlockctl --kill VG --make-safe` on real device-mapper: whatever kinds of LVs a VG has and
 * whatever has become of its disks, either nothing can be written to them any more and the locks are
 * dropped, or the locks stay and it is said why.
 *
 * @module
 */
import type { Scenario, Step } from "./scenario.ts";
import { attach, cut, disk, hang, LVM_CONF, restore, wake } from "./storage.ts";

const main = new URL("../../main.ts", import.meta.url).pathname;
const program = `env DENO_DIR=/run/deno NO_COLOR=1 ${Deno.execPath()} run -A --cached-only ${main}`;
/** A busy machine may take longer for all this than the tool does by default. */
const kill = `${program} ctl --stderr --kill vg0 --make-safe --deadline 100`;

const running = /^LS dlm lvm_vg0$/m;
const dropped = { not: running };
const held = Object.fromEntries(
  ["lin", "str", "mir", "pool", "ro", "data"].map((lv) => [`vg0/${lv}`, "ex" as const]),
);
const parts = "vg0-lin vg0-lin-real vg0-snap vg0-snap-cow vg0-str vg0-mir vg0-mir_rimage_0 " +
  "vg0-mir_rimage_1 vg0-mir_rmeta_0 vg0-mir_rmeta_1 vg0-pool vg0-pool-tpool vg0-pool_tdata " +
  "vg0-pool_tmeta vg0-thin vg0-ro vg0-data vg0-data_corig vg0-fast_cvol vg0-fast_cvol-cdata " +
  "vg0-fast_cvol-cmeta";
const all = (target: string) => Object.fromEntries(parts.split(" ").map((name) => [name, target]));
const count = parts.split(" ").length;

/** What `--kill --make-safe` says when all went well. */
const safe = {
  code: 0,
  stderr: [
    /^lvmlockd lost access to locks in VG vg0\.$/m,
    new RegExp(`^VG vg0 is safe: its ${count} devices fail all I/O\\.$`, "m"),
    { not: "may still write" },
  ],
  devices: all("error"),
  info: dropped,
  locks: {},
};

/** What it says when a device may still write. */
const kept = {
  code: 255,
  stderr: [
    /^The locks of VG vg0 are not dropped\.$/m,
    /^Once VG is unused, run lvmlockctl --drop vg0\.$/m,
    { not: "is safe" },
  ],
};

const otherPrograms = `dmsetup create vg0-str_crypt -u CRYPT-PLAIN-vg0-str_crypt \
    --table '0 2048 linear /dev/vg0/str 0' &&
  dmsetup create other --table '0 2048 linear /dev/vg0/thin 0'`;

const preparation: Step[] = [
  {
    name: "the disks can fail",
    act: ({ guest }) => attach(guest, 2),
  },
  {
    name: "a shared VG has LVs of many kinds",
    run: `echo '${LVM_CONF}' >> /run/lvmconf/lvm.conf &&
      vgcreate --shared vg0 ${disk(0)} ${disk(1)} && lvcreate -y -L 16M -n lin vg0 &&
      printf precious | dd of=/dev/vg0/lin conv=fsync && lvcreate -s -L 8M -n snap vg0/lin &&
      lvcreate -y -i 2 -L 16M -n str vg0 && lvcreate -y --type raid1 -m 1 --nosync -L 16M -n mir vg0 &&
      lvcreate -y --type thin-pool -L 32M -n pool vg0 &&
      lvcreate -y -V 64M --thinpool pool -n thin vg0 &&
      lvcreate -y -L 16M -n data vg0 && lvcreate -an -Zn -L 16M -n fast vg0 &&
      lvconvert -y --type cache --cachevol fast vg0/data &&
      lvcreate -y -L 8M -n ro vg0 && lvchange -pr vg0/ro`,
    locks: held,
  },
  {
    // A new cache has no metadata on disk before that: a loss of power would leave it damaged.
    name: "they are deactivated and activated once",
    run: "vgchange -an vg0 && vgchange -aey vg0",
    locks: held,
  },
  { name: "other programs' devices stand on them", run: otherPrograms },
];

/** Write all the time, to every kind of LV, whether it works or not. They pause without a process. */
const writers: Step = {
  name: "programs write to all LVs",
  run: `exec 9<> <(:)
    for lv in vg0/snap vg0/mir vg0/thin vg0/data mapper/vg0-str_crypt mapper/other; do
      while [ ! -e /run/enough ]; do
        dd if=/dev/urandom of=/dev/$lv bs=4k count=4 oflag=direct; read -t 1 -u 9
      done > /dev/null 2>&1 &
    done`,
};

/** All of the VG as it was, for the next trial. */
const again = (name: string): Step => ({
  name,
  run: `rm -f /run/enough; udevadm settle; dmsetup remove other vg0-str_crypt
    vgchange --lockstart vg0 && vgchange -an vg0 && vgchange -aey vg0 && ${otherPrograms} &&
    head -c 8 /dev/vg0/lin && lvs --noheadings -o lv_name,lv_health_status,lv_attr vg0`,
  stdout: [/precious/, { not: /partial|needed|mismatch|failed|invalid/ }],
  locks: held,
});

const SUM = `sum() { cat ${disk(0)} ${disk(1)} | sha256sum; }; before=$(sum); sleep 1`;

const working: Step[] = [
  writers,
  { name: "a VG whose disks work and are written to is made safe", run: kill, ...safe },
  {
    name: "nothing reaches the disks any more",
    run: `${SUM}
      for lv in lin snap str mir thin data ro; do
        dd if=/dev/urandom of=/dev/vg0/$lv bs=64k count=1 oflag=direct && exit 3
      done
      touch /run/enough; [ "$before" = "$(sum)" ]`,
  },
  { name: "making it safe once more does no harm", run: kill, ...safe },
  again("it can be started and used again, and nothing is damaged"),
];

const failing: Step[] = [
  {
    name: "the disks fail all I/O",
    act: async ({ guest }) => {
      await cut(guest, 0);
      await cut(guest, 1);
    },
  },
  writers,
  { name: "a VG whose disks fail is made safe", run: kill, ...safe },
  {
    name: "the disks come back",
    act: async ({ guest }) => {
      await restore(guest, 0);
      await restore(guest, 1);
    },
  },
  {
    name: "nothing is written to them",
    run: `${SUM}; touch /run/enough; [ "$before" = "$(sum)" ]`,
  },
  again("it can be started and used again after its disks failed"),
];

const hanging: Step[] = [
  {
    name: "the disks do not answer",
    act: async ({ guest }) => {
      await guest.run("udevadm settle");
      await hang(guest, "disk0");
      await hang(guest, "disk1");
    },
  },
  {
    name: "an idle VG is made safe all the same",
    run: kill,
    ...safe,
    stderr: [...safe.stderr, /^Disks of VG vg0 that do not answer: \d+:0, \d+:1\.$/m],
  },
  {
    name: "the disks answer again",
    act: async ({ guest }) => {
      await wake(guest, "disk0");
      await wake(guest, "disk1");
    },
  },
  again("it can be started and used again after its disks hung"),
  {
    name: "the disks do not answer while something is written",
    act: async ({ guest }) => {
      await hang(guest, "disk0");
      await guest.run(
        `dd if=/dev/zero of=/dev/vg0/mir bs=64k count=1 oflag=direct > /run/dd.out 2>&1 &
         dd if=/dev/zero of=/dev/vg0/str bs=64k count=4 oflag=direct > /run/dd.out 2>&1 &
         sleep 1`,
      );
    },
  },
  {
    name: "a VG whose I/O does not end keeps its locks, and it is said why",
    run: `${kill} --deadline 30; code=$?; dmsetup table; lvmlockctl --info; exit $code`,
    ...kept,
    stderr: [
      ...kept.stderr,
      /^Device vg0-str of VG vg0 waits for its I\/O to end\.$/m,
      /^Device vg0-str of VG vg0 may still write to the disks: .*striped.* its I\/O to end\.$/m,
      /^Device vg0-mir of VG vg0 may still write to the disks: /m,
      { not: /^Device vg0-(lin|thin|ro|mir_rimage_1) of VG vg0 may still/m },
    ],
    // No LVM command is asked here: it would wait for the disks.
    stdout: [/^vg0-lin: .* error/m, /^vg0-str: .* striped/m, running, /^LK LV ex /m],
  },
  {
    name: "the disks answer again",
    act: ({ guest }) => wake(guest, "disk0"),
  },
  { name: "what had been begun is found done", run: kill, ...safe },
  again("it can be started and used again after that"),
];

const configure = (command: string): Step => ({
  name: `the kill command is "${command}"`,
  run: `sed -i /lvmlockctl_kill_command/d /run/lvmconf/lvm.conf &&
    echo 'global { lvmlockctl_kill_command = "${command}" }' >> /run/lvmconf/lvm.conf`,
});

const commands: Step[] = [
  configure("/bin/true"),
  {
    name: "a kill command that does nothing does not cost the locks",
    run: kill,
    ...kept,
    stderr: [
      ...kept.stderr,
      "Successful VG vg0 kill command /bin/true vg0",
      "Device vg0-mir of VG vg0 may still write to the disks: its table can write (raid).",
    ],
    stdout: "Found lvmlockctl_kill_command: /bin/true",
    devices: { "vg0-lin": "snapshot-origin" },
    info: running,
  },
  {
    name: "there is a kill command that deactivates all LVs",
    run: `cat > /run/deactivate <<'EOF'
#!/bin/bash
dmsetup remove other vg0-str_crypt
# Those that others use can only be removed after them.
for attempt in {1..9}; do
  for device in /dev/mapper/$1-*; do [ -e $device ] && dmsetup remove $device; done
done 2> /dev/null
exit 0
EOF
chmod 755 /run/deactivate`,
  },
  configure("/run/deactivate"),
  {
    name: "after a kill command that worked the locks are dropped",
    run: kill,
    stderr: "VG vg0 is safe: no device of it is active.",
    devices: all(""),
    info: dropped,
  },
  configure(""),
];

const stranger: Step[] = [
  {
    name: "somebody maps a disk of the VG by hand",
    run: `vgchange --lockstart vg0 && lvchange -aey vg0/ro &&
      disk=$(dmsetup info -c --noheadings -o devs_used vg0-ro) &&
      dmsetup create vg0-byhand --table "0 2048 linear /dev/mapper/$disk 2048"`,
  },
  {
    name: "that is not touched, but the locks are not dropped",
    run: kill,
    ...kept,
    stderr: [
      ...kept.stderr,
      /^Device vg0-byhand of VG vg0 may still write to the disks: it uses the VG's disks/m,
    ],
    devices: { "vg0-ro": "error", "vg0-byhand": "linear" },
    info: running,
  },
  {
    name: "when it is gone they are",
    run: `dmsetup remove vg0-byhand && ${kill}`,
    devices: { "vg0-ro": "error" },
    info: dropped,
  },
];

export const makeSafe: Scenario = {
  name: "make_safe",
  daemons: ["ours"],
  diskMebibytes: [128, 128],
  steps: [...preparation, ...working, ...failing, ...hanging, ...commands, ...stranger],
};
