/**
 * What is understood of the programs of the cluster, and what becomes of those that fail or hang. The
 * texts are what dlm_tool 4.2.0 and corosync-cmapctl 3.1.7 print.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { locksIn, namesIn, statusIn, Tools } from "./tools.ts";

/** Runs a body with a program that does what the script says. */
async function withProgram<T>(script: string, body: (path: string) => Promise<T>): Promise<T> {
  const directory = await Deno.makeTempDir();
  try {
    const path = `${directory}/program`;
    await Deno.writeTextFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return await body(path);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const printing = (text: string) => `cat <<'END'\n${text}\nEND`;
const status = (text: string) =>
  withProgram(printing(text), (path) => new Tools(path).clusterStatus());

Deno.test("the status tells of the quorum and of the nodes that are there", async () => {
  const text = (quorate: number) =>
    `cluster nodeid 1 quorate ${quorate} ring seq 9 9\ndaemon now 94 fence_pid 0 \n` +
    "node 1 M add 5 rem 0 fail 0 fence 0 at 0 0\nnode 2 X add 5 rem 225 fail 0 fence 0 at 0 0\n" +
    "node 3 M add 5 rem 0 fail 0 fence 0 at 0 0\n5 receive_protocol 2 max 3.1.1.0 run 3.1.1.0";
  assertEquals(await status(text(1)), { quorate: true, nodes: [1, 3] });
  assertEquals(await status(text(0)), { quorate: false, nodes: [1, 3] });
});

Deno.test("a program that fails, is not there or hangs tells nothing", async () => {
  assertEquals(await status("cannot connect to dlm_controld"), undefined);
  const none = new Tools("/no/such/program", "/no/such/program");
  assertEquals(await none.clusterStatus(), undefined);
  assertEquals(await none.nodeNames(), new Map());
  assertEquals(await none.locks("lvm_vg0"), undefined);
  const hanging = "exec sleep 1000";
  assertEquals(
    await withProgram(hanging, (path) => new Tools(path, path, 20).clusterStatus()),
    undefined,
  );
});

Deno.test("a program that ends but leaves its output open to another tells nothing", async () => {
  const directory = await Deno.makeTempDir();
  const pidFile = `${directory}/pid`;
  const orphan = `sleep 1000 & echo $! > ${pidFile}`;
  assertEquals(
    await withProgram(orphan, (path) => new Tools(path, path, 200).clusterStatus()),
    undefined,
  );
  Deno.kill(Number(await Deno.readTextFile(pidFile)));
  await Deno.remove(directory, { recursive: true });
});

Deno.test("a quorum is needed unless dlm_controld was told otherwise", async () => {
  const needs = (text: string) =>
    withProgram(printing(text), (path) => new Tools(path).needsQuorum());
  assertEquals(await needs("enable_quorum_fencing=0\nenable_quorum_lockspace=1\n"), true);
  assertEquals(await needs("enable_quorum_lockspace=0 (cli option)\n"), false);
  assertEquals(await needs(""), true);
});

Deno.test("names of nodes are found by their numbers, where corosync has any", async () => {
  const text = `nodelist.node.0.name (str) = node-a
nodelist.node.0.nodeid (u32) = 11
nodelist.node.0.ring0_addr (str) = 10.77.0.1
nodelist.node.1.nodeid (u32) = 12
nodelist.node.2.name (str) = node-c
nodelist.node.2.nodeid (u32) = 13`;
  const names = await withProgram(
    printing(text),
    (path) => new Tools(path, path).nodeNames(),
  );
  assertEquals(names, new Map([[11, "node-a"], [13, "node-c"]]));
});

Deno.test("a number of a node that is none does not count", () => {
  const name = "nodelist.node.0.name (str) = node-a\n";
  const long = "2".repeat(400);
  for (const id of ["", "a", "-1", "1.5", long]) {
    assertEquals(namesIn(`${name}nodelist.node.0.nodeid (u32) = ${id}\n`), new Map());
  }
  assertEquals(locksIn(`id 1 gr EX rq IV pid 3 MSTCPY ${long} "VGLK"\n`), []);
  const head = "cluster nodeid 1 quorate 1 ring seq 9 9\n";
  assertEquals(statusIn(`${head}node ${long} M add 80\n`)?.nodes, []);
});
