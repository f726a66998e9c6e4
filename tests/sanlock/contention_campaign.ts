/**
 * A contention campaign: two hosts, several clients on each that ask for locks of one VG at random, and
 * faults. It goes in rounds, in each of which a client asks a few times.
 *
 * @module
 */
import { Prng } from "../oracle/prng.ts";
import { Contestant, type Planted, Tally, type Transient } from "./contention_client.ts";
import { type Expired, type Fault, inflict, severe } from "./contention_faults.ts";
import { Contender, now } from "./contention_host.ts";
import { describe, Referee } from "./contention_referee.ts";
import { Hosts } from "./daemon_hosts.ts";
import type { VgClient } from "./daemon_vg.ts";

export interface CampaignOptions {
  seed: number;
  rounds: number;
  /** How often each fault happens. */
  faults: Partial<Record<Fault, number>>;
  clientsPerHost: number;
  /** LVs for persistent locks, and as many for transient ones. */
  lvs: number;
  planted?: Planted;
  /** Where the logs of all daemons are left if something was wrong; `""` for nowhere. */
  logs?: string;
  /** Told what goes on, a line at a time. */
  report?: (line: string) => void;
}

export interface Verdict {
  /** What must not have happened, each with its history. */
  complaints: string[];
  rounds: number;
  requests: number;
  results: Record<string, number>;
  /** How often sanlock did not let go of what a dead process held, so that the host had to crash too. */
  ghosts: number;
  /** Locks held by certain holders. */
  holdings: number;
  longestMs: number;
  seconds: number;
}

/** After so many rounds the hosts are asked what they believe to hold. */
const BATCH = 10;

export async function campaign(options: CampaignOptions): Promise<Verdict> {
  await using hosts = await Hosts.start(2, { notesKills: true });
  const run = new Campaign(hosts, options);
  return await run.play();
}

class Campaign {
  readonly #random: Prng;
  readonly #referee = new Referee();
  readonly #tally = new Tally();
  readonly #complaints = this.#tally.complaints;
  #contenders: Contender[] = [];
  #contestants: Contestant[] = [];
  /** Faults under way: a host has at most one at a time. */
  readonly #under = new Map<Contender, Promise<void>>();
  #severe: Promise<void> | undefined;

  constructor(private readonly hosts: Hosts, private readonly options: CampaignOptions) {
    this.#random = new Prng(options.seed);
  }

