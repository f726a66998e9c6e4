/**
 * The Debian package on a host that runs LVM's own daemon, with active LVs all the time: changing
 * over, upgrading, removing, coming back.
 *
 * @module
 */
import { DROP_INS, kept, property, sanlockFiles, started, until } from "./common.ts";
import type { SystemdScenario } from "./scenario.ts";

const install = (deb: string) =>
  `dpkg -i --no-triggers --force-confold -B /run/shared/${deb} 2>&1; ` +
  "systemctl is-active lvmlockd.socket lvmlockd.service lvmlocks.service";

export const systemdPackage: SystemdScenario = {
  name: "systemd_package",
  diskMebibytes: [400],
  installed: "package",
  files: {
    ...sanlockFiles,
    [`${DROP_INS}/lvmlockd.service.d/stock.conf`]:
      "[Service]\nExecStart=\nExecStart=/sbin/lvmlockd --foreground -o 1\n",
  },
  enabled: ["sanlock.service", "lvmlockd.service", "lvmlocks.service"],
  steps: [
    started,
    {
      name: "LVM's own daemon serves a VG with active LVs",
      run: "vgcreate --shared vg0 /dev/ubda && lvcreate -L 16M -n web vg0 && " +
        "lvcreate -an -Zn -L 16M -n logs vg0 && lvchange -asy vg0/logs && " +
        "systemctl show -p StatusText lvmlockd.service",
      stdout: /^StatusText=$/m,
      ...kept,
    },
    {
      name: "it is killed, and the package takes its place",
      run: `rm ${DROP_INS}/lvmlockd.service.d/stock.conf
        systemctl kill --signal=KILL lvmlockd.service; ${install("lvmlockd.deb")}; ` +
        "lvmlockctl status",
      stdout: [/^active\nactive\nactive$/m, /1 lockspace, 2 locks/],
      ...kept,
    },
    {
      name: "an upgrade hands over, and lets the VGs alone",
      run: `old=$(${property("MainPID")}); locks=$(${property("InvocationID", "lvmlocks.service")})
        ${install("next.deb")}; dpkg-query -W lvmlockd; [ $old != $(${property("MainPID")}) ] &&
        [ $locks = $(${property("InvocationID", "lvmlocks.service")}) ] && lvmlockctl status`,
      stdout: [/^active\nactive\nactive$/m, /\+next$/m, /1 lockspace, 2 locks/],
      ...kept,
    },
    {
      name: "removing it says that LVs are active, and leaves them so",
      run: "dpkg -r --no-triggers lvmlockd 2>&1; systemctl is-active lvmlockd.service; " +
        "ls /run/lvm/lvmlockd.socket; sanlock client status | grep -c '^r lvm_vg0:'; " +
        "dmsetup table",
      stdout: [/LVs of shared VGs are active/, /^inactive\n2$/m, /^vg0-web: .* linear/m],
      stderr: /No such file/,
    },
    {
      name: "the package comes back and has the same locks",
      run: `${install("next.deb")}; ${until("lvmlockctl --info | grep -q 'LK LV'")}`,
      stdout: /^active\nactive\nactive$/m,
      ...kept,
    },
  ],
};
