/** What a service manager hears, on a real datagram socket. @module */
import { assertEquals } from "@std/assert";
import { AbstractDatagramSocket } from "./datagram.ts";
import { serviceManager, stderrIsJournal } from "./notify.ts";

/** What `use` makes the daemon tell a service manager, one text for each message. */
function heard(environment: Record<string, string>, use: () => void): string[] {
  const name = `lvmlockd-test-${crypto.randomUUID()}`;
  using manager = AbstractDatagramSocket.bind(name);
  const variables = { NOTIFY_SOCKET: `@${name}`, ...environment };
  for (const [variable, value] of Object.entries(variables)) Deno.env.set(variable, value);
  use();
  const texts: string[] = [];
  const buffer = new Uint8Array(4096);
  for (;;) {
    const length = manager.receive(buffer);
    if (length === undefined) return texts;
    texts.push(new TextDecoder().decode(buffer.subarray(0, length)));
  }
}

Deno.test("the service manager is told in the words of sd_notify", () => {
  const texts = heard({}, () => {
    const manager = serviceManager();
    manager.ready("serves\nall");
    manager.alive();
    manager.status("1 lock");
    manager.stopping("ends");
    assertEquals(manager.watchdogMs, 0);
  });
  assertEquals(texts, [
    `READY=1\nMAINPID=${Deno.pid}\nSTATUS=serves all`,
    "WATCHDOG=1",
    "STATUS=1 lock",
    "STOPPING=1\nSTATUS=ends",
  ]);
});

Deno.test("a watchdog for this process is obeyed, one for another process is not", () => {
  const watchdogMs = (pid: number) => {
    let found = -1;
    heard({ WATCHDOG_USEC: "30000000", WATCHDOG_PID: `${pid}` }, () => {
      found = serviceManager().watchdogMs;
    });
    return found;
  };
  assertEquals(watchdogMs(Deno.pid), 30_000);
  assertEquals(watchdogMs(Deno.pid + 1), 0);
});

Deno.test("children are told nothing of the service manager", () => {
  heard({ WATCHDOG_USEC: "1000000" }, () => serviceManager());
  assertEquals(Deno.env.get("NOTIFY_SOCKET"), undefined);
  assertEquals(Deno.env.get("WATCHDOG_USEC"), undefined);
});

Deno.test("without a service manager nothing happens", () => {
  const manager = serviceManager();
  manager.ready("");
  manager.alive();
  assertEquals(manager.watchdogMs, 0);
});

Deno.test("standard error is the journal if that is what JOURNAL_STREAM names", () => {
  const { dev, ino } = Deno.statSync("/proc/self/fd/2");
  Deno.env.set("JOURNAL_STREAM", `${dev}:${ino}`);
  assertEquals(stderrIsJournal(), true);
  Deno.env.set("JOURNAL_STREAM", `${dev}:${ino! + 1}`);
  assertEquals(stderrIsJournal(), false);
  Deno.env.delete("JOURNAL_STREAM");
  assertEquals(stderrIsJournal(), false);
});
