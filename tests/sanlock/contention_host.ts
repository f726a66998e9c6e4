/**
 * One host of a contention campaign: what is certain about its locks, whether it can be asked, and how
 * its VG is brought back after each kind of trouble.
 *
 * @module
 */
import { NativeClient } from "../../ctl/native_client.ts";
import { fieldRequest, type Reply } from "../../ctl/native_text.ts";
import type { Fields } from "../integration/conversation.ts";
import { until } from "../integration/daemon.ts";
import type { HeldMode, Holding, Referee } from "./contention_referee.ts";
import type { LvmHost } from "./daemon_hosts.ts";
import { lvUuid, resultOf, type SharedVg } from "./daemon_vg.ts";

/** No request takes as long, with sanlock paused and all its retries. */
const PATIENCE_MS = 60_000;

const [ENOLS, EEXIST, EAGAIN, ESTALE] = [-210, -17, -11, -116];

/** As much as tells how something came about. */
const HISTORY_LINES = 40;

/** The clock of the campaign. */
export const now = () => performance.now();

/** What is known of a persistent lock of this host, which any client of it may change. */
export interface PersistentLock {
  readonly lv: number;
  readonly resource: string;
  /** A client is changing it; others keep off, so that it is known what it is. */
  busy: boolean;
  mode: "un" | HeldMode;
  /** The outcome of the last change is not known. */
  uncertain: boolean;
  holding: Holding | undefined;
}

/** A connection of any age. Rejects when the daemon goes away, or does not answer at all. */
export class Line implements Disposable {
  readonly #abort = new AbortController();
  #client!: NativeClient;

  static async open(path: string): Promise<Line> {
    const line = new Line();
    line.#client = await NativeClient.connect(path, line.#abort.signal);
    return line;
  }

