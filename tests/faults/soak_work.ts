/**
 * What goes on in a soak, all at the same time: each kind of work goes on until its bout is over, and
 * tells what it found wrong.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { connectApi, resultOf } from "../../core/api/client.ts";
import { program } from "../integration/daemon.ts";
import { helloReply, message, Wire } from "../integration/wire.ts";
import type { Prng } from "../oracle/prng.ts";
import type { Entry } from "./kills_journal.ts";
import { MAIN, type Subject } from "./soak_subject.ts";

/** A stretch of a soak, at whose end the daemon is killed or everything stops in order. */
export interface Bout {
  over: boolean;
  /** The daemon was killed: whatever fails now does so for that. */
  killed: boolean;
}

/** Requests and other things that were done, by kind. */
export class Counts extends Map<string, number> {
  add(kind: string, count = 1): void {
    this.set(kind, (this.get(kind) ?? 0) + count);
  }
}

/** What all work needs. */
export interface Work {
  subject: Subject;
  bout: Bout;
  random: Prng;
  counts: Counts;
}

const pause = (ms: number) => new Promise<void>((wake) => setTimeout(wake, ms));

/** A connection is used for so many steps: LVM's commands use one for a few requests. */
const STEPS = 40;

/** Takes, converts and releases locks, as LVM's commands do. */
export async function load(work: Work, entries: readonly Entry[]): Promise<void> {
  const { subject, bout, random, counts } = work;
  while (!bout.over) {
    using client = await subject.connect();
    counts.add("connections");
    for (let i = 0; i < STEPS && !bout.over; i++) {
      if (random.chance(0.3)) {
        assertEquals(await client.vg(random.pick(["sh", "ex"])), 0);
        assertEquals(await client.vg("un"), 0);
        counts.add("requests", 2);
      }
      const entry = random.pick(entries);
      const mode = entry.choose(random);
      assertEquals(await client.lv(entry.lv, mode), 0, `LV ${entry.lv} ${entry.mode} to ${mode}`);
      entry.answered(mode);
      counts.add("requests");
    }
  }
}

/** Starts and stops a VG. */
export async function startAndStop({ subject, bout, counts }: Work): Promise<void> {
  // The daemon before this one may have been killed while it started or stopped it: sanlock goes on.
  const [EAGAIN, EEXIST, EINPROGRESS, ESTALE, ENOLS] = [-11, -17, -115, -116, -210];
  const mayStart = [0, EAGAIN, EEXIST, EINPROGRESS, ESTALE];
  const mayStop = [0, EINPROGRESS, ESTALE, ENOLS];
  while (!bout.over) {
    using client = await subject.connect();
    const started = await client.startSide();
    assert(mayStart.includes(started), `start: ${started}`);
    const stopped = await client.stopSide();
    assert(mayStop.includes(stopped), `stop: ${stopped}`);
    counts.add("requests", 2);
    counts.add("starts of a VG");
    await pause(20);
  }
}

/** Many clients at once, who say hello, half a request or nothing, and go. */
export async function storm({ subject, bout, random, counts }: Work): Promise<void> {
  const hello = message("hello");
  while (!bout.over) {
    const crowd = await Promise.all(
      Array.from({ length: 20 + random.below(150) }, () => Wire.open(subject.place.socket)),
    );
    try {
      await Promise.all(crowd.map(async (wire) => {
        const kind = random.below(3);
        if (kind === 0) assertEquals(await wire.ask(hello), helloReply);
        if (kind === 1) await wire.send(hello.slice(0, random.below(hello.length)));
      }));
    } finally {
      for (const wire of crowd) wire.close();
    }
    counts.add("connections", crowd.length);
    counts.add("requests", crowd.length / 3);
    await pause(random.below(1500));
  }
}

/** Bytes that are no request, at both sockets. The daemon may close; it goes on serving. */
export async function hostile({ subject, bout, random, counts }: Work): Promise<void> {
  const { socket, api } = subject.place;
  while (!bout.over) {
    using wire = await Wire.open(random.chance(0.5) ? socket : api);
    const bytes = Uint8Array.from({ length: 1 + random.below(4000) }, () => random.below(256));
    const head = random.pick(["", "GET /v1/status HTTP/1.1\r\n", 'request = "lock_lv"\n', "{[("]);
    try {
      await wire.send(head);
      await wire.send(bytes);
      await wire.finish();
      await wire.rest();
    } catch (error) {
      const closed = error instanceof Deno.errors.BrokenPipe ||
        error instanceof Deno.errors.ConnectionReset;
      if (!closed) throw error;
    }
    counts.add("hostile requests");
    await pause(random.below(60));
  }
}

/** Reads the state by HTTP, and holds a lock in a session now and then. */
export async function http({ subject, bout, random, counts }: Work): Promise<void> {
  const query = {};
  while (!bout.over) {
    using client = connectApi(subject.place.api);
    const { v1 } = client.api;
    for (let i = 0; i < STEPS && !bout.over; i++) {
      await resultOf(v1.status.$get({ query }));
      await resultOf(v1.locks.$get({ query }));
      await resultOf(v1.lockspaces.$get({ query }));
      counts.add("HTTP calls", 3);
      if (random.chance(0.3)) {
        const session = await client.openSession({ command: "soak", pid: Deno.pid });
        const json = { type: "vg", vg: MAIN, mode: "sh", session: session.id } as const;
        await resultOf(v1.locks.$post({ query: { deadlineMs: "20000" }, json }));
        session.close();
        counts.add("HTTP calls", 2);
      }
      await pause(random.below(40));
    }
  }
}

/** `--info`, and the log, with the control tool. */
export async function info({ subject, bout, random, counts }: Work): Promise<void> {
  while (!bout.over) {
    const option = random.pick(["--info", "--dump"]);
    const words = [...program, "ctl", option, "--socket-path", subject.place.socket];
    const { code, stdout, stderr } = await subject.sandbox.run(words);
    assertEquals(code, 0, stderr);
    if (option === "--info") assertStringIncludes(stdout, `lvm_${MAIN}`);
    counts.add(`ctl ${option}`);
    await pause(500 + random.below(1500));
  }
}
