/**
 * The one file on a host that has nothing else of this project, no Deno, no npm and no network: LVM's
 * own commands work with it, and so do both control tools.
 *
 * @module
 */
import { main as build } from "../../scripts/build.ts";
import type { DaemonCommand } from "./daemon.ts";
import type { Scenario, Step } from "./scenario.ts";

/** Where the guest has the file, under both names. */
const BIN = "/run/bin";

/** Everything of which the file might secretly make use. */
async function toBeHidden(): Promise<string[]> {
  const info = new Deno.Command(Deno.execPath(), { args: ["info", "--json"], stderr: "null" });
  const { denoDir } = JSON.parse(new TextDecoder().decode((await info.output()).stdout)) as {
    denoDir: string;
  };
  const deno = Deno.execPath().replace(/\/[^/]*$/, "");
  const project = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");
  return [deno, denoDir, project, "/root", "/usr/local"];
}

/** Builds the file and copies it into the guest, where nothing of us is left besides. */
async function oneFile(): Promise<DaemonCommand> {
  const out = await Deno.makeTempDir({ prefix: "lvmlockd-one-file-" });
  globalThis.addEventListener("unload", () => Deno.removeSync(out, { recursive: true }));
  if (await build(["--out", out]) !== 0) throw new Error("the build failed");
  const hide = (await toBeHidden()).map((path) => `[ ! -d ${path} ] || mount -t tmpfs no ${path}`);
  const programs = ["node", "npm", "npx", "deno"].map((name) =>
    `p=$(readlink -e "$(command -v ${name})") && mount --bind /dev/null "$p"`
  );
  const copy = `mkdir ${BIN}; cp ${out}/lvmlockd ${BIN}; ln -s lvmlockd ${BIN}/lvmlockctl`;
  return {
    kind: "ours",
    setup: `[ -d ${BIN} ] || { ${[copy, ...hide, ...programs].join("; ")}; }; true`,
    line: `${BIN}/lvmlockd --foreground`,
  };
}

const steps: Step[] = [
  {
    name: "the host has no Deno",
    run: "for p in deno node npm npx; do $p --version && echo found $p; done; ls -A /root; true",
    stdout: { not: /./ },
  },
  {
    name: "the daemon is called lvmlockd",
    run: `p=$(< /run/daemon.pid); cat /proc/$p/comm; tr '\\0' ' ' < /proc/$p/cmdline; ` +
      "readlink /proc/$p/exe; pgrep -cx lvmlockd",
    stdout: /^lvmlockd\n\/run\/bin\/lvmlockd --foreground .*\/run\/bin\/lvmlockd\n1\n$/,
  },
  {
    name: "a shared VG is created",
    run: "vgcreate --shared vg0 /dev/ubda",
    stdout: [`Volume group "vg0" successfully created`, "VG vg0 starting dlm lockspace"],
    info: /^LS dlm lvm_vg0$/m,
    locks: {},
  },
  {
    name: "LVs are created, and are active",
    run: "lvcreate -L 32M -n one vg0 && lvcreate -L 32M -n two vg0",
    locks: { "vg0/one": "ex", "vg0/two": "ex" },
  },
  {
    name: "they hold data",
    run: "echo precious > /dev/vg0/one && sync && head -c 8 /dev/vg0/one",
    stdout: /^precious$/,
  },
  {
    name: "one is activated shared",
    run: "lvchange -an vg0/one && lvchange -asy vg0/one",
    locks: { "vg0/one": "sh", "vg0/two": "ex" },
  },
  {
    name: "the control tool, by its name, shows what the stock one shows",
    run: `lvmlockctl --info > /run/stock && ${BIN}/lvmlockctl --info > /run/ours && ` +
      "for f in stock ours; do grep '^LK' /run/$f > /run/$f.locks; done; " +
      "diff /run/stock.locks /run/ours.locks && grep -c '^LK LV' /run/ours.locks",
    stdout: /^2\n$/,
  },
  {
    name: "and has its own commands, also behind the daemon's name",
    run: `${BIN}/lvmlockctl locks && ${BIN}/lvmlockd ctl status`,
    stdout: [/^LV vg0\/\S+ +sh +held, persistent/m, /^Serving +2 lockspaces, 2 locks/m],
  },
  {
    name: "a VG lock is held for a command",
    run: `${BIN}/lvmlockctl lock vg vg0 ex -- echo done`,
    stdout: /^done$/m,
  },
  {
    name: "the daemon is killed and, with its file deleted, comes back in the background",
    act: async (daemon) => {
      await daemon.kill();
      const file = `${BIN}/lvmlockd`;
      const script = `cp ${file} ${file}.new; exec 9< ${file}; mv ${file}.new ${file}; ` +
        `(exec -a lvmlockd /proc/self/fd/9)`;
      const { code, stderr } = await daemon.guest.run(script);
      if (code !== 0) throw new Error(`exit ${code}: ${stderr}`);
    },
    locks: { "vg0/one": "sh", "vg0/two": "ex" },
  },
  {
    name: "it answers as soon as its starter has come back",
    run: `${BIN}/lvmlockd ctl --quit; pkill -9 -x lvmlockd; while pgrep -x lvmlockd; do :; done; ` +
      `${BIN}/lvmlockd && lvmlockctl --info && cat /proc/$(< /run/lvmlockd.pid)/comm`,
    stdout: [/^LS dlm lvm_vg0$/m, /^lvmlockd$/m],
  },
  {
    name: "everything is released",
    run: "vgchange -an vg0 && vgchange --lockstop vg0",
    info: { not: /^LS dlm lvm_vg0$/m },
    locks: {},
  },
  {
    name: "the VG is started again and removed",
    run: "vgchange --lockstart vg0 && vgremove -ff -y vg0",
    stdout: `Volume group "vg0" successfully removed`,
  },
];

export const oneFileScenario: Scenario = {
  name: "one_file",
  daemons: ["ours"],
  daemon: oneFile,
  diskMebibytes: [256],
  steps,
};
