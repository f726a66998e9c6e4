/**
 * The kernel's DLM, with corosync and dlm_controld on every host and a network between the hosts: an
 * uml_switch on this machine, whose frames never leave a Unix socket. Nobody is fenced, so a host that
 * is gone is gone as soon as corosync notices. Logs are corosync.log and dlm_controld.log in the
 * host's directory.
 *
 * @module
 */
import type { Guest } from "../guest.ts";
import type { LockManager, Surroundings } from "./lock_manager.ts";

/** What the VGs of this cluster have in their lock args. */
export const CLUSTER_NAME = "umltest";

/** The switch runs until it is killed. */
async function prepare(directory: string, hosts: number): Promise<Surroundings> {
  const socket = `${directory}/switch`;
  const program = new Deno.Command("uml_switch", {
    args: ["-unix", socket],
    stdin: "piped", // it ends with its standard input
    stdout: "null",
    stderr: "null",
  }).spawn();
  await appears(socket, directory);
  return {
    kernelArguments: (id) => [`eth0=daemon,fe:fd:0a:4d:00:0${id},unix,${socket}`, `nodes=${hosts}`],
    async [Symbol.asyncDispose]() {
      program.kill("SIGKILL");
      await Promise.all([program.stdin.close(), program.status]);
    },
  };
}

async function appears(path: string, directory: string): Promise<void> {
  const watcher = Deno.watchFs(directory);
  const events = watcher[Symbol.asyncIterator]();
  while (!exists(path)) await events.next();
  watcher.close();
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

const CONFIGURE = (id: number) => `
set -e
nodes=$(sed -n 's/.*\\bnodes=\\([0-9]*\\).*/\\1/p' /proc/cmdline)
ip link set lo up; ip addr add 10.77.0.${id}/24 dev eth0; ip link set eth0 up
mkdir -p /run/cluster/lib /run/cluster/log/cluster /run/cluster/log/dlm_controld
mount --bind /run/cluster/lib /var/lib/corosync; mount --bind /run/cluster/log /var/log
for module in configfs dlm; do modprobe -d /run/modules $module; done
mount -t configfs none /sys/kernel/config
{ cat <<'END'
totem {
  version: 2
  cluster_name: ${CLUSTER_NAME}
  transport: udpu
  crypto_cipher: none
  crypto_hash: none
}
logging {
  to_stderr: yes
  to_logfile: no
  to_syslog: no
}
END
printf 'quorum {\\n  provider: corosync_votequorum\\n'
if [ $nodes = 2 ]; then printf '  two_node: 1\\n'; fi
printf '}\\nnodelist {\\n'
for ((n = 1; n <= nodes; n++)); do
  printf '  node {\\n    name: node%s\\n    nodeid: %s\\n    ring0_addr: 10.77.0.%s\\n  }\\n' $n $n $n
done
echo '}'; } > /run/cluster/corosync.conf`;

const COROSYNC = "exec corosync -f -c /run/cluster/corosync.conf >> /run/shared/corosync.log 2>&1";

const CONTROLD = "exec dlm_controld -D --enable_fencing 0 --enable_startup_fencing 0 " +
  "--enable_quorum_fencing 0 --enable_plock 0 >> /run/shared/dlm_controld.log 2>&1";

const awaitCommand = (command: string) =>
  `for i in {1..600}; do ${command} > /dev/null 2>&1 && exit; sleep 0.05; done; ${command}`;

/** Starts it; whether there is a quorum is up to the other host. */
export async function startDlm(guest: Guest, hostId: number): Promise<void> {
  await succeed(guest, CONFIGURE(hostId));
  // They end with the guest or by a signal; those who need them notice.
  guest.run(COROSYNC).catch(() => {});
  await succeed(guest, awaitCommand("corosync-cmapctl -b nodelist"));
  guest.run(CONTROLD).catch(() => {});
  await succeed(guest, awaitCommand("dlm_tool status"));
}

async function succeed(guest: Guest, script: string): Promise<void> {
  const { code, stderr } = await guest.run(script);
  if (code !== 0) throw new Error(`the DLM does not start: ${stderr}`);
}

const argument = "-g dlm -A 1";

export const dlm: LockManager = {
  daemonArguments: { ours: argument, stock: argument },
  prepare,
  start: startDlm,
};
