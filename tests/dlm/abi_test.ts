/**
 * Compares what the backend believes about libdlm and libdlmcontrol with what a C compiler makes of
 * their headers: every constant, size and offset, and the types of the functions that are called.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import * as constants from "../../backends/dlm/constants.ts";
import { layout } from "../../backends/dlm/structs.ts";

const upper = (name: string) => name.toUpperCase();

/** Header name → our number. */
function ourNumbers(): Map<string, number> {
  const numbers = new Map<string, number>([
    ["DLM_LVB_LEN", constants.LVB_LENGTH],
    ["DLM_RESNAME_MAXLEN", constants.RESOURCE_NAME_LENGTH],
    ["EINPROG", constants.IN_PROGRESS],
    ["EUNLOCK", constants.UNLOCKED],
    ["DLM_LSFL_NEWEXCL", constants.NEW_EXCLUSIVE],
    ["DLMC_RUN_COMMAND_LEN", constants.RUN_COMMAND_LENGTH],
    ["DLMC_RUN_UUID_LEN", constants.RUN_UUID_LENGTH],
    ["DLM_SBF_VALNOTVALID", constants.StatusFlag.valNotValid],
    ["DLMC_FLAG_RUN_START_NODE_NONE", constants.RunStart.nodeNone],
  ]);
  const groups: [string, Record<string, number>, string][] = [
    ["LKM_", constants.DlmMode, "MODE"],
    ["LKF_", constants.LockFlag, ""],
    ["DLMC_FLAG_RUN_CHECK_", constants.RunCheck, ""],
    ["DLMC_RUN_STATUS_", constants.RunStatus, ""],
    ["DLMC_LS_WAIT_", constants.WaitFor, ""],
  ];
  for (const [prefix, values, suffix] of groups) {
    for (const [name, value] of Object.entries(values)) {
      numbers.set(`${prefix}${upper(name)}${suffix}`, value);
    }
  }
  for (const [struct, { size, ...fields }] of Object.entries(layout)) {
    if (struct !== "dlmc_change") numbers.set(`sizeof(struct ${struct})`, size);
    for (const [field, offset] of Object.entries(fields)) {
      numbers.set(`offsetof(struct ${struct}, ${field})`, offset);
    }
  }
  return numbers.set("sizeof(struct dlmc_change)", layout.dlmc_change.size);
}

/** As they are called through FFI; a conflicting declaration does not compile. */
const PROTOTYPES = `
int dlm_kernel_version(uint32_t *, uint32_t *, uint32_t *);
void *dlm_new_lockspace(const char *, uint32_t, uint32_t);
void *dlm_open_lockspace(const char *);
int dlm_close_lockspace(void *);
int dlm_release_lockspace(const char *, void *, int);
int dlm_ls_lock_wait(void *, uint32_t, struct dlm_lksb *, uint32_t, const void *, uint32_t, uint32_t,
  void *, void (*)(void *), void *);
int dlm_ls_unlock_wait(void *, uint32_t, uint32_t, struct dlm_lksb *);
int dlm_ls_lockx(void *, uint32_t, struct dlm_lksb *, uint32_t, const void *, uint32_t, uint32_t,
  void (*)(void *), void *, void (*)(void *), uint64_t *, uint64_t *);
int dlmc_run_start(char *, int, int, uint32_t, char *);
int dlmc_run_check(char *, int, int, uint32_t, uint32_t *);
int dlmc_lockspace_info(char *, struct dlmc_lockspace *);
`;

/** Compiles and runs a C program with the headers of the libraries. */
async function runC(body: string): Promise<string> {
  const directory = await Deno.makeTempDir();
  try {
    const headers = [
      "stddef.h",
      "stdint.h",
      "stdio.h",
      "sys/types.h",
      "libdlm.h",
      "libdlmcontrol.h",
    ];
    const includes = headers.map((header) => `#include <${header}>\n`).join("");
    const source = `${includes}${PROTOTYPES}int main(void) {\n${body}}\n`;
    await Deno.writeTextFile(`${directory}/a.c`, source);
    const compile = ["-Wall", "-Werror", "-o", `${directory}/a`, `${directory}/a.c`];
    const compiled = await new Deno.Command("gcc", { args: compile }).output();
    assertEquals(compiled.code, 0, new TextDecoder().decode(compiled.stderr));
    const { stdout } = await new Deno.Command(`${directory}/a`).output();
    return new TextDecoder().decode(stdout).trimEnd();
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("every constant, size and offset is that of the headers", async () => {
  const ours = [...ourNumbers()];
  const body = ours.map(([name]) => `printf("%lld\\n", (long long)(${name}));\n`).join("");
  const output = (await runC(body)).split("\n");
  assertEquals(output.map((number, i) => [ours[i]![0], Number(number)]), ours);
});
