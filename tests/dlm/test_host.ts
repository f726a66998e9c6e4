/**
 * A host of a simulated cluster: the files that its kernel would show, programs that answer as the
 * cluster's do, dlm_controld's socket. All in a folder of its own.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { Controller } from "../../backends/dlm/controller.ts";
import { DlmManager, type DlmSettings } from "../../backends/dlm/mod.ts";
import { SystemFiles } from "../../backends/dlm/system_files.ts";
import { Tools } from "../../backends/dlm/tools.ts";
import type { LockspaceSpec, ResourceSpec } from "../../backends/lock_manager.ts";
import { LockType, ResourceType } from "../../core/types.ts";
import { SimulatedDlm, type SimulatedNode } from "./simulated_dlm.ts";

const CLUSTER = "sys/kernel/config/dlm/cluster";

export const vgLock: ResourceSpec = { type: ResourceType.vg, name: "VGLK", lockArgs: "" };
export const globalLock: ResourceSpec = { type: ResourceType.gl, name: "GLLK", lockArgs: "" };
export const lvLock = (name: string): ResourceSpec => ({
  type: ResourceType.lv,
  name,
  lockArgs: "dlm",
});

let lastId = 0;

/** A lockspace as the table describes it; `vgName` `""` is the global one. */
export function lockspaceOf(vgName: string, cluster = "test"): LockspaceSpec {
  return {
    id: ++lastId,
    name: vgName === "" ? "lvm_global" : `lvm_${vgName}`,
    vgName,
    vgUuid: "",
    vgArgs: vgName === "" ? "" : `1.0.0:${cluster}`,
    lockType: LockType.dlm,
    hostId: 0,
    pvPaths: [],
  };
}

export class TestHost implements AsyncDisposable {
  readonly files: SystemFiles;
  readonly manager: DlmManager;
  /** Lockspaces that were made. */
  readonly joined = new Set<string>();
  #listener: Deno.Listener;
  readonly #accepted: Deno.Conn[] = [];
  /** What the manager waits for in the background keeps no process alive. */
  readonly #busy = setInterval(() => {}, 1_000_000);

  private constructor(
    readonly root: string,
    readonly node: SimulatedNode,
    settings: DlmSettings,
  ) {
    this.files = new SystemFiles(root);
    this.#listener = this.#listen();
    this.manager = new DlmManager({
      library: () => this.#tracking(node),
      files: this.files,
      tools: new Tools(`${root}/dlm_tool`, `${root}/cmapctl`),
      controller: new Controller(`${root}/controld`, 1),
      lookMs: 1,
      ...settings,
    });
  }

  /** A host on which a cluster runs, with a quorum. */
  static async make(node: SimulatedNode, settings: DlmSettings = {}): Promise<TestHost> {
    const root = await Deno.makeTempDir();
    for (
      const directory of ["spaces", "comms/1", "comms/2"].map((name) => `${CLUSTER}/${name}`)
        .concat("sys/kernel/dlm", "dev/misc")
    ) {
      await Deno.mkdir(`${root}/${directory}`, { recursive: true });
    }
    await Deno.writeTextFile(`${root}/${CLUSTER}/cluster_name`, "test\n");
    await Deno.writeTextFile(`${root}/dev/misc/dlm-control`, "");
    for (const id of [1, 2]) {
      await Deno.writeTextFile(`${root}/${CLUSTER}/comms/${id}/local`, id === node.id ? "1" : "0");
      await Deno.writeTextFile(`${root}/${CLUSTER}/comms/${id}/nodeid`, `${id}\n`);
    }
    const host = new TestHost(root, node, settings);
    await host.say({ quorate: true });
    return host;
  }

