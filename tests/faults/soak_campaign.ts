/**
 * A soak: everything that can go on at a daemon goes on at the same time, for as long as is wished. In
 * the first half daemons are killed; in the second half one daemon serves all the time, and must need
 * no more at the end than at the beginning.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { connectApi, resultOf } from "../../core/api/client.ts";
import { until } from "../integration/daemon.ts";
import { listLocks } from "../integration/target.ts";
import { Prng } from "../oracle/prng.ts";
import { Entry, Journal, type Mode } from "./kills_journal.ts";
import { type Bout, Counts, hostile, http, info, load, startAndStop, storm } from "./soak_work.ts";
import { EmbeddedSubject, LVS, SanlockSubject, type Subject } from "./soak_subject.ts";

export interface SoakOptions {
  /** How long all of it goes on. */
  minutes: number;
  seed: number;
  /** Milliseconds of a bout of the second half; a connection must not be older than 60 s. */
  boutMs?: number;
  report?: (line: string) => void;
}

/** What a process has. */
export interface Usage {
  residentMib: number;
  files: number;
  threads: number;
}

export interface SoakVerdict {
  name: string;
  /** What must not have happened. */
  complaints: string[];
  counts: Counts;
  kills: number;
  /** How often sanlock kept a dead daemon's lock. */
  ghosts: number;
  /** Of the daemon of the second half: when it had served for a bout, and in the end. */
  before: Usage;
  after: Usage;
  seconds: number;
}

const CLIENTS = 4;
/** A bout of the first half, and of the second, milliseconds. */
const KILL_AFTER_MS = [1000, 9000] as const;
const BOUT_MS = 20_000;
/** Calls to a lock manager that wait at the same time have a thread each, up to a limit. */
const MORE_THREADS = 4;
/** More than so much memory in addition is a leak: the runtime's heap moves by less. */
const MOST_MIB = 64;

/** Soaks both kinds of daemon at the same time. */
export async function soak(options: SoakOptions): Promise<SoakVerdict[]> {
  const subjects = [await EmbeddedSubject.start(), await SanlockSubject.start()];
  try {
    return await Promise.all(
      subjects.map((subject, i) =>
        new Soak(subject, { ...options, seed: options.seed + i }).play()
      ),
    );
  } finally {
    await Promise.all(subjects.map((subject) => subject[Symbol.asyncDispose]()));
  }
}

class Soak {
  readonly #random: Prng;
  readonly #journal = new Journal(Array.from({ length: LVS }, (_, i) => new Entry(i + 1)));
  readonly #counts = new Counts();
  readonly #complaints: string[] = [];
  #kills = 0;
  #ghosts = 0;

  constructor(private readonly subject: Subject, private readonly options: SoakOptions) {
    this.#random = new Prng(options.seed);
  }

