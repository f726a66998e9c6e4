/** Where it cannot start it says why, and leaves nothing half done. @module */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Executable } from "./executables.ts";
import { CTL, DAEMON, Host, TEST_MODE } from "./host.ts";

interface Fault {
  name: string;
  /** What is done to the host before. */
  before?: string;
  /** The command; the daemon in its test mode if there is none. */
  command?: string;
  code: number;
  /** Of what it prints on stderr. */
  says: RegExp;
}

const faults: Fault[] = [
  {
    name: "an unknown option",
    command: `${DAEMON} --bogus`,
    code: 1,
    says: /^lvmlockd: Unknown option --bogus$/m,
  },
  {
    name: "an option that needs an argument",
    command: `${DAEMON} -p`,
    code: 1,
    says: /^lvmlockd: Option --pid-file requires an argument$/m,
  },
  {
    name: "a lock type that there is not",
    command: `${DAEMON} -g bogus`,
    code: 1,
    says: /^lvmlockd: invalid gl-type option "bogus"/m,
  },
  {
    name: "a directory for the socket that is not there",
    command: `${DAEMON} --test -s /run/no/socket`,
    code: 1,
    says: /^lvmlockd: .*\/run\/no\/socket/m,
  },
  {
    name: "a directory for the socket that it must not enter",
    before: "chmod 0755 /run /run/bin; touch /run/lvmlockd.pid; chown nobody /run/lvmlockd.pid",
    command: `setpriv --reuid=65534 --regid=65534 --clear-groups ${DAEMON} --test`,
    code: 1,
    says: /^lvmlockd: .*\/run\/lvm\/lvmlockd.socket.*[Pp]ermission denied/m,
  },
  {
    name: "a pid file that it must not make",
    before: "chmod 0755 /run /run/bin",
    command: `setpriv --reuid=65534 --regid=65534 --clear-groups ${DAEMON} --test`,
    code: 13,
    says: /^lvmlockd: Cannot open lockfile \[\/run\/lvmlockd.pid\].*Permission denied/m,
  },
  {
    name: "a /run that is read-only",
    before: "mount -o remount,ro /run",
    code: 13,
    says: /^lvmlockd: Cannot open lockfile \[\/run\/lvmlockd.pid\].*Read-only file system/m,
  },
  {
    name: "a /run that is full",
    before: "s=$(df -k --output=used /run | tail -1); mount -o remount,size=${s}k /run; " +
      "! dd if=/dev/zero of=/run/full bs=1k 2> /dev/null",
    code: 13,
    says: /^lvmlockd: Cannot (open lockfile|write) \[\/run\/lvmlockd.pid\].*No space left/m,
  },
  {
    name: "a /run with no room for files",
    // One file can be made, which is the pid file; the socket cannot.
    before: "mount -o remount,nr_inodes=60 /run; i=0; " +
      "while touch /run/f$i 2> /dev/null; do i=$((i + 1)); done; rm /run/f0",
    code: 1,
    says: /^lvmlockd: .*([Nn]o space left|ENOSPC)/m,
  },
];

/** These end before Deno starts; an executable of `deno compile` has its own words for them. */
const launcherFaults: Fault[] = [
  {
    name: "no /proc",
    before: "mount -t tmpfs none /proc",
    code: 1,
    says: /^lvmlockd: cannot read \/proc\/self\/exe: is \/proc mounted\? \(errno 2\)$/m,
  },
  {
    name: "a file that was cut off",
    before: `truncate -s -1000000 ${DAEMON}`,
    code: 1,
    says:
      /^lvmlockd: this executable is damaged: it has \d+ bytes instead of \d+; install it again$/m,
  },
  {
    name: "a file that was cut off early",
    before: `truncate -s 100000 ${DAEMON}`,
    code: 1,
    says: /^lvmlockd: this executable is damaged: it has 100000 bytes instead of \d+; /m,
  },
  {
    name: "a file with something behind it",
    before: `echo more >> ${DAEMON}`,
    code: 1,
    says: /^lvmlockd: this executable is damaged: it has /m,
  },
  {
    name: "a bit that fell over in Deno",
    before: flip("50000000"),
    code: 1,
    says: /^lvmlockd: this executable is damaged: its checksum is wrong; install it again$/m,
  },
  {
    name: "a bit that fell over in our program",
    before: flip("$(($(stat -c %s $f) - 500000))"),
    code: 1,
    says: /^lvmlockd: this executable is damaged: its checksum is wrong; install it again$/m,
  },
  {
    name: "the control tool with a file that was cut off",
    before: `truncate -s -1 ${DAEMON}`,
    command: `${CTL} --info`,
    code: 1,
    says: /^lvmlockctl: this executable is damaged: /m,
  },
  {
    name: "a system without the dynamic loader",
    before: "mount --bind /var/empty /lib64 || { mkdir /run/none; mount --bind /run/none /lib64; }",
    code: 1,
    says: /^lvmlockd: this system has no \/lib64\/ld-linux-x86-64\.so\.2: /m,
  },
];

/** Turns one bit of the file around. */
function flip(at: string): string {
  const byte = "$(printf '\\\\%03o' $((b ^ 4)))";
  return `f=${DAEMON}; at=${at}; b=$(od -An -tu1 -j $at -N 1 $f); ` +
    `printf "${byte}" | dd of=$f bs=1 seek=$at conv=notrunc 2> /dev/null`;
}

export function faultCases(executable: Executable): void {
  const { way } = executable;
  for (const fault of way === "launcher" ? [...faults, ...launcherFaults] : faults) {
    Deno.test(`${way}: ${fault.name} is told, and nothing stays behind`, async () => {
      await using host = await Host.open(executable);
      const made = fault.name.includes("must not enter") ? ["lvmlockd.pid"] : [];
      const before = fault.before ?? "true";
      const command = fault.command ?? `${DAEMON} ${TEST_MODE.join(" ")}`;
      // Programs of the host are not to be relied on any more once it is broken.
      const { code, stderr } = await host.run(["sh", "-c", `{ ${before}; } && exec ${command}`]);
      assertMatch(stderr, fault.says);
      assertEquals(code, fault.code);
      assertEquals(host.remains().filter((name) => !made.includes(name)), []);
    });
  }

  Deno.test(`${way}: a second daemon is refused and the first one goes on`, async () => {
    await using host = await Host.open(executable);
    await host.must([DAEMON, ...TEST_MODE]);
    const { pid } = host;
    const { code, stderr } = await host.run([DAEMON, ...TEST_MODE]);
    assertEquals(code, 13);
    assertMatch(stderr, /^lvmlockd: Cannot lock lockfile .*Already running\?$/m);
    assertEquals(host.pid, pid);
    await host.must(["lvmlockctl", "--info"]);
    await host.must([CTL, "status"]);
  });

  Deno.test(`${way}: without sanlock's library it serves, and says what to install`, async () => {
    await using host = await Host.open(executable);
    const hide = "for f in $(ldconfig -p | sed -n 's/.*libsanlock_client.* => //p'); do " +
      "mount --bind /dev/null $f; done";
    await host.sh(hide);
    await host.must([DAEMON, "--embedded-name", `embedded-lib-${Deno.pid}`]);
    const status = await host.must([CTL, "status"]);
    await host.must(["lvmlockctl", "--info"]);
    assert(/embedded/.test(status), status);
    Deno.kill(host.pid, "SIGKILL");
    await host.sh(`rm -f /run/lock/lvmlockd-embedded-lib-${Deno.pid}.pid`);
  });
}
