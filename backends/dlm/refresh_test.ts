/**
 * Refreshing an LV on other nodes: which command they get, and what becomes of their answers.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { Errno } from "../../core/errno.ts";
import type { ControlLibrary } from "./client.ts";
import { RunCheck, RunStatus } from "./constants.ts";
import { lvOfPath, refreshOnOthers } from "./refresh.ts";

Deno.test("paths of LVs are understood, nothing else is", () => {
  assertEquals(lvOfPath("/dev//vg0/lv1"), { vgName: "vg0", lvName: "lv1" });
  assertEquals(lvOfPath("/dev/v-g.0///l+v_1"), { vgName: "v-g.0", lvName: "l+v_1" });
  for (
    const path of ["", "/dev/vg0", "vg0/lv0", "/dev/vg0/lv0 x", "/dev/-x/lv0", "/dev/vg0/-x"]
      .concat("/dev/vg0/lv0/", "/dev/vg 0/lv0", "/dev/vg0/lv0\n", "/tmp/vg0/lv0")
  ) assertEquals(lvOfPath(path), undefined, path);
});

/** dlm_controld, as far as it is asked; answers with these statuses, the last one again and again. */
class Control implements ControlLibrary {
  readonly asked: unknown[] = [];
  constructor(private readonly start: number, private readonly checks: [number, number][]) {}

  runStart(command: string) {
    this.asked.push(command);
    return Promise.resolve({ result: this.start, uuid: "u-u" });
  }

  runCheck(uuid: string, flags: number) {
    this.asked.push([uuid, flags]);
    const [result, status] = this.checks.length > 1 ? this.checks.shift()! : this.checks[0]!;
    return Promise.resolve({ result, status });
  }

  pendingChange() {
    return Promise.resolve(undefined);
  }
}

const { waiting, done, failed } = RunStatus;

async function refresh(start: number, ...checks: [number, number][]) {
  const control = new Control(start, checks);
  const { result } = await refreshOnOthers(control, "vg0", "lv0", 0);
  return { result, asked: control.asked };
}

const command = "lvm lvchange --refresh --partial --nolocking vg0/lv0";
const check = ["u-u", RunCheck.clear];

Deno.test("it is done when all nodes have done it", async () => {
  assertEquals(await refresh(0, [0, waiting], [0, waiting], [0, done]), {
    result: 0,
    asked: [command, check, check, check],
  });
});

Deno.test("it has failed when one node could not, or nobody can be asked", async () => {
  assertEquals((await refresh(0, [0, waiting], [0, done | failed])).result, -Errno.ELMERR);
  assertEquals((await refresh(0, [-1, 0])).result, -Errno.ELMERR);
  assertEquals(await refresh(-1, [0, done]), { result: -Errno.ELMERR, asked: [command] });
});

Deno.test("nobody waits for ever: it is given up and cancelled", async () => {
  const forgotten = await refresh(0, [0, waiting], [0, 0]);
  assertEquals(forgotten.result, -Errno.ETIMEDOUT);
  assertEquals(forgotten.asked.at(-1), ["u-u", RunCheck.cancel]);
  const endless = await refresh(0, [0, waiting]);
  assertEquals(endless.result, -Errno.ETIMEDOUT);
  assertEquals(endless.asked.at(-1), ["u-u", RunCheck.cancel]);
});
