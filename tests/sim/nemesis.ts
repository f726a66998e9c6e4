/**
 * Carries out a plan: starts commands, kills and crashes, and sees to it that what was broken is there
 * again after a while. Heals everything at the end.
 *
 * @module
 */
import { LockType } from "../../core/types.ts";
import { Chance } from "./chance.ts";
import { Process } from "./clock.ts";
import { type Command, pickCommand } from "./commands.ts";
import type { Host } from "./host.ts";
import { noFaults } from "./manager.ts";
import type { Decision } from "./plan.ts";
import { bootVg, dropVg, failOver, killVg } from "./reactions.ts";
import { Session } from "./session.ts";
import type { Vg } from "./vgs.ts";
import type { World } from "./world.ts";

/** Parts of a thousand of the commands. */
const VANISHING = 150;
const DEAF = 50;
/** Parts of a thousand of the kill commands never end, until everything is healed. */
const HANGING = 60;
/** Nothing stops an idm host that stood still for so long that others could take its locks. */
const IDM_PAUSE_MS = 45_000;

export class Nemesis {
  readonly #chance: Chance;
  readonly #healing: (() => void)[] = [];

  constructor(private readonly world: World) {
    this.#chance = world.chance.fork();
    world.onDaemonEnded = (host) => this.#daemonEnded(host);
    world.onHostDied = (host) => this.#hostDied(host);
    world.onKillCommand = (host, vgName, ended) => this.#killCommand(host, vgName, ended);
  }

  carryOut(plan: readonly Decision[]): void {
    for (const decision of plan) {
      this.world.clock.after(decision.atMs, () => this.#do(decision));
    }
  }

  #do(decision: Decision): void {
    const { world } = this;
    const host = world.host(decision.host);
    const { deed, forMs } = decision;
    if (deed !== "command") world.story.say(`${deed} on host ${host.number} for ${forMs} ms`);
    switch (deed) {
      case "command":
        return this.#command(host, new Chance(decision.seed));
      case "kill the daemon":
        if (host.daemon !== undefined) world.daemonEnds(host.daemon, "killed");
        return;
      case "kill the daemon as it writes":
        return this.#killAtWrite(host, forMs);
      case "terminate the daemon":
        if (host.up && !host.machine.paused) host.daemon?.soon(() => host.daemon?.terminate());
        return;
      case "crash":
        return world.crash(host, "crash");
      case "pause":
        return this.#pause(host, forMs);
      case "cut off":
        return this.#cutOff(host, forMs);
      case "bad manager":
        return this.#badManager(new Chance(decision.seed), forMs);
      case "manager dies":
        if (!host.up) return;
        world.managerDies(host);
        return this.#later(forMs, () => world.manager.managerStarted?.(host.number));
      case "drive fails": {
        const path = new Chance(decision.seed).pick(world.vgs).pvPaths[0];
        if (path === undefined) return;
        world.manager.driveFails?.(path, true);
        return this.#later(forMs, () => world.manager.driveFails?.(path, false));
      }
    }
  }

