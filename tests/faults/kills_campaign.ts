/**
 * Our daemon is killed under load, again and again, on a host with a real sanlock. After each kill
 * another host must be refused what the first one holds, and the next daemon must have exactly the
 * locks that its clients were told of, by its own listing and by that of sanlock.
 *
 * @module
 */
import { until } from "../integration/daemon.ts";
import { listLocks } from "../integration/target.ts";
import { Prng } from "../oracle/prng.ts";
import { Hosts, type LvmHost } from "../sanlock/daemon_hosts.ts";
import { HELD, type SharedVg, VgClient } from "../sanlock/daemon_vg.ts";
import { hasGhosts, startHostAnew } from "./ghosts.ts";
import { differences, Entry, type Held, Journal, type Mode } from "./kills_journal.ts";

export interface KillOptions {
  kills: number;
  seed: number;
  /** Clients that change locks at the same time. */
  clients?: number;
  /** LVs of each client. */
  lvs?: number;
  /** Told what goes on, a line at a time. */
  report?: (line: string) => void;
}

export interface KillVerdict {
  /** What must not have happened. */
  complaints: string[];
  kills: number;
  /** Daemons that were killed before they served. */
  brokenStarts: number;
  /** Kills after which the adopt file was removed as well. */
  withoutFile: number;
  /** How often sanlock kept a dead daemon's locks, so that the host had to be started anew. */
  ghosts: number;
  /** Locks that the other host asked for while nobody served, and was refused, or given. */
  refused: number;
  given: number;
  counts: Journal["counts"];
  /** Milliseconds from a start to serving with all locks: the median and the longest. */
  startMs: { median: number; longest: number };
  seconds: number;
}

/** Load before a kill, milliseconds: a request takes about 4. */
const [SHORTEST_MS, LONGEST_MS] = [5, 120];
/** One daemon in so many is killed while it starts, within so many milliseconds. */
const [BROKEN_STARTS, BROKEN_START_MS] = [10, 300];
/** One kill in so many takes the adopt file along. */
const LOST_FILES = 20;
/** Leases of the lockspace, the global lock and the VG come first. */
const FIRST_LVS_MIB = 70;
const ENOENT = -2;
/** The other host asks once. */
const ONCE = { max_retries: -1 };

export async function killCampaign(options: KillOptions): Promise<KillVerdict> {
  const { clients = 4, lvs = 4 } = options;
  await using hosts = await Hosts.start(2, { notesKills: true });
  const vg = await hosts.vg("killed", FIRST_LVS_MIB + clients * lvs);
  const [own, other] = await vg.started(2, "enable") as [VgClient, VgClient];
  const entries = Array.from({ length: clients * lvs }, (_, i) => new Entry(i + 1));
  for (const { lv } of entries) {
    const result = await own.initLv(lv);
    if (result !== 0) throw new Error(`init_lv ${lv}: ${result}`);
  }
  own[Symbol.dispose]();
  other[Symbol.dispose]();
  return await new KillCampaign(hosts, vg, entries, options).play();
}

class KillCampaign {
  readonly #host: LvmHost;
  readonly #other: LvmHost;
  readonly #random: Prng;
  readonly #journal: Journal;
  readonly #complaints: string[] = [];
  readonly #startMs: number[] = [];
  readonly #figures = { brokenStarts: 0, withoutFile: 0, ghosts: 0, refused: 0, given: 0 };

  constructor(
    hosts: Hosts,
    private readonly vg: SharedVg,
    entries: readonly Entry[],
    private readonly options: KillOptions,
  ) {
    this.#host = hosts.host(1);
    this.#other = hosts.host(2);
    this.#random = new Prng(options.seed);
    this.#journal = new Journal(entries);
  }

  async play(): Promise<KillVerdict> {
    const begun = performance.now();
    let kills = 0;
    try {
      while (kills < this.options.kills && this.#complaints.length === 0) {
        await this.#round(++kills);
      }
      if (this.#complaints.length === 0) await this.#end();
    } catch (error) {
      this.#complaints.push(`kill ${kills}: ${(error as Error).stack}`);
    }
    if (this.#complaints.length > 0) this.#complaints.push(this.#logs());
    const sorted = this.#startMs.toSorted((a, b) => a - b);
    return {
      complaints: this.#complaints,
      kills,
      ...this.#figures,
      counts: this.#journal.counts,
      startMs: { median: sorted[sorted.length >> 1] ?? 0, longest: sorted.at(-1) ?? 0 },
      seconds: (performance.now() - begun) / 1000,
    };
  }

  async #round(kill: number): Promise<void> {
    await this.#load();
    await this.#askElsewhere();
    await this.#restart(kill);
    await this.#check(`after kill ${kill}`);
    const { answered } = this.#journal.counts;
    if (kill % 50 === 0) this.options.report?.(`${kill} kills, ${answered} answers`);
  }

  /** The end of what the daemon and sanlock of the host have printed. */
  #logs(): string {
    const { daemonLog, sanlock } = this.#host;
    const end = (text: string) => text.split("\n").slice(-40).join("\n");
    return `the daemon:\n${end(daemonLog)}\nsanlock:\n${end(sanlock.log)}`;
  }

