/**
 * Questions that the DLM's libraries do not answer, asked of the programs of the cluster: dlm_tool and
 * corosync-cmapctl. Each runs for a limited time only; what is not answered is not known.
 *
 * @module
 */

/** A program that takes longer is stuck, milliseconds. */
const LIMIT_MS = 2000;

/** Is the cluster able to decide, and which nodes does dlm_controld see? */
export interface ClusterStatus {
  quorate: boolean;
  /** Numbers of the nodes that run dlm_controld. */
  nodes: number[];
}

/** One lock in a lockspace, as this host's kernel knows it. */
export interface DumpedLock {
  resource: string;
  /** Granted mode: NL, CR, CW, PR, PW, EX; IV while nothing is granted. */
  mode: string;
  /** The node whose lock it is; 0 is this one. */
  node: number;
  /** The node that decides about the resource; 0 is this one. */
  master: number;
}

export class Tools {
  constructor(
    private readonly dlmTool = "dlm_tool",
    private readonly cmapctl = "corosync-cmapctl",
    private readonly limitMs = LIMIT_MS,
  ) {}

  async clusterStatus(): Promise<ClusterStatus | undefined> {
    return statusIn((await this.#run(this.dlmTool, ["status"])).stdout);
  }

  /** Does dlm_controld make lockspaces wait for a quorum? It does unless told otherwise. */
  async needsQuorum(): Promise<boolean> {
    const { stdout: text } = await this.#run(this.dlmTool, ["dump_config"]);
    return !/^enable_quorum_lockspace=0\b/m.test(text);
  }

  /** Names by node number; corosync need not know any. */
  async nodeNames(): Promise<Map<number, string>> {
    return namesIn((await this.#run(this.cmapctl, ["nodelist.node."])).stdout);
  }

  /** Locks in a lockspace; undefined where the kernel has no list of them. */
  async locks(lockspaceName: string): Promise<DumpedLock[] | undefined> {
    const { stdout, stderr } = await this.#run(this.dlmTool, ["-M", "lockdump", lockspaceName]);
    return stderr === "" ? locksIn(stdout) : undefined;
  }

  /** What a program prints; `failed` if it cannot be run or does not end. */
  async #run(program: string, args: string[]): Promise<Printed> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      const command = new Deno.Command(program, {
        args,
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      });
      const child = command.spawn();
      const late = new Promise<Printed>((resolve) => {
        timer = setTimeout(() => {
          resolve(failed);
          kill(child);
        }, this.limitMs);
      });
      // A program that is stuck in the kernel does not even end when it is killed.
      return await Promise.race([child.output().then(printed), late]);
    } catch {
      return failed;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** What `dlm_tool status` says; undefined if it does not. */
export function statusIn(text: string): ClusterStatus | undefined {
  const head = /^cluster nodeid \d+ quorate ([01])/m.exec(text);
  if (head === null) return undefined;
  const nodes = [...text.matchAll(/^node (\d{1,10}) M /gm)].map(([, node]) => Number(node));
  return { quorate: head[1] === "1", nodes };
}

/** Names by node number from `corosync-cmapctl nodelist.node.`. */
export function namesIn(text: string): Map<number, string> {
  const values = new Map(
    [...text.matchAll(/^nodelist\.node\.(\d+)\.(name|nodeid) \(\w+\) = (.*)$/gm)]
      .map(([, index, key, value]) => [`${key} ${index}`, value!]),
  );
  const names = new Map<number, string>();
  for (const [key, value] of values) {
    const name = key.startsWith("nodeid") && values.get(key.replace("nodeid", "name"));
    if (name && /^\d{1,10}$/.test(value)) names.set(Number(value), name);
  }
  return names;
}

/** The locks that `dlm_tool -M lockdump` prints. */
export function locksIn(text: string): DumpedLock[] {
  const lines = text.matchAll(
    /^id [0-9a-f]+ gr (\w+) rq \w+ pid \d+ (master|MSTCPY) (\d{1,10}) "(.*)"$/gm,
  );
  return [...lines].map(([, mode, kind, number, resource]): DumpedLock => {
    const isCopy = kind === "MSTCPY";
    const [node, master] = isCopy ? [Number(number), 0] : [0, Number(number)];
    return { resource: resource!, mode: mode!, node, master };
  });
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended, but another process has what it would print to.
  }
}

interface Printed {
  stdout: string;
  stderr: string;
}

const failed: Printed = { stdout: "", stderr: "failed" };

function printed({ stdout, stderr }: Deno.CommandOutput): Printed {
  const decoder = new TextDecoder();
  return { stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}
