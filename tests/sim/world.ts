/**
 * A simulated cluster: hosts, their lock manager, virtual time, and the checkers that look on. What
 * goes wrong, and what commands do, is not decided here.
 *
 * @module
 */
import type { EffectRecord } from "../../core/engine.ts";
import type { Input } from "../../core/records.ts";
import type { LockType } from "../../core/types.ts";
import { Beliefs } from "./beliefs.ts";
import { Chance } from "./chance.ts";
import type { MakeChecker, Scene } from "./checker.ts";
import { EventQueue } from "./clock.ts";
import type { SimDaemon } from "./daemon.ts";
import { Disk } from "./disk.ts";
import { EffectHash } from "./effect_hash.ts";
import { Host } from "./host.ts";
import { makeManager } from "./kinds.ts";
import type { HeldLock, ManagerFaults, SimulatedManager, Surroundings } from "./manager.ts";
import { Story } from "./story.ts";
import type { Session } from "./session.ts";
import { makeVgs, type Vg } from "./vgs.ts";
import { Watchers } from "./watchers.ts";

export interface WorldOptions {
  kind: LockType;
  seed: number;
  hosts: number;
  vgs: number;
  lvs: number;
  /** The lock table. */
  module: WebAssembly.Module;
  /** The table's own invariants are checked after each input, which takes time. */
  checked: boolean;
  /** Two hosts have the same host id. */
  duplicateHostId: boolean;
  checkers: readonly MakeChecker[];
  /** Keep a text of what happened. */
  story: boolean;
}

/** What is wrong, and who says so. */
export interface Violation {
  checker: string;
  text: string;
  /** Virtual milliseconds since the beginning. */
  atMs: number;
}

/** Every so many inputs of a daemon its whole table is looked at. */
const LOOK_EVERY = 16;

export class World implements Scene {
  readonly clock = new EventQueue();
  readonly disk = new Disk();
  readonly chance: Chance;
  readonly hash = new EffectHash();
  readonly story: Story;
  readonly beliefs: Beliefs;
  readonly manager: SimulatedManager;
  readonly hosts: Host[];
  readonly vgs: Vg[];
  readonly checked: boolean;
  readonly watchers: Watchers;
  /** Daemons whose tables are to be looked at after the event under way. */
  readonly #lookAt = new Set<SimDaemon>();
  steps = 0;
  /** Requests that were handed in to daemons. */
  handedIn = 0;
  healed = false;
  violation: Violation | undefined;
  /** Runs the kill command and others that a host does by itself; set by the nemesis. */
  onKillCommand: (host: Host, vgName: string, ended: (status: number) => void) => void = () => {};
  /** A host has died and is to be booted some time; set by the nemesis. */
  onHostDied: (host: Host) => void = () => {};
  onDaemonEnded: (host: Host) => void = () => {};

  constructor(readonly options: WorldOptions) {
    this.chance = new Chance(options.seed);
    this.checked = options.checked;
    this.story = new Story(() => this.clock.elapsed, options.story);
    const surroundings: Surroundings = {
      clock: this.clock,
      chance: this.chance.fork(),
      resetHost: (host, why) => this.crash(this.host(host), why),
      killCommand: (host, vgName) => {
        this.watchers.lostVgs.begin(host, vgName);
        this.runKillCommand(this.host(host), vgName, () => {});
      },
    };
    this.manager = makeManager(options.kind, surroundings);
    const sharedId = (number: number) => options.duplicateHostId && number === 2 ? 1 : number;
    this.hosts = Array.from(
      { length: options.hosts },
      (_, i) => new Host(this, i + 1, sharedId(i + 1)),
    );
    this.vgs = makeVgs(options);
    this.beliefs = new Beliefs((belief, beside) => {
      this.watchers.tell((checker) => checker.believed?.(belief, beside));
    });
    this.watchers = new Watchers(this, options.checkers, this.story);
  }

  get kind(): LockType {
    return this.options.kind;
  }

  get faults(): ManagerFaults {
    return this.manager.faults;
  }

  now(): number {
    return this.clock.now();
  }

