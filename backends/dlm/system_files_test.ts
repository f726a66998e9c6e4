/**
 * What is read from the kernel's files, from a copy of their tree.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { SystemFiles } from "./system_files.ts";

/** Makes the files (or folders, without a text) and looks at them. */
async function seen<T>(
  paths: Record<string, string | undefined>,
  look: (files: SystemFiles) => T | Promise<T>,
): Promise<T> {
  const root = await Deno.makeTempDir();
  try {
    for (const [path, text] of Object.entries(paths)) {
      const directory = text === undefined ? path : path.slice(0, path.lastIndexOf("/"));
      await Deno.mkdir(`${root}${directory}`, { recursive: true });
      if (text !== undefined) await Deno.writeTextFile(`${root}${path}`, text);
    }
    return await look(new SystemFiles(root));
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

const cluster = "/sys/kernel/config/dlm/cluster";

Deno.test("the cluster's name is the first line of its file", async () => {
  const name = (files: SystemFiles) => files.clusterName();
  assertEquals(await seen({ [`${cluster}/cluster_name`]: "alpha\nrest" }, name), "alpha");
  assertEquals(await seen({ [`${cluster}/cluster_name`]: "" }, name), "");
  assertEquals(await seen({}, name), "");
});

Deno.test("a lockspace that dlm_controld has forgotten is not one that this host is in", async () => {
  const kernel = { "/sys/kernel/dlm/lvm_vg0": undefined };
  const isMember = (
    files: SystemFiles,
  ) => [files.hasLockspace("lvm_vg0"), files.isMember("lvm_vg0")];
  assertEquals(await seen(kernel, isMember), [true, false]);
  const both = { ...kernel, [`${cluster}/spaces/lvm_vg0/nodes/1`]: undefined };
  assertEquals(await seen(both, isMember), [true, true]);
  assertEquals(await seen({ [`${cluster}/spaces/lvm_vg0`]: undefined }, isMember), [false, false]);
});

Deno.test("members are numbers; a lockspace that dlm_controld does not have has none", async () => {
  const nodes = `${cluster}/spaces/lvm_vg0/nodes`;
  const paths = { [`${nodes}/10`]: undefined, [`${nodes}/2`]: undefined, [`${nodes}/.x`]: "" };
  assertEquals(await seen(paths, (files) => files.members("lvm_vg0")), [2, 10]);
  assertEquals(await seen({ [nodes]: undefined }, (files) => files.members("lvm_vg0")), []);
  assertEquals(await seen({}, (files) => files.members("lvm_vg0")), undefined);
});

Deno.test("this node is the one that says so", async () => {
  const comms = `${cluster}/comms`;
  const paths = {
    [`${comms}/1/local`]: "0\n",
    [`${comms}/1/nodeid`]: "1\n",
    [`${comms}/7/local`]: "1\n",
    [`${comms}/7/nodeid`]: "7\n",
  };
  const node = (files: SystemFiles) => files.localNode();
  assertEquals(await seen(paths, node), 7);
  assertEquals(await seen({ ...paths, [`${comms}/7/local`]: "0\n" }, node), undefined);
  assertEquals(await seen({}, node), undefined);
});

Deno.test("lockspaces and devices are seen when they are there", async () => {
  const paths = {
    "/sys/kernel/dlm/lvm_vg0": undefined,
    "/sys/kernel/dlm/lvm_global": undefined,
    "/sys/kernel/dlm/clvmd": undefined,
    "/dev/misc/dlm_lvm_vg0": "",
  };
  const found = await seen(paths, (files) => ({
    all: files.lvmLockspaces(),
    has: ["lvm_vg0", "lvm_vg1"].map((name) => files.hasLockspace(name)),
    device: ["lvm_vg0", "lvm_global"].map((name) => files.hasDevice(name)),
    control: files.hasControlDevice(),
  }));
  assertEquals(found, {
    all: ["lvm_global", "lvm_vg0"],
    has: [true, false],
    device: [true, false],
    control: false,
  });
  assertEquals(await seen({}, (files) => files.lvmLockspaces()), []);
});
