/**
 * The end of a run, when nothing goes wrong any more: commands come to their end, LVs are deactivated,
 * VGs stopped; nothing may be left anywhere, and every VG can be used by every host.
 *
 * @module
 */
import { Errno, errnoName } from "../../core/errno.ts";
import { LockType, Mode, Op, OptionFlag, type Reply } from "../../core/types.ts";
import { type Command, deactivateLv } from "./commands.ts";
import type { Host } from "./host.ts";
import type { Nemesis } from "./nemesis.ts";
import { aboutVg, lockGl, lockVg, startVg, stopVg, updateVg } from "./requests.ts";
import type { Session } from "./session.ts";
import type { Vg } from "./vgs.ts";
import type { World } from "./world.ts";

/**
 * Bounds of virtual time, milliseconds. The longest wait is sanlock's for a dead host; before that a
 * watchdog may still fire because of what went wrong before.
 */
const AFTERMATH_MS = 200_000;
const COMMANDS_END_MS = 1_500_000;
const STOPPED_MS = 1_200_000;
const VISIT_MS = 600_000;

export class Ending {
  constructor(private readonly world: World, private readonly nemesis: Nemesis) {}

  run(): void {
    const { world } = this;
    world.run(AFTERMATH_MS);
    const idle = () => this.#until(COMMANDS_END_MS, () => this.#idle(), () => this.#whoIsLeft());
    idle();
    // What a daemon could not take over, or what was done only after it had looked, needs another one.
    for (const { daemon } of world.hosts) {
      if (daemon !== undefined) world.daemonEnds(daemon, "restarted after all the trouble");
    }
    idle();
    for (const host of world.hosts) this.#close(host);
    this.#until(STOPPED_MS, () => this.#isEmpty(), () => this.#whatIsLeft());
    for (const host of world.hosts) {
      if (world.violation !== undefined) return;
      for (const vg of world.vgs) this.#visit(host, vg);
    }
  }

  #until(ms: number, done: () => boolean, why: () => string): void {
    const { world } = this;
    if (world.violation !== undefined) return;
    if (!world.runUntil(ms, done) && world.violation === undefined) world.object("liveness", why());
  }

  /** No command runs, every daemon serves, and nobody waits in a table. */
  #idle(): boolean {
    return this.world.hosts.every(({ sessions, server }) =>
      sessions.size === 0 && server?.settled && server.service.status().waiting === 0
    );
  }

  #whoIsLeft(): string {
    const left: string[] = [];
    for (const { number, server } of this.world.hosts) {
      if (server === undefined) left.push(`the daemon of host ${number} does not serve`);
      else if (!server.settled) left.push(`adoption on host ${number} does not end`);
      else if (server.service.status().waiting > 0) left.push(`requests wait on host ${number}`);
    }
    for (const { name, host, unanswered } of this.world.sessions()) {
      const [asked] = unanswered;
      const about = asked === undefined ? "" : ` for op ${asked.request.op}`;
      left.push(`${name} on host ${host.number} waits${about}`);
    }
    return left.join("; ");
  }

  #isEmpty(): boolean {
    return this.#idle() && this.world.held().length === 0 &&
      this.world.hosts.every(({ server }) => server!.service.status().lockspaces === 0);
  }

  #whatIsLeft(): string {
    const left = this.world.held().map(({ host, lockspace, resource, mode, orphan }) =>
      `host ${host} has ${orphan ? "an orphan of " : ""}${lockspace}/${resource} in mode ${mode}`
    );
    for (const { number, server } of this.world.hosts) {
      for (const { row } of server?.view() ?? []) {
        left.push(`${row.name} is ${row.state} on host ${number}${row.killed ? ", killed" : ""}`);
      }
    }
    return left.join("; ") || this.#whoIsLeft();
  }

  /** Stops everything on a host. */
  #close(host: Host): void {
    for (const vg of this.world.vgs) {
      this.nemesis.run(host, "close", closeVg, vg, this.world.chance.fork());
    }
  }

  /** A host uses a VG that nobody else uses. */
  #visit(host: Host, vg: Vg): void {
    let visited = false;
    const command: Command = async (session) => {
      await visitVg(session, vg, this.world);
      visited = true;
    };
    this.nemesis.run(host, "visit", command, vg, this.world.chance.fork());
    const empty = () => visited && this.#isEmpty();
    this.#until(
      VISIT_MS,
      empty,
      () => `host ${host.number} visits ${vg.name}: ${this.#whatIsLeft()}`,
    );
  }
}

/** Deactivates what there is, stops the VG; a VG that was killed is dropped. */
const closeVg: Command = async (session, vg) => {
  const { host } = session;
  for (let attempt = 0; attempt < 60; attempt++) {
    const view = host.server?.view().find(({ row }) => row.vgName === vg.name);
    if (view === undefined) break;
    for (const lv of vg.lvs) await deactivateLv(session, vg, lv);
    const { result } = await session.ask(
      view.row.killed ? aboutVg(session, vg, Op.dropVg) : stopVg(session, vg),
    );
    if (result === -Errno.ENOLS) break;
    if (result < 0) await session.pause(10_000);
  }
  // The global lockspace may have been started for itself alone.
  await session.ask({ op: Op.stopAll });
};

async function visitVg(session: Session, vg: Vg, world: World): Promise<void> {
  const expect = (what: string, { result }: Reply) => {
    if (result >= 0) return;
    const { number } = session.host;
    const text = `${what} of ${vg.name} on host ${number} is answered ${errnoName(result)}`;
    world.object("liveness", text);
  };
  expect("the start", await session.ask(startVg(session, vg, OptionFlag.wait)));
  // The global lock of sanlock is in one of the VGs only.
  const global = world.kind !== LockType.sanlock;
  if (global) expect("the global lock", await session.ask(lockGl(session, Mode.ex)));
  expect("the lock", await session.ask(lockVg(session, vg, Mode.ex)));
  vg.version++;
  expect("the update", await session.ask(updateVg(session, vg)));
  expect("the unlock", await session.ask(lockVg(session, vg, Mode.un)));
  if (global) expect("the unlock", await session.ask(lockGl(session, Mode.un)));
  expect("the stop", await session.ask(stopVg(session, vg)));
}
