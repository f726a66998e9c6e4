/**
 * Compares what the backend believes about sanlock's structures and numbers with what a C compiler
 * makes of sanlock's headers: sizes, offsets, every constant, and whole structures byte for byte.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import * as constants from "../../backends/sanlock/constants.ts";
import { MAX_HOST_ID, Sanlk } from "../../backends/sanlock/constants.ts";
import * as structs from "../../backends/sanlock/structs.ts";
import { layout } from "../../backends/sanlock/structs.ts";

const headers = ["sanlock.h", "sanlock_admin.h", "sanlock_resource.h", "sanlock_rv.h"];

/** Numbers of later versions, which these headers do not have. */
const later = ["acquireOwnedNoTimeout", "wrongCaw", "cawMiscompare"];

/** What each group of constants is called in the headers. */
const groups = {
  RES: constants.Res,
  LSF: constants.Lsf,
  ACQUIRE: constants.AcquireFlag,
  REL: constants.ReleaseFlag,
  RESTRICT: constants.RestrictFlag,
  REM: constants.RemFlag,
  CONFIG: constants.ConfigCommand,
  HOST: constants.HostState,
};

const single: Record<string, number> = {
  SANLK_NAME_LEN: constants.NAME_LENGTH,
  SANLK_PATH_LEN: constants.PATH_LENGTH,
  SANLK_HELPER_PATH_LEN: constants.HELPER_TEXT_LENGTH + 2,
  SANLK_HELPER_ARGS_LEN: constants.HELPER_TEXT_LENGTH + 2,
  SANLK_HOST_MASK: constants.HOST_STATE_MASK,
  SANLK_CONVERT_OWNER_NOWAIT: constants.AcquireFlag.ownerNowait,
};

const upper = (name: string) => name.replace(/[A-Z]/g, (c) => `_${c}`).toUpperCase();

/** Header name → our number. */
function ourNumbers(): Map<string, number> {
  const numbers = new Map(Object.entries(single));
  for (const [group, values] of Object.entries(groups)) {
    for (const [name, value] of Object.entries(values)) {
      numbers.set(`SANLK_${group}_${upper(name)}`, value);
    }
  }
  for (const [name, value] of Object.entries(Sanlk)) {
    if (!later.includes(name)) numbers.set(`SANLK_${upper(name)}`, value);
  }
  return numbers;
}

/** C expression → our number, for every field of every structure. */
function ourLayout(): Map<string, number> {
  const numbers = new Map<string, number>();
  for (const [struct, { size, ...fields }] of Object.entries(layout)) {
    numbers.set(`sizeof(struct sanlk_${struct})`, size);
    for (const [field, offset] of Object.entries(fields)) {
      numbers.set(`offsetof(struct sanlk_${struct}, ${field})`, offset);
    }
  }
  return numbers;
}

/** Compiles and runs a C program with sanlock's headers. */
async function runC(body: string): Promise<Uint8Array> {
  const directory = await Deno.makeTempDir();
  try {
    const includes = ["stddef.h", "stdint.h", "stdio.h", "string.h", ...headers]
      .map((header) => `#include <${header}>\n`).join("");
    await Deno.writeTextFile(`${directory}/a.c`, `${includes}int main(void) {\n${body}}\n`);
    const compile = ["-Wall", "-Werror", "-o", `${directory}/a`, `${directory}/a.c`];
    const compiled = await new Deno.Command("gcc", { args: compile }).output();
    assertEquals(compiled.code, 0, new TextDecoder().decode(compiled.stderr));
    return (await new Deno.Command(`${directory}/a`).output()).stdout;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("every constant, size and offset is that of the headers", async () => {
  const ours = [...ourNumbers(), ...ourLayout()];
  const body = ours.map(([name]) => `printf("%lld\\n", (long long)(${name}));\n`).join("");
  const output = new TextDecoder().decode(await runC(body)).trimEnd().split("\n");
  assertEquals(output.map((n, i) => [ours[i]![0], Number(n)]), ours);
});

Deno.test("every result that the header knows has its name here", async () => {
  const text = await Deno.readTextFile("/usr/include/sanlock_rv.h");
  const theirs = [...text.matchAll(/#define (SANLK_\w+)\s+(-\d+)/g)]
    .map(([, name, value]) => [name, Number(value)]);
  const ours = Object.entries(Sanlk).filter(([name]) => !later.includes(name))
    .map(([name, value]) => [`SANLK_${upper(name)}`, value]);
  assertEquals(theirs, ours);
});

Deno.test("the header allows as many hosts as we do", async () => {
  const text = await Deno.readTextFile("/usr/include/sanlock_admin.h");
  const most = [...text.matchAll(/max_hosts (\d+)/g)].map(([, count]) => Number(count));
  assertEquals(Math.max(...most), MAX_HOST_ID);
});

Deno.test("structures are the compiler's, byte for byte", async () => {
  const theirs = await runC(`
    union { struct sanlk_resource res; char bytes[sizeof(struct sanlk_resource) + sizeof(struct sanlk_disk)]; } r;
    struct sanlk_lockspace ls;
    struct sanlk_options opt;
    memset(&r, 0, sizeof(r)); memset(&ls, 0, sizeof(ls)); memset(&opt, 0, sizeof(opt));
    memcpy(ls.name, "lvm_vg", 6);
    ls.host_id = 1999;
    ls.flags = SANLK_LSF_ALIGN8M | SANLK_LSF_SECTOR4K;
    strcpy(ls.host_id_disk.path, "/dev/mapper/v\\xc3\\xa9-lvmlock");
    memset(r.res.lockspace_name, 'l', SANLK_NAME_LEN);
    memset(r.res.name, 'n', SANLK_NAME_LEN);
    r.res.flags = SANLK_RES_SHARED | SANLK_RES_PERSISTENT | SANLK_RES_ALIGN1M | SANLK_RES_SECTOR512;
    r.res.num_disks = 1;
    strcpy(r.res.disks[0].path, "/dev/sda");
    r.res.disks[0].offset = 0x1FFFFFFFFFFFFFULL;
    memcpy(opt.owner_name, "lvmlockd", 8);
    fwrite(&ls, sizeof(ls), 1, stdout);
    fwrite(&r, sizeof(r), 1, stdout);
    fwrite(&opt, sizeof(opt), 1, stdout);
  `);
  const ours = [
    structs.encodeLockspace({
      name: "lvm_vg",
      hostId: 1999,
      flags: constants.Lsf.align8m | constants.Lsf.sector4k,
      path: "/dev/mapper/v\xc3\xa9-lvmlock",
    }),
    structs.encodeResource({
      lockspace: "l".repeat(48),
      name: "n".repeat(60),
      path: "/dev/sda",
      offset: Number.MAX_SAFE_INTEGER,
      flags: constants.Res.shared | constants.Res.persistent | constants.Res.align1m |
        constants.Res.sector512,
    }),
    structs.encodeOptions("lvmlockd"),
  ];
  assertEquals([...theirs], ours.flatMap((bytes) => [...bytes]));
});
