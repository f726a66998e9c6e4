/**
 * The cluster name under which the embedded lock manager poses as a dlm cluster. It is this host's
 * own, so that a VG made here is refused everywhere else: by other hosts, by real DLM clusters and
 * by the stock daemon, all of which compare the name in the VG's lock args with their cluster's.
 *
 * @module
 */
import { createHash } from "node:crypto";

/** Every embedded cluster's name begins so; real clusters are not named like that. */
export const PREFIX = "embedded-";

/** Where this host's identity comes from, in order; the first two are combined if both exist. */
const MACHINE_ID = ["/etc/machine-id", "/var/lib/dbus/machine-id"];
/** Differs between virtual machines cloned from one image, whose machine id may be the same. */
const PRODUCT_UUID = "/sys/class/dmi/id/product_uuid";
/** Made once on hosts that have neither. */
const OWN_ID = "/var/lib/lvmlockd/host-id";

/** The default directory for what must outlive the daemon but not the boot. */
export const DEFAULT_STATE_DIR = "/run/lvm";

const NAME = /^embedded-[A-Za-z0-9_-]{1,40}$/;

/**
 * Checks a name given by option.
 * @throws {RangeError} if it could be taken for a real cluster's, or does not fit in lock args.
 */
export function checkedName(name: string): string {
  if (NAME.test(name)) return name;
  throw new RangeError(
    `Invalid embedded cluster name "${name}": it must begin with "${PREFIX}", ` +
      "followed by 1 to 40 letters, digits, - or _",
  );
}

function read(path: string): string {
  try {
    return Deno.readTextFileSync(path).trim();
  } catch {
    return "";
  }
}

/** Words that identify this host for as long as it is installed. */
export function hostIdentity(): string {
  const machine = MACHINE_ID.map(read).find((id) => id !== "") ?? "";
  const identity = [machine, read(PRODUCT_UUID)].filter((id) => id !== "").join("/");
  return identity !== "" ? identity : ownIdentity();
}

function ownIdentity(): string {
  const known = read(OWN_ID);
  if (known !== "") return known;
  const made = crypto.randomUUID();
  Deno.mkdirSync(OWN_ID.slice(0, OWN_ID.lastIndexOf("/")), { recursive: true, mode: 0o700 });
  Deno.writeTextFileSync(OWN_ID, made + "\n", { createNew: true, mode: 0o600 });
  return made;
}

/**
 * The name derived from this host's identity. Another state directory makes another name: two
 * daemons that do not share their records must not serve the same VGs.
 */
export function derivedName(identity: string, stateDir: string): string {
  const place = stateDir === DEFAULT_STATE_DIR ? "" : stateDir;
  const digest = createHash("sha256").update(`lvmlockd embedded ${identity} ${place}`);
  return PREFIX + digest.digest("hex").slice(0, 16);
}
