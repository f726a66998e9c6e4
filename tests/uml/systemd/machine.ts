/**
 * A host whose first process is a real systemd, with the daemon installed as an operator would: what
 * `deno task install` puts there, and nothing else.
 *
 * @module
 */
import { install, optionsFrom } from "../../../scripts/install.ts";
import type { DaemonCommand } from "../daemon.ts";
import { type Disk, Guest, makeDisk } from "../guest.ts";

/** Units of the daemon, as they are enabled on a real host. */
export const ownUnits = ["lvmlockd.socket", "lvmlockd.service", "lvmlocks.service"];

const programs = ["lvmlockd", "lvmlockctl"] as const;

export interface MachineOptions {
  name: string;
  /** An existing directory of its own. */
  directory: string;
  /** Sizes of the disks /dev/ubda, … */
  diskMebibytes: readonly number[];
  /** The daemon under test; its command line is made a program that is installed. */
  command: DaemonCommand;
  /**
   * `files`: as `deno task install` leaves it, with its units enabled. `package`: nothing, but two
   * packages of it, lvmlockd.deb and its successor next.deb, are in the folder.
   */
  installed: "files" | "package";
  /** More files of the root, by path, and more units to enable. */
  files?: Record<string, string>;
  enabled?: readonly string[];
  /** The guest is killed after this many milliseconds. */
  limitMs: number;
}

/** In an ordinary host's place; see guest_init.sh. */
const LVM_CONF = `
global { use_lvmlockd = 1 event_activation = 0 notify_dbus = 0 }
devices { types = [ "ubd", 16 ] }
activation { monitoring = 0 reserved_memory = 0 reserved_stack = 0 }
local { host_id = 1 }
`;

const MODULES = "dm-mod\ndm-mirror\ndm-snapshot\ndm-thin-pool\n";

const HARNESS = `[Unit]
Description=Commands of the test
DefaultDependencies=no
After=sysinit.target
[Service]
ExecStart=${import.meta.dirname}/serve.sh
IgnoreSIGPIPE=no
[Install]
WantedBy=sysinit.target
`;

export class Machine implements AsyncDisposable {
  #guest: Guest | undefined;

  private constructor(private readonly options: MachineOptions, private readonly disks: Disk[]) {}

  /** Installs the daemon and boots; resolves when the machine takes commands, which is early. */
  static async boot(options: MachineOptions): Promise<Machine> {
    const { directory, diskMebibytes } = options;
    const disks = await Promise.all(
      diskMebibytes.map((size, i) => makeDisk(`${directory}/disk${i}`, size)),
    );
    await prepare(options);
    const machine = new Machine(options, disks);
    await machine.start();
    return machine;
  }

  get guest(): Guest {
    if (this.#guest === undefined) throw new Error("the machine is off");
    return this.#guest;
  }

  async start(): Promise<void> {
    const { name, directory, limitMs } = this.options;
    this.#guest = await Guest.boot({
      name,
      directory,
      disks: this.disks,
      limitMs,
      memoryMb: 768,
      init: `${import.meta.dirname}/init.sh`,
    });
  }

  /** Shuts down in order. Returns what the console has shown meanwhile. */
  async powerOff(): Promise<string> {
    const console = `${this.options.directory}/${this.options.name}.console`;
    const before = Deno.statSync(console).size;
    await this.guest[Symbol.asyncDispose]();
    this.#guest = undefined;
    return new TextDecoder().decode(Deno.readFileSync(console).subarray(before));
  }

  /** As if its power were cut. */
  async crash(): Promise<void> {
    await this.guest.crash();
    this.#guest = undefined;
  }

  /** Kills the guest; whatever waits for it is rejected with `reason`. */
  giveUp(reason: string): void {
    this.#guest?.kill(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#guest?.[Symbol.asyncDispose]();
  }
}

/** Writes the tree on top of the guest's root, and which units are enabled there. */
async function prepare(options: MachineOptions): Promise<void> {
  const { directory, command, installed, files = {}, enabled = [] } = options;
  const root = `${directory}/root`;
  const program = `${directory}/program`;
  Deno.writeTextFileSync(program, programOf(command), { mode: 0o755 });
  Deno.mkdirSync(`${root}/var/lib/dpkg`, { recursive: true });
  if (installed === "package") await makePackages(directory, program);
  else install({ ...optionsFrom(() => undefined), destdir: root, program }, programs);
  // Ours is in its place.
  Deno.copyFileSync("/sbin/lvmlockd", `${directory}/stock`);
  const all = {
    "/etc/lvm/lvm.conf": LVM_CONF,
    "/etc/modules-load.d/guest.conf": MODULES,
    "/etc/machine-id": "0123456789abcdef0123456789abcdef\n",
    "/etc/hostname": "node1\n",
    ...files,
  };
  for (const [path, text] of Object.entries(all)) {
    Deno.mkdirSync((root + path).replace(/\/[^/]*$/, ""), { recursive: true });
    Deno.writeTextFileSync(root + path, text);
  }
  Deno.mkdirSync(`${root}/usr/lib`, { recursive: true });
  // The guest kernel's modules lie where its package put them.
  Deno.symlinkSync("uml/modules", `${root}/usr/lib/modules`);
  Deno.mkdirSync(`${directory}/units`);
  Deno.writeTextFileSync(`${directory}/units/harness.service`, HARNESS);
  const units = ["harness.service", ...enabled, ...installed === "files" ? ownUnits : []];
  Deno.writeTextFileSync(`${directory}/enabled`, `${units.join("\n")}\n`);
}

async function makePackages(directory: string, program: string): Promise<void> {
  const sources = new URL("../../../", import.meta.url).pathname;
  await run([Deno.execPath(), "run", "-A", `${sources}scripts/deb.ts`, "--fast", "--out", "debs"]);
  await run([
    "sh",
    "-ec",
    `mv debs/*.deb lvmlockd.deb; dpkg-deb -R lvmlockd.deb next
    sed -i 's/^Version: .*/&+next/' next/DEBIAN/control
    dpkg-deb -Zgzip -z1 --root-owner-group -b next next.deb
    # What concerns the package: dpkg takes long to read the rest.
    dpkg-query -s lvm2-lockd lvm2 libc6 libgcc-s1 > root/var/lib/dpkg/status`,
  ]);

  async function run([file, ...args]: string[]): Promise<void> {
    const env = { LVMLOCKD: program };
    const { success, stderr } = await new Deno.Command(file!, { args, env, cwd: directory })
      .output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  }
}

/** One program for both names, like the one that is built. */
function programOf({ setup = ":", line }: DaemonCommand): string {
  const alone = line.replace(/ --foreground$/, "");
  return `#!/bin/sh
${setup}
case $0 in
  */lvmlockctl) exec ${alone} ctl "$@" ;;
  *) exec ${alone} "$@" ;;
esac
`;
}
