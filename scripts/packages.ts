/**
 * The Debian packages that each group of tests needs. As root the missing ones are installed,
 * without starting their services; anyone else is told the command.
 *
 *     deno run -A scripts/packages.ts            all groups
 *     deno run -A scripts/packages.ts uml        some groups
 *
 * @module
 */

/** Test group → packages of Debian 12. What every Debian has (bash, coreutils) is left out. */
export const packagesOf = {
  // Manuals, completions, units and the Debian package, judged by the programs they are for.
  install: [
    "dpkg",
    "fish",
    "groff-base",
    "lintian",
    "lvm2",
    "lvm2-lockd",
    "man-db",
    "mandoc",
    "mount",
    "systemd",
    "util-linux",
    "zsh",
  ],
  // Stock tools against our daemon and ours against the stock one, in namespaces of their own.
  integration: ["kmod", "lvm2", "lvm2-lockd", "mount", "util-linux"],
  // sanlock's library against real daemons of it, and its headers against our structures.
  sanlock: ["gcc", "libc6-dev", "libsanlock-client1", "libsanlock-dev", "sanlock", "util-linux"],
  // The DLM's libraries and dlm_tool without a cluster, and their headers against our structures.
  dlm: ["dlm-controld", "gcc", "libc6-dev", "libdlm-dev", "libdlmcontrol-dev", "util-linux"],
  // The one executable, and the lock table in a program in C.
  package: ["gcc", "libc6-dev", "lvm2-lockd", "procps", "util-linux", "wabt"],
  // A library of our own in the place of IDM's, and daemons with a sysfs of their own.
  idm: ["binutils", "gcc", "libc6-dev", "mount", "util-linux"],
  // Daemons with a real sanlock that are killed, crowded and starved.
  faults: ["libsanlock-client1", "mount", "sanlock", "util-linux"],
  // The stock daemon as the judge of ours.
  oracle: ["lvm2-lockd", "util-linux"],
  // Whole hosts in User-Mode Linux with LVM on a shared disk.
  uml: [
    "corosync",
    "dlm-controld",
    "dmsetup",
    "gcc",
    "iproute2",
    "kmod",
    "libc6-dev",
    "libsanlock-client1",
    "lvm2",
    "lvm2-lockd",
    "procps",
    "sanlock",
    "strace",
    "systemd",
    "thin-provisioning-tools",
    "udev",
    "uml-utilities",
    "user-mode-linux",
    "util-linux",
  ],
} as const satisfies Record<string, readonly string[]>;

export type Group = keyof typeof packagesOf;
export const groups = Object.keys(packagesOf) as Group[];

/** The system that is asked and changed; tests put another in its place. */
export interface System {
  isRoot(): boolean;
  /** Runs a command to its end. `quiet` keeps its output back and returns it. */
  run(command: string[], quiet: boolean): Promise<{ success: boolean; output: string }>;
  /** Runs `body` while Debian's package scripts start no services. */
  withoutServices<T>(body: () => Promise<T>): Promise<T>;
  print(text: string): void;
}

/** Debian asks this program, if it is there, whether a package may start its service. */
const policyFile = "/usr/sbin/policy-rc.d";
const forbidAll = "#!/bin/sh\n# While tests install packages: start no services.\nexit 101\n";

/**
 * Runs `body` with a policy that forbids services to start. A policy that exists already is the
 * administrator's and stays as it is. Interrupts wait, so that the policy never outlives `body`.
 */
export async function withServicePolicy<T>(file: string, body: () => Promise<T>): Promise<T> {
  try {
    await Deno.writeTextFile(file, forbidAll, { createNew: true, mode: 0o755 });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return await body();
    throw error;
  }
  const wait = () => {};
  const signals: Deno.Signal[] = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) Deno.addSignalListener(signal, wait);
  try {
    return await body();
  } finally {
    await Deno.remove(file);
    for (const signal of signals) Deno.removeSignalListener(signal, wait);
  }
}

export const realSystem: System = {
  isRoot: () => Deno.uid() === 0,
  async run([program, ...args], quiet) {
    const stdio = quiet ? "piped" : "inherit";
    const env = { DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" };
    try {
      const command = new Deno.Command(program!, {
        args,
        env,
        stdin: "null",
        stdout: stdio,
        stderr: stdio,
      });
      const child = command.spawn();
      const output = quiet ? await new Response(child.stdout).text() : "";
      if (quiet) await child.stderr.cancel();
      return { success: (await child.status).success, output };
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return { success: false, output: "" };
      throw error;
    }
  },
  withoutServices: (body) => withServicePolicy(policyFile, body),
  print: (text) => console.error(text),
};

/** The packages of `wanted` that are not fully installed, in alphabetical order. */
export async function missingPackages(wanted: Group[], system = realSystem): Promise<string[]> {
  const names = [...new Set(wanted.flatMap((group) => packagesOf[group]))].sort();
  const format = "${Package} ${db:Status-Abbrev}\n";
  const { output } = await system.run(["dpkg-query", "-W", "-f", format, ...names], true);
  const installed = new Set(
    output.split("\n").filter((line) => /^\S+ .i /.test(line)).map((line) => line.split(" ")[0]),
  );
  return names.filter((name) => !installed.has(name));
}

/**
 * Makes sure that the packages of some groups are installed.
 *
 * @returns Whether they are. If not, what to do has been printed.
 */
export async function ensurePackages(wanted: Group[], system = realSystem): Promise<boolean> {
  const missing = await missingPackages(wanted, system);
  if (missing.length === 0) return true;
  const update = ["apt-get", "update"];
  const install = ["apt-get", "install", "-y", "--no-install-recommends", ...missing];
  if (!system.isRoot()) {
    system.print(
      `The tests need packages of Debian 12 that are not installed. Run as root:\n` +
        `  ${update.join(" ")} && ${install.join(" ")}`,
    );
    return false;
  }
  system.print(`Installing ${missing.join(" ")}`);
  await system.withoutServices(async () => {
    // Installing may work from lists that are there even when no mirror can be reached.
    await system.run(update, false);
    await system.run(install, false);
  });
  const left = await missingPackages(wanted, system);
  if (left.length > 0) system.print(`Could not install ${left.join(" ")}`);
  return left.length === 0;
}

/**
 * Runs the command line.
 *
 * @returns The exit code.
 */
export async function main(args: string[], system = realSystem): Promise<number> {
  const wanted = args.length > 0 ? args : groups;
  const unknown = wanted.filter((name) => !(groups as string[]).includes(name));
  if (unknown.length > 0) {
    system.print(`No test group ${unknown.join(", ")}: there are ${groups.join(", ")}`);
    return 2;
  }
  if (!await ensurePackages(wanted as Group[], system)) return 1;
  system.print("All packages are installed");
  return 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