  /** What the programs of the cluster print; the status not before it was asked for so often. */
  async say(
    { quorate, dump, unanswered = 0 }: { quorate: boolean; dump?: string; unanswered?: number },
  ): Promise<void> {
    const questions = `${this.root}/questions`;
    const lockdump = dump === undefined ? `echo "can't open it" >&2` : `printf '%s' '${dump}'`;
    await this.#program(
      "dlm_tool",
      `case $1 in
status) echo >> ${questions}; [ "$(wc -l < ${questions})" -gt ${unanswered} ] || exit 1
printf 'cluster nodeid 1 quorate ${quorate ? 1 : 0} ring seq 9 9\\nnode 1 M add 5 rem 0\\n' ;;
dump_config) echo 'enable_quorum_lockspace=1' ;;
*) ${lockdump} ;;
esac`,
    );
    const lines = [1, 2].map((id) =>
      `echo 'nodelist.node.${id - 1}.name (str) = node${id}'; ` +
      `echo 'nodelist.node.${id - 1}.nodeid (u32) = ${id}'`
    );
    await this.#program("cmapctl", lines.join("\n"));
  }

  /** Put in place at once: a program that is being written cannot be run. */
  async #program(name: string, script: string): Promise<void> {
    const path = `${this.root}/${name}`;
    await Deno.writeTextFile(`${path}.new`, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    await Deno.rename(`${path}.new`, path);
  }

  /** The nodes that dlm_controld has in a lockspace. */
  setMembers(lockspaceName: string, nodes: readonly number[]): void {
    const at = `${this.root}/${CLUSTER}/spaces/${lockspaceName}/nodes`;
    Deno.mkdirSync(at, { recursive: true });
    for (const { name } of Deno.readDirSync(at)) Deno.removeSync(`${at}/${name}`);
    for (const node of nodes) Deno.mkdirSync(`${at}/${node}`);
  }

  /** dlm_controld has left a lockspace. */
  forget(lockspaceName: string): void {
    Deno.removeSync(`${this.root}/${CLUSTER}/spaces/${lockspaceName}`, { recursive: true });
  }

  /** Shows a lockspace as the kernel does while this host is in it. */
  show(lockspaceName: string, isThere: boolean): void {
    const paths = [
      `${this.root}/sys/kernel/dlm/${lockspaceName}`,
      `${this.root}/dev/misc/dlm_${lockspaceName}`,
    ];
    for (const path of paths) {
      if (isThere) Deno.mkdirSync(path, { recursive: true });
      else Deno.removeSync(path);
    }
  }

  /** Joins and leaves are seen in the files. */
  #tracking(node: SimulatedNode) {
    return {
      kernelVersion: () => node.kernelVersion(),
      open: (name: string) => node.open(name),
      create: async (name: string) => {
        const handle = await node.create(name);
        if (handle === undefined) return undefined;
        this.joined.add(name);
        this.show(name, true);
        this.setMembers(name, [node.id]);
        const release = handle.release.bind(handle);
        handle.release = async () => {
          const result = await release();
          this.show(name, false);
          return result;
        };
        return handle;
      },
    };
  }

  #listen(): Deno.Listener {
    const listener = Deno.listen({ transport: "unix", path: `${this.root}/controld` });
    void (async () => {
      for await (const connection of listener) this.#accepted.push(connection);
    })();
    return listener;
  }

  /** dlm_controld dies. */
  killControld(): void {
    this.#listener.close();
    Deno.removeSync(`${this.root}/controld`);
    for (const connection of this.#accepted.splice(0)) connection.close();
  }

  startControld(): void {
    this.#listener = this.#listen();
  }

  async join(spec: LockspaceSpec, adopt: "no" | "ok" | "only" = "no") {
    return await this.manager.join(spec, { adopt, nodelay: false, repair: false });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.manager.close();
    clearInterval(this.#busy);
    try {
      this.killControld();
    } catch {
      // It is dead already.
    }
    await Deno.remove(this.root, { recursive: true });
  }
}

/** Runs a body on one host with a VG that is started. */
export async function withVg(
  body: (host: TestHost, vg: LockspaceSpec, dlm: SimulatedDlm) => Promise<void>,
): Promise<void> {
  const dlm = new SimulatedDlm();
  await using host = await TestHost.make(dlm.node(1));
  const vg = lockspaceOf("vg0");
  assertEquals((await host.manager.prepare(vg)).result, 0);
  assertEquals(await host.join(vg), { result: 0 });
  await body(host, vg, dlm);
}

/** Waits until a join says what it waits for. */
export async function noted(host: TestHost, vg: LockspaceSpec, pattern: RegExp): Promise<void> {
  while (!pattern.test(host.manager.outlook(vg)?.joining?.note ?? "")) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