  async play(): Promise<Verdict> {
    const startMs = now();
    await this.#prepare();
    const plan = this.#plan();
    let round = 0;
    while (round < this.options.rounds || this.#under.size > 0) {
      const end = round + BATCH;
      for (; round < end; round++) for (const fault of plan.get(round) ?? []) this.#begin(fault);
      await this.#playRounds(BATCH);
      await this.#checkBeliefs();
      if (this.#complaints.length > 0) break;
      if (round % 100 === 0) this.#report(`round ${round}, ${this.#tally.requests} requests`);
    }
    await Promise.all(this.#under.values());
    if (this.#complaints.length === 0) await this.#finish();
    return this.#verdict(round, (now() - startMs) / 1000);
  }

  async #prepare(): Promise<void> {
    const { lvs, clientsPerHost } = this.options;
    const vg = await this.hosts.vg("contended");
    const numbers = Array.from({ length: 2 * lvs }, (_, i) => i + 1);
    const clients = await vg.started(2, "enable") as [VgClient, VgClient];
    for (const lv of numbers) {
      if (await clients[0].initLv(lv) !== 0) throw new Error(`init_lv ${lv}`);
    }
    for (const client of clients) client[Symbol.dispose]();
    this.#contenders = this.hosts.all.map((host) =>
      new Contender(host, vg, this.#referee, numbers.slice(0, lvs), numbers.slice(lvs))
    );
    for (const contender of this.#contenders) contender.isBack();
    const transients = transientsOf(numbers.slice(lvs));
    const planted = this.options.planted ?? { believeRefusals: false };
    this.#contestants = this.#contenders.flatMap((contender) =>
      Array.from({ length: clientsPerHost }, (_, i) => {
        const name = `${contender.name}/client${i + 1}`;
        const random = new Prng(this.#random.below(2 ** 32));
        return new Contestant(name, contender, transients, random, this.#tally, planted);
      })
    );
  }

  /** Faults by round, each kind spread evenly. */
  #plan(): Map<number, Fault[]> {
    const plan = new Map<number, Fault[]>();
    const { rounds, faults } = this.options;
    for (const [fault, count] of Object.entries(faults) as [Fault, number][]) {
      for (let i = 0; i < count; i++) {
        const round = Math.floor(rounds * (i + this.#random.next()) / count);
        plan.set(round, [...plan.get(round) ?? [], fault]);
      }
    }
    return plan;
  }

  /** At once if both hosts are well enough for it, else when they are. */
  #begin(fault: Fault): void {
    const { host: contender, after } = this.#placeFor(fault);
    const random = new Prng(this.#random.below(2 ** 32));
    const begin = () => {
      this.#report(`${fault}: ${contender.name}`);
      return inflict(fault, contender, random, this.#expired);
    };
    const done = Promise.all(after).then(begin)
      .catch((error) => void this.#complaints.push(`${fault}: ${error.message}`))
      .then(() => {
        if (this.#under.get(contender) === done) this.#under.delete(contender);
        if (this.#severe === done) this.#severe = undefined;
      });
    this.#under.set(contender, done);
    if (severe.includes(fault)) this.#severe = done;
  }

  /** Where a fault happens, and what has to be over before. */
  #placeFor(fault: Fault): { host: Contender; after: (Promise<void> | undefined)[] } {
    const host = this.#random.pick(this.#contenders);
    if (severe.includes(fault)) return { host, after: [...this.#under.values()] };
    const own = this.#under.get(host);
    return { host, after: fault === "crash of our daemon" ? [own, this.#severe] : [own] };
  }

  /** Clients need not wait for each other from round to round. */
  async #playRounds(count: number): Promise<void> {
    // The clients of a host that is away for long do not keep the others.
    const present = this.#contestants.filter(({ contender }) => contender.isUp);
    if (present.length === 0) await Promise.race(this.#contenders.map(({ up }) => up));
    await Promise.all(present.map(async (each) => {
      for (let i = 0; i < count; i++) await each.play();
    }));
  }

  /** Persistent locks, of which it is known what they are, are what the daemon says that they are. */
  async #checkBeliefs(): Promise<void> {
    for (const contender of this.#contenders) {
      const { epoch } = contender;
      for (const lock of contender.persistent) {
        if (!contender.isUp || contender.troubled) break;
        const before = lock.mode;
        if (lock.uncertain || lock.busy) continue;
        const mode = await contender.modeOf(lock.lv).catch(() => "not known");
        if (contender.epoch !== epoch || !contender.isUp || contender.troubled) break;
        if (mode === before || lock.busy || lock.mode !== before) continue;
        const history = contender.history(lock.resource).join("\n  ");
        const text =
          `${contender.name} has ${lock.resource} in mode ${mode} instead of ${lock.mode}`;
        this.#complaints.push(`${text}\n  ${history}`);
      }
    }
  }

  /** The leases of a host have expired: all it had can be had by the other. */
  readonly #expired: Expired = async (crashed) => {
    const other = this.#contenders.find((contender) => contender !== crashed)!;
    await this.#canHaveAll(other);
  };

  async #canHaveAll(contender: Contender): Promise<void> {
    for (const lock of contender.persistent) {
      while (lock.busy) await new Promise((wake) => setTimeout(wake, 10));
      lock.busy = true;
      try {
        if (lock.holding !== undefined) contender.ended(lock.holding, now());
        await takeOnce(contender, lock.lv, this.#complaints);
        Object.assign(lock, { mode: "un", uncertain: false, holding: undefined });
      } finally {
        lock.busy = false;
      }
    }
  }

  /** In the end everything is free for everyone, and sanlock knows of no lock. */
  async #finish(): Promise<void> {
    for (const contender of this.#contenders) {
      contender.forgetLocks();
      for (const { lv } of contender.persistent) {
        await contender.result(
          "lock_lv",
          contender.lvFields(lv, { mode: "un", opts: "persistent" }),
        );
      }
    }
    for (const contender of this.#contenders) {
      await this.#canHaveAll(contender);
      for (const name of ["lock_gl", "lock_vg"]) {
        const result = await contender.result(name, contender.fields({ mode: "ex", opts: "none" }));
        if (result !== 0) this.#complaints.push(`${contender.name}: ${name} in the end: ${result}`);
      }
    }
    for (const { host } of this.#contenders) {
      const status = await host.sanlockTool("client", "status");
      const locks = status.split("\n").filter((line) =>
        line.startsWith("r ") && !/GLLK|VGLK/.test(line)
      );
      if (locks.length > 0) this.#complaints.push(`held in the end: ${locks.join(", ")}`);
    }
  }

  #verdict(rounds: number, seconds: number): Verdict {
    const { requests, results, longestMs } = this.#tally;
    const violations = this.#referee.violations().map((each) => describe(each, this.#referee));
    const holdings = [...this.#referee.holdings()].length;
    const complaints = [...this.#complaints, ...violations];
    if (complaints.length > 0) this.#leaveLogs();
    return {
      ...{ complaints, rounds, requests, holdings, longestMs, seconds },
      ghosts: this.#contenders.reduce((sum, { ghosts }) => sum + ghosts, 0),
      results: Object.fromEntries([...results].sort(([, a], [, b]) => b - a)),
    };
  }

  #leaveLogs(): void {
    const { logs = "" } = this.options;
    if (logs === "") return;
    for (const { host, name } of this.#contenders) {
      Deno.writeTextFileSync(`${logs}/${name}-lvmlockd.log`, host.daemonLog);
      Deno.writeTextFileSync(`${logs}/${name}-sanlock.log`, host.sanlock.log);
    }
  }

  #report(line: string): void {
    this.options.report?.(line);
  }
}

/** In the order in which a client may take several of them. */
function transientsOf(lvs: number[]): Transient[] {
  return [
    { name: "gl", request: "lock_gl", lv: 0 },
    { name: "vg", request: "lock_vg", lv: 0 },
    ...lvs.map((lv): Transient => ({ name: `lv${lv}`, request: "lock_lv", lv })),
  ];
}

/** Takes an LV lock exclusively and releases it, whatever this host had of it before. */
async function takeOnce(contender: Contender, lv: number, complaints: string[]): Promise<void> {
  const ask = (mode: string) =>
    contender.result("lock_lv", contender.lvFields(lv, { mode, opts: "persistent" }));
  await ask("un");
  const results = [await ask("ex"), await ask("un")];
  if (results.some((result) => result !== 0)) {
    complaints.push(`${contender.name} cannot have lv${lv}, which is free: ${results}`);
  }
}