  host(number: number): Host {
    return this.hosts[number - 1]!;
  }

  held(): HeldLock[] {
    return [...this.manager.held()];
  }

  *sessions(): Generator<Session> {
    for (const host of this.hosts) yield* host.sessions;
  }

  isLost(host: number, vgName: string): boolean {
    return this.watchers.lostVgs.has(host, vgName);
  }

  /** The first objection counts. */
  object(checker: string, text: string): void {
    this.violation ??= { checker, text, atMs: this.clock.elapsed };
  }

  /**
   * Lets time pass, or until somebody objects.
   * @param steps ends sooner, after so many steps of the whole run; 0 is never.
   */
  run(ms: number, steps = 0): void {
    const limit = this.clock.now() + ms;
    while (this.violation === undefined && this.clock.step(limit)) {
      if (this.#lookAt.size > 0) this.#look();
      if (steps !== 0 && this.steps >= steps) return;
    }
  }

  /** Lets time pass until something is so, which is looked at once a second. False: it is not. */
  runUntil(ms: number, isSo: () => boolean): boolean {
    const end = this.clock.now() + ms;
    while (this.violation === undefined && this.clock.now() < end) {
      if (isSo()) return true;
      this.run(1000);
    }
    return isSo();
  }

  #look(): void {
    for (const daemon of this.#lookAt) this.look(daemon);
    this.#lookAt.clear();
  }

  /** All checkers look at the table of a daemon. */
  look(daemon: SimDaemon): void {
    if (!daemon.alive) return;
    const view = daemon.view();
    this.watchers.tell((checker) => checker.look?.(daemon, view));
  }

  /** The end of everything. */
  end(): void {
    for (const { daemon } of this.hosts) if (daemon?.alive) this.look(daemon);
    this.watchers.tell((checker) => checker.end?.());
  }

  /** A table has handled an input. */
  step(daemon: SimDaemon, kind: Input, effects: EffectRecord[]): void {
    const { hash } = this;
    hash.number(daemon.host.number << 8 | kind);
    hash.number(this.clock.elapsed | 0);
    for (const effect of effects) hash.effect(effect);
    if (++this.steps % LOOK_EVERY === 0) this.#lookAt.add(daemon);
  }

  /** The manager's own daemon on a host ends, and with it what it guarded there. */
  managerDies(host: Host): void {
    if (!host.up || this.manager.managerDied === undefined) return;
    const { number } = host;
    this.watchers.failovers.lost(number, this.held().filter(({ host }) => host === number));
    for (const { name } of this.vgs) this.watchers.lostVgs.begin(number, name);
    this.manager.managerDied(number);
  }

  /** The process of a daemon is no more; its locks are the manager's business. */
  daemonEnds(daemon: SimDaemon, why: string): void {
    if (!daemon.alive) return;
    const { host } = daemon;
    this.story.say(`${daemon.process.name}: ${why}`);
    daemon.process.alive = false;
    for (const session of [...host.sessions]) if (session.daemon === daemon) session.disconnected();
    this.manager.daemonDied(host.number);
    this.watchers.tell((checker) => checker.daemonDied?.(daemon));
    this.onDaemonEnded(host);
  }

  crash(host: Host, why: string): void {
    if (!host.up) return;
    const { number } = host;
    this.story.say(`host ${number} dies: ${why}`);
    this.watchers.failovers.lost(number, this.held().filter(({ host }) => host === number));
    host.die();
    this.watchers.lostVgs.endAll(number);
    this.manager.hostDied(number);
    this.watchers.tell((checker) => checker.hostDied?.(host));
    this.onHostDied(host);
  }

  boot(host: Host): void {
    if (host.up) return;
    this.story.say(`host ${host.number} boots`);
    host.up = true;
    this.manager.hostBooted(host.number);
    host.startDaemon();
  }

  runKillCommand(host: Host, vgName: string, ended: (status: number) => void): void {
    this.story.say(`host ${host.number} runs the kill command for ${vgName}`);
    this.onKillCommand(host, vgName, ended);
  }
}
