/**
 * What the real dlm_tool makes of the kernel's list of locks, and what the backend makes of that. The
 * list is a file of our own in a mount namespace, where the kernel's would be.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { DumpedLock } from "../../backends/dlm/tools.ts";

const tools = new URL("../../backends/dlm/tools.ts", import.meta.url).pathname;

/** Runs the backend's question with a list of locks, or none, in the kernel's place. */
async function locks(list: string | undefined): Promise<DumpedLock[] | null> {
  const directory = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${directory}/dlm`);
    if (list !== undefined) await Deno.writeTextFile(`${directory}/dlm/lvm_vg0_locks`, list);
    const ask = `import { Tools } from "${tools}";
      console.log(JSON.stringify(await new Tools().locks("lvm_vg0") ?? null));`;
    const script = `mount --bind ${directory} /sys/kernel/debug && exec "$@"`;
    const args = ["-m", "sh", "-c", script, "sh", Deno.execPath(), "eval", "--quiet", ask];
    const { success, stdout, stderr } = await new Deno.Command("unshare", { args }).output();
    assertEquals([success, new TextDecoder().decode(stderr)], [true, ""]);
    return JSON.parse(new TextDecoder().decode(stdout));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const HEADER =
  "id nodeid remid pid xid exflags flags sts grmode rqmode time_ms r_nodeid r_len r_name";
const LV = "abcdef-aaaa-bbbb-cccc-dddd-eeee-abcdef";

Deno.test("locks of this node, of others, and of resources that others decide about", async () => {
  const list = [
    HEADER,
    '1 0 0 101 0 8d 0 2 5 -1 0 0 4 "VGLK"',
    `2 3 a 102 0 85 10000 2 3 -1 7 0 38 "${LV}"`,
    '3 2 b 103 0 85 0 2 0 -1 7 2 4 "GLLK"',
    '4 0 0 104 0 85 0 1 -1 5 7 0 1 "w"',
    "",
  ];
  assertEquals(await locks(list.join("\n")), [
    { resource: "VGLK", mode: "EX", node: 0, master: 0 },
    { resource: LV, mode: "PR", node: 3, master: 0 },
    { resource: "GLLK", mode: "NL", node: 0, master: 2 },
    { resource: "w", mode: "IV", node: 0, master: 0 },
  ]);
});

Deno.test("a lockspace without locks is not one whose locks are unknown", async () => {
  assertEquals(await locks(`${HEADER}\n`), []);
  assertEquals(await locks(undefined), null);
});
