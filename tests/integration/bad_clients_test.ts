/**
 * Clients that die, vanish in crowds, say nothing, do not read, or send no more: others are served
 * all the while, and nothing of them is left.
 */
import { assertEquals, assertLess } from "@std/assert";
import { vgFields } from "./conversation.ts";
import { until } from "./daemon.ts";
import { attempts, listLocks, type Target, VG } from "./target.ts";
import { helloReply, message, reply, Wire } from "./wire.ts";

const attempt = attempts("clients that behave badly");
const hello = message("hello");
const LV = "abcdef-0123-4567-89ab-cdef-0123-456789";

function lockVg(mode: string, cmd = "test"): string {
  return message("lock_vg", { cmd, ...vgFields(VG, "none"), mode, opts: "none" });
}

function lockLv(mode: string, opts = "persistent"): string {
  const lv = { lv_name: "lv", lv_uuid: LV, lv_lock_args: "dlm" };
  return message("lock_lv", { cmd: "test", ...vgFields(VG, "none"), mode, opts, ...lv });
}

/** Waits until a request for that resource waits for its lock. */
async function queued(target: Target, count = 1): Promise<void> {
  const { api } = target.place;
  await until(`${count} wait`, async () => (await listLocks(api)).waiting.length === count);
}

attempt("a client that dies after any number of bytes leaves nothing", async (target) => {
  for (const text of [hello, lockVg("ex"), lockLv("ex", "none")]) {
    for (let bytes = 0; bytes <= text.length; bytes++) {
      using wire = await target.wire();
      await wire.send(text.slice(0, bytes));
    }
    await target.unharmed();
  }
});

attempt(
  "a client that dies in its second request loses what the first one gave it",
  async (target) => {
    const second = lockLv("sh");
    for (let bytes = 0; bytes < second.length; bytes += 7) {
      using wire = await target.wire();
      assertEquals(await wire.ask(lockVg("ex")), reply(7, 0));
      await wire.send(second.slice(0, bytes));
    }
    await target.unharmed();
  },
);

attempt("a waiting client that dies gets no lock, and the next one is served", async (target) => {
  for (const request of [lockVg("ex"), lockLv("ex", "none"), lockLv("ex"), lockLv("sh")]) {
    using holder = await target.wire();
    const first = request.replace(/opts ="persistent"/, 'opts ="none"').replace('"sh"', '"ex"');
    assertEquals(await holder.ask(first), reply(7, 0));
    using next = await target.wire();
    {
      using dying = await target.wire();
      await dying.send(request);
      await queued(target, 1);
      await next.send(first);
      await queued(target, 2);
    }
    await queued(target, 1);
    holder.close();
    assertEquals(await next.reply(), reply(7, 0));
    next.close();
    await target.unharmed();
  }
});

attempt("a client that dies before it reads the reply keeps no transient lock", async (target) => {
  for (let i = 0; i < 50; i++) {
    using dying = await target.wire();
    await dying.send(lockVg("ex") + lockLv("ex", "none"));
    dying.close();
    using next = await target.wire();
    assertEquals(await next.ask(lockVg("ex")), reply(7, 0));
    assertEquals(await next.ask(lockLv("ex", "none")), reply(7, 0));
  }
  await target.unharmed();
});

attempt(
  "a persistent lock of a client that died unanswered is held in full or not at all",
  async (target) => {
    const { api } = target.place;
    for (let i = 0; i < 50; i++) {
      {
        using dying = await target.wire();
        await dying.send(lockLv("ex"));
      }
      {
        // When one that came later has its answer, the first one has been heard.
        using later = await target.wire();
        assertEquals(await later.ask(hello), helloReply);
      }
      await target.alone();
      const { held } = await listLocks(api);
      assertEquals(held, held.length > 0 ? [`${LV} ex persistent`] : []);
      using next = await target.wire();
      assertEquals(await next.ask(lockLv("un")), reply(7, held.length > 0 ? 0 : -2));
      next.close();
    }
    await target.unharmed();
  },
);

attempt("a killed process's transient locks go to those who wait", async (target) => {
  const script = `
    const connection = await Deno.connect({ transport: "unix", path: Deno.args[0] });
    await connection.write(new TextEncoder().encode(Deno.args[1]));
    await connection.read(new Uint8Array(1000));
    console.log("held");
    await connection.read(new Uint8Array(1000));`;
  const path = `${target.place.directory}/holder.ts`;
  await Deno.writeTextFile(path, script);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", path, target.place.socket, lockVg("ex", "holder")],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  assertEquals((await listLocks(target.place.api)).held, ["VGLK ex holder"]);
  using waiter = await target.wire();
  await waiter.send(lockVg("ex"));
  await queued(target);
  child.kill("SIGKILL");
  assertEquals(await waiter.reply(), reply(7, 0));
  await child.status;
  await reader.cancel();
  waiter.close();
  await target.unharmed();
});

attempt("1000 clients at once all get the lock, and all vanish", async (target) => {
  const crowd = await Promise.all(Array.from({ length: 1000 }, () => target.wire()));
  await Promise.all(crowd.map(async (wire) => {
    assertEquals(await wire.ask(hello), helloReply);
    assertEquals(await wire.ask(lockVg("ex")), reply(7, 0));
    assertEquals(await wire.ask(lockVg("un")), reply(7, 0));
  }));
  for (const wire of crowd) wire.close();
  await target.unharmed();
});

