/**
 * What this host's kernel shows of the DLM: dlm_controld's cluster in configfs, the lockspaces in
 * sysfs, the control device. All of it is read from memory; nothing here waits for anybody.
 *
 * @module
 */
import { textOf } from "./structs.ts";

const CLUSTER = "/sys/kernel/config/dlm/cluster";
const LOCKSPACES = "/sys/kernel/dlm";
const CONTROL_DEVICE = "/dev/misc/dlm-control";

/** What every lockspace of LVM is called. */
const PREFIX = "lvm_";

export class SystemFiles {
  /** @param root what comes before all paths, for tests. */
  constructor(private readonly root = "") {}

  /** Name of the cluster as a byte string, `""` if dlm_controld has not set one up. */
  clusterName(): string {
    try {
      const bytes = Deno.readFileSync(`${this.root}${CLUSTER}/cluster_name`);
      return textOf(bytes).split("\n")[0]!;
    } catch {
      return "";
    }
  }

  /** Numbers of the nodes in a lockspace, this one included; undefined if it is not known. */
  members(lockspaceName: string): number[] | undefined {
    const names = list(`${this.root}${CLUSTER}/spaces/${lockspaceName}/nodes`);
    return names?.map(Number).filter(Number.isInteger).toSorted((a, b) => a - b);
  }

  /** Number of this node; undefined if dlm_controld has not told it yet. */
  localNode(): number | undefined {
    for (const entry of list(`${this.root}${CLUSTER}/comms`) ?? []) {
      const at = `${this.root}${CLUSTER}/comms/${entry}`;
      if (read(`${at}/local`) !== "1") continue;
      const node = Number(read(`${at}/nodeid`));
      if (Number.isInteger(node) && node > 0) return node;
    }
    return undefined;
  }

  /** This host is in the lockspace or is joining it, whichever process made it. */
  hasLockspace(name: string): boolean {
    return exists(`${this.root}${LOCKSPACES}/${name}`);
  }

  /**
   * This host is in the lockspace and nobody has it leave. The kernel keeps one that was left for as long
   * as a process has it open; dlm_controld has forgotten it then.
   */
  isMember(name: string): boolean {
    return this.hasLockspace(name) && exists(`${this.root}${CLUSTER}/spaces/${name}`);
  }

  /** Names of LVM's lockspaces that this host is in. */
  lvmLockspaces(): string[] {
    return (list(`${this.root}${LOCKSPACES}`) ?? []).filter((name) => name.startsWith(PREFIX))
      .toSorted();
  }

  /** The kernel module is there, and udev has made what libdlm looks for. */
  hasControlDevice(): boolean {
    return exists(`${this.root}${CONTROL_DEVICE}`);
  }

  /** A lockspace that was joined has its device, through which it is used. */
  hasDevice(name: string): boolean {
    return exists(`${this.root}/dev/misc/dlm_${name}`);
  }
}

const ABSENT = [Deno.errors.NotFound, Deno.errors.NotADirectory];

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    // Locks must not be given up because this process has run out of something.
    return !ABSENT.some((each) => error instanceof each);
  }
}

function list(directory: string): string[] | undefined {
  try {
    return [...Deno.readDirSync(directory)].map(({ name }) => name)
      .filter((name) => !name.startsWith("."));
  } catch {
    return undefined;
  }
}

/** A node may leave while we look. */
function read(path: string): string {
  try {
    return Deno.readTextFileSync(path).trim();
  } catch {
    return "";
  }
}