  async ask(name: string, fields: Fields): Promise<Reply> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, fail) => {
      timer = setTimeout(() => fail(new NoAnswer(name, fields)), PATIENCE_MS);
    });
    const asked = this.#client.request(fieldRequest(name, fields));
    asked.catch(() => {}); // when it comes too late
    try {
      return await Promise.race([asked, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  [Symbol.dispose](): void {
    this.#abort.abort();
  }
}

/** The daemon hangs. */
export class NoAnswer extends Error {
  override name = "NoAnswer";
  constructor(request: string, fields: Fields) {
    super(`no answer to ${request} ${JSON.stringify(fields)} within ${PATIENCE_MS / 1000} s`);
  }
}

export class Contender {
  /** Counts how often the daemon has lost its clients. */
  epoch = 0;
  /** How often sanlock did not let go of what a dead process held. */
  ghosts = 0;
  /** Results that would be wrong otherwise are to be expected for the time being. */
  troubled = false;
  readonly persistent: PersistentLock[];
  #up = Promise.withResolvers<void>();
  #isUp = false;
  /** From when on nothing of this host is certain, as its leases were not renewed. */
  #certainUntil = Infinity;
  readonly #held = new Set<Holding>();

  constructor(
    readonly host: LvmHost,
    readonly vg: SharedVg,
    private readonly referee: Referee,
    lvs: readonly number[],
    /** LVs whose locks belong to clients. */
    readonly transientLvs: readonly number[],
  ) {
    this.persistent = lvs.map((lv) => ({
      lv,
      resource: `lv${lv}`,
      busy: false,
      mode: "un",
      uncertain: false,
      holding: undefined,
    }));
  }

  get name(): string {
    return `host${this.host.number}`;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Resolves when the daemon can be asked. */
  get up(): Promise<void> {
    return this.#up.promise;
  }

  note(text: string, resource = ""): void {
    this.referee.note(now(), resource, `${this.name}: ${text}`);
  }

  /** What happened last to a resource. */
  history(resource: string): string[] {
    return this.referee.history(resource).slice(-HISTORY_LINES);
  }

  granted(holder: string, resource: string, mode: HeldMode, atMs: number): Holding {
    const holding = this.referee.granted(holder, resource, mode, atMs);
    this.#held.add(holding);
    this.referee.ended(holding, this.#certainUntil);
    return holding;
  }

  exclusive(holding: Holding, atMs: number): void {
    this.referee.exclusive(holding, atMs);
  }

  shared(holding: Holding, atMs: number): void {
    this.referee.shared(holding, atMs);
  }

  ended(holding: Holding, atMs: number): void {
    this.referee.ended(holding, atMs);
    this.#held.delete(holding);
  }

  /** From `atMs` on, which may lie ahead, others may have what this host held. */
  uncertainFrom(atMs: number): void {
    this.#certainUntil = atMs;
    for (const holding of this.#held) this.referee.ended(holding, atMs);
  }

  /** The daemon is about to lose its clients, and with them their own locks. */
  goesDown(why: string): void {
    this.note(why);
    this.epoch++;
    if (this.#isUp) this.#up = Promise.withResolvers<void>();
    this.#isUp = false;
    const shared = new Set(this.persistent.map(({ holding }) => holding));
    for (const holding of this.#held) if (!shared.has(holding)) this.ended(holding, now());
  }

  isBack(): void {
    this.note("serves again");
    this.troubled = false;
    this.#certainUntil = Infinity;
    this.#isUp = true;
    this.#up.resolve();
  }

  /** The host has given up all locks: it joined anew. */
  forgetLocks(): void {
    for (const holding of [...this.#held]) this.ended(holding, now());
    for (const lock of this.persistent) {
      Object.assign(lock, { mode: "un", uncertain: false, holding: undefined });
    }
  }

  open(): Promise<Line> {
    return Line.open(this.host.place.socket);
  }

  fields(more: Fields = {}): Fields {
    const about = { cmd: "contend", pid: Deno.pid, vg_name: this.vg.name };
    return { ...about, vg_lock_type: "sanlock", vg_lock_args: this.vg.args, ...more };
  }

  lvFields(lv: number, more: Fields = {}): Fields {
    const lv_lock_args = this.vg.lvArgs.get(lv)!;
    return this.fields({ lv_name: `lv${lv}`, lv_uuid: lvUuid(lv), lv_lock_args, ...more });
  }

  /** Asks once over a connection of its own. */
  async ask(name: string, fields: Fields): Promise<Reply> {
    using line = await this.open();
    return await line.ask(name, fields);
  }

  async result(name: string, fields: Fields = this.fields()): Promise<number> {
    return resultOf(await this.ask(name, fields));
  }

  /** Joins the VG; it may have been left a moment ago. */
  async startVg(): Promise<void> {
    const fields = this.fields({ vg_uuid: "V", version: 1, host_id: 0, opts: "wait" });
    let result = EAGAIN;
    const settled = async () => {
      result = await this.result("start_vg", fields);
      return result !== EAGAIN && result !== ESTALE;
    };
    await until("the VG can be started", settled);
    if (result !== 0) throw new Error(`${this.name}: start_vg ${result}`);
  }

  /** After a start of the daemon: has it taken over the VG that its predecessor left behind? */
  async hasAdopted(): Promise<boolean> {
    const fields = this.fields({ vg_uuid: "V", version: 1, host_id: 0, opts: "wait" });
    return await this.result("start_vg", fields) === EEXIST;
  }

  /**
   * Does sanlock hold locks for a process that has died, without making orphans of them? sanlock 3.8.5
   * does that at times, if the process was killed while a conversion ended. They are safe from other
   * hosts, but only the end of sanlock frees them.
   */
  async sanlockHasGhosts(): Promise<boolean> {
    const status = await this.host.sanlockTool("client", "status");
    const owners = [...status.matchAll(/^r .* p (-?\d+)$/gm)].map(([, pid]) => Number(pid));
    return owners.some((pid) => pid !== this.host.daemon.pid);
  }

  /** Leaves the VG whatever is held in it. */
  async dropVg(): Promise<void> {
    await until("the VG is dropped", async () => await this.result("drop_vg") === ENOLS);
  }

  /** The mode in which the daemon has an LV locked. */
  async modeOf(lv: number): Promise<"un" | HeldMode> {
    const reply = await this.ask("query_lock_lv", this.lvFields(lv));
    return reply.get("mode") as "un" | HeldMode;
  }
}