  /** Clients take, convert and release until the daemon is killed. */
  async #load(): Promise<void> {
    const { clients = 4, lvs = 4 } = this.options;
    const connected = await Promise.all(
      Array.from({ length: clients }, () => this.#connect(this.#host)),
    );
    const workers = connected.map((client, i) => {
      const entries = this.#journal.entries.slice(i * lvs, (i + 1) * lvs);
      return broken(this.#work(client, entries, new Prng(this.#random.below(2 ** 32))));
    });
    const ms = SHORTEST_MS + this.#random.below(LONGEST_MS - SHORTEST_MS + 1);
    await new Promise((wake) => setTimeout(wake, ms));
    await this.#host.daemon.kill();
    const failures = (await Promise.all(workers)).filter((failure) => failure !== undefined);
    this.#complaints.push(...failures);
    for (const client of connected) client[Symbol.dispose]();
  }

  async #work(client: VgClient, entries: readonly Entry[], random: Prng): Promise<never> {
    for (;;) {
      if (random.chance(0.1)) {
        await expect(client.lock(random.pick(["sh", "ex"])), "the VG lock");
        await expect(client.lock("un"), "the VG lock's end");
      }
      const entry = random.pick(entries);
      const mode = entry.choose(random);
      await expect(client.lv(entry.lv, mode), `LV ${entry.lv} ${entry.mode} to ${mode}`);
      entry.answered(mode);
      this.#journal.counts.answered++;
    }
  }

  /** While nobody serves on the first host, the other one is refused what that holds, and given the rest. */
  async #askElsewhere(): Promise<void> {
    using client = await this.#connect(this.#other);
    for (const mode of ["ex", "sh", "un"] as const) {
      const entries = this.#journal.certain(mode);
      if (entries.length === 0) continue;
      const { lv } = this.#random.pick(entries);
      const result = await client.lv(lv, "ex", ONCE);
      if (result !== (mode === "un" ? 0 : HELD)) {
        this.#complaints.push(`LV ${lv}, ${mode} on host 1, exclusively on host 2: ${result}`);
      }
      this.#figures[mode === "un" ? "given" : "refused"]++;
      if (result === 0) await expect(client.lv(lv, "un"), `LV ${lv} on host 2 un`);
    }
  }

  async #restart(kill: number): Promise<void> {
    if (this.#random.below(BROKEN_STARTS) === 0) {
      this.#figures.brokenStarts++;
      await this.#host.startBroken(this.#random.below(BROKEN_START_MS));
    }
    if (this.#random.below(LOST_FILES) === 0) {
      this.#figures.withoutFile++;
      await Deno.remove(`${this.#host.place.directory}/adopt`).catch(() => {});
    }
    const begun = performance.now();
    await this.#host.startDaemon();
    this.#startMs.push(performance.now() - begun);
    if (await hasGhosts(this.#host)) await this.#startHostAnew(kill);
  }

  async #startHostAnew(kill: number): Promise<void> {
    this.#figures.ghosts++;
    this.options.report?.(`kill ${kill}: sanlock keeps a dead daemon's lock; the host starts anew`);
    await startHostAnew(this.#host);
    this.#journal.forget();
    using client = await this.#connect(this.#host);
    await until("the VG can be started", async () => await client.start() === 0);
  }

  async #check(when: string): Promise<void> {
    const { held, waiting } = await listLocks(this.#host.place.api);
    const daemons = new Map<string, Mode>();
    for (const line of held) {
      const [name, mode, who] = line.split(" ") as [string, Mode, string];
      daemons.set(name, mode);
      if (who !== "persistent") this.#complaints.push(`${when} a dead client holds ${line}`);
    }
    const sanlocks = await this.#sanlockView();
    const found = [
      ...this.#journal.check(daemons),
      ...differences(daemons, sanlocks, ["the daemon", "sanlock"]),
      ...waiting.map((line) => `a dead client waits: ${line}`),
    ];
    this.#complaints.push(...found.map((text) => `${when}: ${text}`));
  }

  /** What sanlock holds for the daemon. */
  async #sanlockView(): Promise<Held> {
    const status = await this.#host.sanlockTool("client", "status");
    const view = new Map<string, Mode>();
    for (const [, name = "", rest = ""] of status.matchAll(/^r [^:]*:([^:]*):(.*)$/gm)) {
      const orphan = rest.includes("ORPHAN") ? " (orphan)" : "";
      view.set(name + orphan, /:SH p /.test(rest) ? "sh" : "ex");
    }
    return view;
  }

  /** All can be given back, and then the other host can have all of it. */
  async #end(): Promise<void> {
    using client = await this.#connect(this.#host);
    using elsewhere = await this.#connect(this.#other);
    for (const { lv, mode } of this.#journal.entries) {
      const results = [
        await client.lv(lv, "un"),
        await elsewhere.lv(lv, "ex"),
        await elsewhere.lv(lv, "un"),
      ];
      const expected = [mode === "un" ? ENOENT : 0, 0, 0];
      if (`${results}` !== `${expected}`) {
        this.#complaints.push(`in the end LV ${lv} (${mode}): ${results} instead of ${expected}`);
      }
    }
    if (this.#host.kills.length > 0) {
      this.#complaints.push(`VGs were given up: ${this.#host.kills}`);
    }
  }

  async #connect(host: LvmHost): Promise<VgClient> {
    return new VgClient(await host.connect(), this.vg);
  }
}

async function expect(result: Promise<number>, what: string): Promise<void> {
  const found = await result;
  if (found !== 0) throw new Error(`${what}: ${found}`);
}

/** A broken connection is what a client ends with; anything else is a failure, and returned. */
async function broken(worker: Promise<never>): Promise<string | undefined> {
  return await worker.catch((error: Error) =>
    error.name === "TransportError" ? undefined : error.message
  );
}
