/**
 * Clients of sanlock that have died are told from those that live, and are waited for.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { deadClients, deadClientsGone, hasLostTrack } from "./dead_clients.ts";

/** As sanlock 3.8.5 prints it. */
const status = (...pids: number[]) =>
  [
    "daemon host1",
    "p -1 helper",
    "p -1 listener",
    ...pids.map((pid) => `p ${pid} lvmlockd`),
    "p -1 status",
    "s lvm_vg0:1:/dev/mapper/vg0-lvmlock:0",
    "r lvm_vg0:LLLLLL-LLLL-LLLL-LLLL-LLLL-LLLL-LL0001:/dev/mapper/vg0-lvmlock:70254592:1 p 9 ORPHAN",
    "",
  ].join("\n");

/** The id of a process that has ended; its parent has, or has not, waited for it. */
async function endedProcess(): Promise<number> {
  const child = new Deno.Command("true").spawn();
  await child.status;
  return child.pid;
}

Deno.test("clients that are not alive, those of sanlock itself and owners of orphans aside", () => {
  const isAlive = (pid: number) => pid === 20;
  assertEquals(deadClients("", isAlive), []);
  assertEquals(deadClients(status(), isAlive), []);
  assertEquals(deadClients(status(20), isAlive), []);
  assertEquals(deadClients(status(21, 20, 22), isAlive), [21, 22]);
});

Deno.test("a process is alive until it has ended", async () => {
  const ended = await endedProcess();
  assertEquals(deadClients(status(Deno.pid, 1)), []);
  assertEquals(deadClients(status(Deno.pid, ended)), [ended]);
});

Deno.test("one that has ended is dead although nobody has waited for it yet", async () => {
  // A shell's child that ends when the shell has become a program that does not care for it.
  const ends = "sh -c 'until grep -q sleep /proc/$PPID/comm; do :; done'";
  const words = ["-c", `${ends} & echo $!; exec sleep 100`];
  const child = new Deno.Command("sh", { args: words, stdout: "piped" }).spawn();
  const reader = child.stdout.getReader();
  const pid = Number(new TextDecoder().decode((await reader.read()).value));
  const state = () => /^\d+ \(.*\) (.)/.exec(Deno.readTextFileSync(`/proc/${pid}/stat`))?.[1];
  while (state() !== "Z") await new Promise((wake) => setTimeout(wake, 5));
  assertEquals(deadClients(status(pid)), [pid]);
  child.kill("SIGKILL");
  await child.status;
  await reader.cancel();
});

Deno.test("a client that sanlock has lost track of has no process id any more", () => {
  assertEquals(hasLostTrack(status(20)), false);
  assertEquals(hasLostTrack(status(-1)), true);
  assertEquals(deadClients(status(-1)), []);
});

Deno.test("the wait ends when the last of them is gone", async () => {
  const ended = await endedProcess();
  const answers = [status(ended, Deno.pid), status(ended), status(Deno.pid)];
  let asked = 0;
  await deadClientsGone(() => Promise.resolve(answers[asked++]!));
  assertEquals(asked, 3);
});

Deno.test("a sanlock that cannot be asked is not waited for", async () => {
  await deadClientsGone(() => Promise.resolve(""));
});