attempt("1000 clients that wait for one lock vanish with it", async (target) => {
  using last = await target.wire();
  const crowd = await Promise.all(Array.from({ length: 1000 }, () => target.wire()));
  assertEquals(await crowd[0]!.ask(lockVg("ex")), reply(7, 0));
  for (const wire of crowd.slice(1)) await wire.send(lockVg("ex"));
  await last.send(lockVg("ex"));
  await queued(target, 1000);
  // The holder goes last, so that nobody else is granted the lock in between.
  for (const wire of crowd.reverse()) wire.close();
  assertEquals(await last.reply(), reply(7, 0));
  last.close();
  await target.unharmed();
});

attempt("clients that say nothing keep nobody from being served", async (target) => {
  const silent = await Promise.all(Array.from({ length: 300 }, () => target.wire()));
  for (const wire of silent.slice(0, 100)) await wire.send("request");
  {
    using wire = await target.wire();
    assertEquals(await wire.ask(lockVg("ex")), reply(7, 0));
  }
  for (const wire of silent) wire.close();
  await target.unharmed();
});

attempt(
  "what was sent before a half-close is answered, then the connection ends",
  async (target) => {
    {
      using wire = await target.wire();
      await wire.send(hello + lockLv("ex") + lockLv("sh") + lockLv("un") + hello);
      await wire.finish();
      const granted = reply(7, 0);
      const replies = [helloReply, granted, granted, granted, helloReply];
      assertEquals(await wire.rest(), replies.map((text) => `${text}\n##\n`).join(""));
    }
    await target.unharmed();
  },
);

attempt(
  "a half-closed client may wait for a lock, and loses it with the answer",
  async (target) => {
    {
      using holder = await target.wire();
      assertEquals(await holder.ask(lockVg("ex")), reply(7, 0));
      using wire = await target.wire();
      await wire.send(lockVg("ex"));
      await queued(target);
      await wire.finish();
      assertEquals(await holder.ask(hello), helloReply);
      assertEquals(await holder.ask(lockVg("un")), reply(7, 0));
      assertEquals(await wire.rest(), `${reply(7, 0)}\n##\n`);
      assertEquals(await holder.ask(lockVg("ex")), reply(7, 0));
    }
    await target.unharmed();
  },
);

attempt("a half-closed client that dies while it waits leaves nothing", async (target) => {
  {
    using holder = await target.wire();
    assertEquals(await holder.ask(lockLv("ex", "none")), reply(7, 0));
    using wire = await target.wire();
    await wire.send(lockLv("ex"));
    await queued(target);
    await wire.finish();
    // A round trip of its own: the daemon has seen the half-close when it answers.
    assertEquals(await holder.ask(hello), helloReply);
    wire.close();
    await queued(target, 0);
    assertEquals(await holder.ask(lockLv("un", "none")), reply(7, 0));
  }
  await target.unharmed();
});

/** Sends all requests as far as the daemon takes them, counting on in `progress`. */
async function flood(wire: Wire, text: string, times: number, progress: { sent: number }) {
  for (; progress.sent < times; progress.sent++) await wire.send(text);
}

attempt("answers that are not read are not piled up, and are all there later", async (target) => {
  const [batch, batches] = [100, 1000];
  {
    using wire = await target.wire();
    using other = await target.place.connect();
    const progress = { sent: 0 };
    const flooding = flood(wire, hello.repeat(batch), batches, progress);
    for (let before = -1; before !== progress.sent;) {
      before = progress.sent;
      for (let i = 0; i < 200; i++) assertEquals(await other.lockVg(VG, "un"), -2);
    }
    assertLess(progress.sent, batches / 2);
    for (let i = 0; i < batch * batches; i++) assertEquals(await wire.reply(), helloReply);
    await flooding;
  }
  await target.unharmed();
});

attempt("a client that dies while its answers pile up leaves nothing", async (target) => {
  {
    using wire = await target.wire();
    using other = await target.place.connect();
    const progress = { sent: 0 };
    const text = lockVg("ex") + hello.repeat(100);
    const flooding = flood(wire, text, 1000, progress).catch(() => "closed");
    for (let before = -1; before !== progress.sent;) {
      before = progress.sent;
      for (let i = 0; i < 200; i++) assertEquals(await other.result("hello"), 0);
    }
    wire.close();
    assertEquals(await flooding, "closed");
    assertEquals(await other.lockVg(VG, "ex"), 0);
  }
  await target.unharmed();
});

attempt(
  "clients beyond the descriptors that are left wait, and are served in time",
  async (target) => {
    const { daemon } = target;
    const crowd: Wire[] = [];
    const limit = (files: number) =>
      new Deno.Command("prlimit", { args: [`--pid=${daemon.pid}`, `--nofile=${files}:`] }).output();
    const before = Number(
      /^Max open files +(\d+)/m.exec(await Deno.readTextFile(`/proc/${daemon.pid}/limits`))![1],
    );
    await limit(daemon.files.length + 4);
    for (let i = 0; i < 12; i++) crowd.push(await target.wire());
    const answers = crowd.map((wire) => wire.ask(hello));
    // Those that came first have an answer; each that leaves makes room for another.
    for (const [i, wire] of crowd.entries()) {
      assertEquals(await answers[i], helloReply);
      wire.close();
    }
    await limit(before);
    await target.unharmed();
  },
);
