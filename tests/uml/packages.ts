/**
 * The Debian packages that the guests need on the host, and a check that says what is missing.
 *
 * @module
 */

/** Debian 12 package names, each with a file that shows that it is installed. */
const witnesses = {
  "user-mode-linux": "/usr/bin/linux.uml",
  "uml-utilities": "/usr/bin/uml_mconsole",
  "lvm2": "/sbin/lvm",
  "lvm2-lockd": "/sbin/lvmlockctl",
  "sanlock": "/usr/sbin/sanlock",
  "corosync": "/usr/sbin/corosync",
  "dlm-controld": "/usr/sbin/dlm_controld",
  "gcc": "/usr/bin/gcc",
  "libc6-dev": "/usr/include/stdio.h",
  "iproute2": "/sbin/ip",
  "strace": "/usr/bin/strace",
  "dmsetup": "/sbin/dmsetup",
  "thin-provisioning-tools": "/usr/sbin/thin_check",
  "udev": "/lib/systemd/systemd-udevd",
  "systemd": "/lib/systemd/systemd",
  "kmod": "/sbin/modprobe",
} as const;

/** What `apt-get install` must have been given before the guests can run. */
export const requiredPackages: readonly string[] = Object.keys(witnesses);

/** The packages of {@link requiredPackages} that are not installed. */
export function missingPackages(): string[] {
  return Object.entries(witnesses).filter(([, file]) => !exists(file)).map(([name]) => name);
}

/** A message for people, or `undefined` when nothing is missing. */
export function complaint(): string | undefined {
  const missing = missingPackages();
  if (missing.length === 0) return undefined;
  return `The guests need Debian packages that are not installed.\n` +
    `Install them with: apt-get install ${missing.join(" ")}`;
}

function exists(file: string): boolean {
  try {
    Deno.statSync(file);
    return true;
  } catch {
    return false;
  }
}