  async play(): Promise<SoakVerdict> {
    const begun = performance.now();
    const at = (share: number) => begun + share * this.options.minutes * 60_000;
    const goesOn = (end: number) => performance.now() < end && this.#complaints.length === 0;
    let [before, after] = [usageOf(this.subject), usageOf(this.subject)];
    try {
      while (goesOn(at(0.5))) await this.#killed();
      await this.#bout(this.options.boutMs ?? BOUT_MS);
      before = await this.#quiet();
      while (goesOn(at(1))) await this.#bout(this.options.boutMs ?? BOUT_MS);
      if (this.#complaints.length === 0) await this.#end();
      after = await this.#quiet();
      this.#compare(before, after);
    } catch (error) {
      this.#complaints.push((error as Error).stack ?? `${error}`);
    }
    if (this.#complaints.length > 0) this.#complaints.push(this.subject.log.slice(-20_000));
    return {
      name: this.subject.name,
      complaints: this.#complaints,
      counts: this.#counts,
      kills: this.#kills,
      ghosts: this.#ghosts,
      ...{ before, after },
      seconds: (performance.now() - begun) / 1000,
    };
  }

  async #killed(): Promise<void> {
    const [shortest, longest] = KILL_AFTER_MS;
    const bout: Bout = { over: false, killed: false };
    const work = this.#work(bout);
    await sleep(shortest + this.#random.below(longest - shortest), work);
    bout.over = bout.killed = true;
    await this.subject.daemon.kill();
    await work;
    this.#kills++;
    if (!await this.subject.restart()) {
      this.#ghosts++;
      this.#journal.forget();
    }
    await this.#check();
  }

  async #bout(ms: number): Promise<void> {
    const bout: Bout = { over: false, killed: false };
    const work = this.#work(bout);
    await sleep(ms, work);
    bout.over = true;
    await work;
    await this.#check();
    const { residentMib, files, threads } = usageOf(this.subject);
    this.options.report?.(
      `${this.subject.name}: ${this.#counts.get("requests")?.toFixed(0)} requests, ` +
        `${this.#kills} kills; ${residentMib} MiB, ${files} files, ${threads} threads`,
    );
  }

  /** All kinds of work; resolves when all have ended. */
  async #work(bout: Bout): Promise<void> {
    const { subject } = this;
    const common = () => ({
      ...{ subject, bout, counts: this.#counts },
      random: new Prng(this.#random.below(2 ** 32)),
    });
    const share = LVS / CLIENTS;
    const clients = Array.from(
      { length: CLIENTS },
      (_, i) => load(common(), this.#journal.entries.slice(i * share, (i + 1) * share)),
    );
    const others = [startAndStop, storm, hostile, http, info].map((work) => work(common()));
    await Promise.all([...clients, ...others].map((work) =>
      work.catch((error: Error) => {
        if (!bout.killed) this.#complaints.push(error.stack ?? error.message);
        bout.over = true;
      })
    ));
  }

  /** What is held is what clients were told; nobody waits, and nobody is left. */
  async #check(): Promise<void> {
    await this.#alone();
    const { held, waiting } = await listLocks(this.subject.place.api);
    const found = new Map<string, Mode>();
    for (const line of held) {
      const [name, mode, who] = line.split(" ") as [string, Mode, string];
      if (who === "persistent") found.set(name, mode);
      else this.#complaints.push(`left behind: ${line}`);
    }
    this.#complaints.push(...this.#journal.check(found), ...waiting);
  }

  /** Waits until the daemon knows that all clients are gone. */
  async #alone(): Promise<void> {
    const clients = async () => (await this.#state()).clients;
    await until("all clients are gone", async () => await clients() === 0);
  }

  async #state() {
    using client = connectApi(this.subject.place.api);
    return (await resultOf(client.api.v1.status.$get({ query: {} }))).counts;
  }

  /** All that the table has is given back: nothing is left in it. */
  async #end(): Promise<void> {
    using client = await this.subject.connect();
    for (const { lv, mode } of this.#journal.entries) {
      assertEquals(await client.lv(lv, "un"), mode === "un" ? -2 : 0);
    }
    const stopped = await client.stopSide();
    assert([0, -210].includes(stopped), `stop: ${stopped}`);
    assertEquals(await client.stopMain(), 0);
    client[Symbol.dispose]();
    await this.#alone();
    const empty = async () => Object.values(await this.#state()).every((count) => count === 0);
    const left = JSON.stringify(await this.#state());
    await until("the table is empty", empty, () => left);
  }

  /** What it needs when nobody asks for anything. Threads of the runtime end after some seconds. */
  async #quiet(): Promise<Usage> {
    await this.#alone();
    await sleep(12_000);
    return usageOf(this.subject);
  }

  #compare(before: Usage, after: Usage): void {
    const complain = (what: string) =>
      this.#complaints.push(
        `${what}: ${JSON.stringify(before)} has become ${JSON.stringify(after)}`,
      );
    if (after.files > before.files) complain("open files");
    if (after.threads > before.threads + MORE_THREADS) complain("threads");
    if (after.residentMib > before.residentMib + MOST_MIB) complain("memory");
  }
}

function usageOf({ daemon }: Subject): Usage {
  const status = Deno.readTextFileSync(`/proc/${daemon.pid}/status`);
  return {
    residentMib: Math.round(daemon.residentKib / 1024),
    files: daemon.files.length,
    threads: Number(/^Threads:\s+(\d+)/m.exec(status)![1]),
  };
}

/** So long, or until `work` has ended early. */
async function sleep(ms: number, work?: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((wake) => timer = setTimeout(wake, ms));
  await Promise.race(work === undefined ? [late] : [late, work]);
  clearTimeout(timer);
}