  /** Undoes something later, when everything is healed at the latest. */
  #later(ms: number, undo: () => void): void {
    let done = false;
    const once = () => {
      if (!done) undo();
      done = true;
    };
    this.#healing.push(once);
    this.world.clock.after(ms, once);
  }

  #command(host: Host, chance: Chance): void {
    if (!host.up) return;
    const vg = chance.pick(this.world.vgs);
    const [name, command] = pickCommand(chance);
    const session = this.run(host, name, command, vg, chance);
    session.deaf = chance.perMille(DEAF);
    if (!chance.perMille(VANISHING)) return;
    // Between any two events: most are a few milliseconds apart.
    const ms = chance.perMille(500) ? chance.below(30) : chance.below(3000);
    this.world.clock.plan(session.process, ms, () => session.vanish());
  }

  /** Starts a command on a host. */
  run(host: Host, name: string, command: Command, vg: Vg, chance: Chance): Session {
    const session = new Session(this.world, host, name, chance.fork());
    const life = async () => {
      if (await session.connect()) await command(session, vg, chance);
      session.vanish();
    };
    this.world.clock.plan(session.process, 0, () => void life());
    return session;
  }

  #killAtWrite(host: Host, forMs: number): void {
    const { daemon } = host;
    if (!daemon?.alive) return;
    let over = false;
    this.#later(forMs, () => over = true);
    this.world.disk.dieAtWrite(host.adoptFile, () => {
      if (over || !daemon.alive) return false; // another one may write
      daemon.process.alive = false;
      this.world.clock.after(0, () => {
        daemon.process.alive = true;
        this.world.daemonEnds(daemon, "killed as it wrote");
      });
      return true;
    });
  }

  #pause(host: Host, atMostMs: number): void {
    if (!host.up || host.machine.paused) return;
    const { world } = this;
    const forMs = world.kind === LockType.idm ? Math.min(atMostMs, IDM_PAUSE_MS) : atMostMs;
    const { machine, number } = host;
    machine.paused = true;
    const over = host.disturb();
    world.manager.hostPaused(number);
    this.#later(forMs, () => {
      over();
      if (host.machine !== machine) return; // it was reset meanwhile
      world.manager.hostResumed(number);
      world.clock.resume(machine);
    });
  }

  #cutOff(host: Host, forMs: number): void {
    const { manager } = this.world;
    const over = host.disturb();
    manager.cutOff(host.number, true);
    this.#later(forMs, () => {
      manager.cutOff(host.number, false);
      over();
    });
  }

  #badManager(chance: Chance, forMs: number): void {
    const { manager } = this.world;
    manager.faults = {
      late: chance.below(300),
      lateMs: chance.pick([50, 500, 5000]),
      failed: chance.perMille(500) ? chance.below(100) : 0,
      doneButFailed: chance.perMille(300) ? chance.below(60) : 0,
      valueBlockLost: chance.perMille(300) ? chance.below(100) : 0,
    };
    this.#later(forMs, () => manager.faults = { ...noFaults });
  }

  #daemonEnded(host: Host): void {
    if (!host.up) return;
    const { machine } = host;
    this.world.clock.after(this.#chance.between(10, 3000), () => {
      if (host.machine === machine && host.up) host.startDaemon();
    });
  }

  /** It boots after a while; meanwhile other hosts take over what was active on it. */
  #hostDied(host: Host): void {
    const { world } = this;
    const ms = this.#chance.between(5000, 120_000);
    world.clock.after(world.healed ? 100 : ms, () => this.#boot(host));
    if (world.healed) return;
    const heirs = world.hosts.filter(({ number, up }) => number !== host.number && up);
    if (heirs.length === 0) return;
    for (const vg of world.vgs) {
      this.run(this.#chance.pick(heirs), "fail over", failOver, vg, this.#chance.fork());
    }
  }

  #boot(host: Host): void {
    if (host.up) return;
    this.world.boot(host);
    if (this.world.healed) return;
    for (const vg of this.world.vgs) this.run(host, "boot", bootVg, vg, this.#chance.fork());
  }

  /**
   * Tells the daemon to give no more locks, replaces the VG's devices by error tables, then asks the
   * daemon to forget the VG.
   */
  #killCommand(host: Host, vgName: string, ended: (status: number) => void): void {
    const { world } = this;
    const vg = world.vgs.find(({ name }) => name === vgName);
    if (vg !== undefined) this.run(host, "kill", killVg, vg, this.#chance.fork());
    if (!world.healed && this.#chance.perMille(HANGING)) {
      this.#healing.push(() => this.#killCommand(host, vgName, ended));
      return;
    }
    const process = new Process("kill command", host.machine);
    const life = host.machine;
    world.clock.plan(process, this.#chance.between(50, 3000), () => {
      if (host.machine !== life || !host.up) return;
      host.makeSafe(vgName);
      world.clock.plan(process, 0, () => ended(0));
      if (vg !== undefined) this.run(host, "drop", dropVg, vg, this.#chance.fork());
    });
  }

  /** Nothing goes wrong any more, and what was broken is whole. */
  heal(): void {
    const { world } = this;
    world.healed = true;
    world.story.say("everything is healed");
    world.manager.faults = { ...noFaults };
    for (const undo of this.#healing.splice(0)) undo();
    for (const host of world.hosts) this.#boot(host);
    world.manager.heal();
  }
}
