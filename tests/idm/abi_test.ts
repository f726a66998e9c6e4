/**
 * Compares what the backend believes about libseagate_ilm with what a C compiler makes of the
 * documented interface, and with what a library that has it exports.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { Answered, IlmMode, MAX_DRIVES } from "../../backends/idm/constants.ts";
import { layout, lockOp } from "../../backends/idm/structs.ts";
import { buildDouble, compile, LIBRARY } from "./build.ts";

const headers = new URL("double/", import.meta.url).pathname;

/** C expression → our number. */
function ourNumbers(): [string, number][] {
  const { lvb, ...structs } = layout;
  const numbers: [string, number][] = [
    ["ILM_DRIVE_MAX_NUM", MAX_DRIVES + 1],
    ["IDM_VALUE_LEN", lvb.size],
    ["-ENOENT", Answered.unknown],
    ["-EIO", Answered.ioError],
    ["-ENOMEM", Answered.tooFewDrives],
    ["-EBUSY", Answered.heldAlready],
    ["-EINVAL", Answered.invalid],
    ["-EPIPE", Answered.brokenPipe],
    ["-ETIME", Answered.expired],
    ["-ECONNRESET", Answered.connectionReset],
  ];
  for (const [mode, number] of Object.entries(IlmMode)) {
    numbers.push([`IDM_MODE_${mode.toUpperCase()}`, number]);
  }
  for (const [struct, { size, ...fields }] of Object.entries(structs)) {
    numbers.push([`sizeof(struct ${struct})`, size]);
    for (const [field, offset] of Object.entries(fields)) {
      numbers.push([`offsetof(struct ${struct}, ${field})`, offset]);
    }
  }
  return numbers;
}

/** Compiles and runs a C program with the header. */
async function runC(body: string): Promise<Uint8Array> {
  const directory = await Deno.makeTempDir();
  try {
    const includes = ["errno.h", "stddef.h", "stdint.h", "stdio.h", "string.h", "ilm.h"]
      .map((header) => `#include <${header}>\n`).join("");
    await Deno.writeTextFile(`${directory}/a.c`, `${includes}int main(void) {\n${body}}\n`);
    await compile([`-I${headers}`, "-o", `${directory}/a`, `${directory}/a.c`]);
    return (await new Deno.Command(`${directory}/a`).output()).stdout;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("every constant, size and offset is that of the interface", async () => {
  const ours = ourNumbers();
  const body = ours.map(([name]) => `printf("%lld\\n", (long long)(${name}));\n`).join("");
  const output = new TextDecoder().decode(await runC(body)).trimEnd().split("\n");
  assertEquals(output.map((number, i) => [ours[i]![0], Number(number)]), ours);
});

Deno.test("the structures are as large as documented", () => {
  assertEquals(layout.idm_lock_id, { size: 64, vg_uuid: 0, lv_uuid: 32 });
  assertEquals(layout.idm_lock_op, { size: 4112, mode: 0, drive_num: 4, drives: 8, timeout: 4104 });
});

Deno.test("a request is the compiler's, byte for byte, but for the addresses", async () => {
  const theirs = await runC(`
    struct idm_lock_op op;
    memset(&op, 0, sizeof(op));
    op.mode = IDM_MODE_SHAREABLE;
    op.drive_num = 3;
    op.timeout = 60000;
    fwrite(&op, sizeof(op), 1, stdout);
  `);
  const paths = ["/dev/sda", "/dev/disk/by-id/\xc3\xa9", ""];
  const { op, memory } = lockOp(IlmMode.shareable, paths, 60_000);
  const seen = new DataView(op.slice().buffer);
  const found = paths.map((_, i) => {
    const at = layout.idm_lock_op.drives + 8 * i;
    const pointer = Deno.UnsafePointer.create(seen.getBigUint64(at, true))!;
    seen.setBigUint64(at, 0n, true);
    // Bytes, which are no UTF-8 for the test either.
    const view = new Deno.UnsafePointerView(pointer);
    return String.fromCharCode(...new Uint8Array(view.getArrayBuffer(paths[i]!.length + 1)));
  });
  assertEquals(found, paths.map((path) => `${path}\0`));
  assertEquals([...new Uint8Array(seen.buffer)], [...theirs]);
  assertEquals(memory.byteLength > layout.idm_lock_op.size, true); // and it is still alive
});

/** All that the documentation lists. */
const exported = [
  ..."connect disconnect lock unlock convert write_lvb read_lvb set_killpath".split(" "),
  ..."get_host_count get_mode set_signal version set_host_id stop_renew".split(" "),
  ..."start_renew inject_fault".split(" "),
].map((name) => `ilm_${name}`);

Deno.test("the library exports exactly the sixteen functions", async () => {
  const file = `${await buildDouble()}/${LIBRARY}`;
  const args = ["-D", "--defined-only", file];
  const { stdout } = await new Deno.Command("nm", { args }).output();
  const symbols = new TextDecoder().decode(stdout).trimEnd().split("\n")
    .map((line) => line.split(" ").slice(1));
  assertEquals(symbols, exported.toSorted().map((name) => ["T", name]));
  assertEquals(symbols.length, 16);
});

Deno.test("the backend opens a library of that interface", async () => {
  const file = `${await buildDouble()}/${LIBRARY}`;
  const { openLibrary } = await import("../../backends/idm/ffi.ts");
  const opened = Object.keys(openLibrary(file));
  assertEquals(opened.filter((name) => !exported.includes(name)), []);
  assertEquals(opened.length, 9);
});
