/**
 * Three hosts that lock and release at random what they share, while drives fail, daemons are killed and
 * managers are started anew. A referee that hears every answer knows of no moment at which two hosts
 * have what only one may have. `IDM_SEED` chooses another course of events.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { until } from "../integration/daemon.ts";
import { IdmHosts } from "./daemon_hosts.ts";
import { HELD, type VgClient } from "./daemon_vg.ts";

const [ENOENT, EEXIST, EAGAIN, EALREADY] = [-2, -17, -11, -114];
const STEPS = 120;
const LVS = [1, 2, 3];

type Mode = "ex" | "sh" | "un";

/** Numbers from 0 to `below`, the same ones for the same seed. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}

/** Knows who has what, by the answers: a release counts when it is asked for. */
class Referee {
  readonly #held = new Map<string, Map<number, Mode>>();
  grants = 0;
  refusals = 0;

  #of(what: string): Map<number, Mode> {
    const held = this.#held.get(what) ?? new Map();
    this.#held.set(what, held);
    return held;
  }

  mode(host: number, what: string): Mode {
    return this.#of(what).get(host) ?? "un";
  }

  has(host: number, what: string, mode: Mode): void {
    const held = this.#of(what);
    if (mode === "un") return void held.delete(host);
    held.set(host, mode);
    const all = [...held].map(([number, of]) => `host ${number} ${of}`).join(", ");
    assert(held.size === 1 || [...held.values()].every((of) => of === "sh"), `${what}: ${all}`);
  }

  /** What a host had is worth nothing any more. */
  gone(host: number): void {
    for (const held of this.#held.values()) held.delete(host);
  }
}

/** What one host does. */
class Player {
  #client: VgClient | undefined;

  constructor(
    private readonly hosts: IdmHosts,
    private readonly number: number,
    private readonly connect: (number: number) => Promise<VgClient>,
    private readonly referee: Referee,
    private readonly random: (below: number) => number,
  ) {}

  get #vg(): VgClient {
    return this.#client!;
  }

  async start(): Promise<void> {
    this.#client = await this.connect(this.number);
    let result = 0;
    const started = async () => [0, EEXIST].includes(result = await this.#vg.start());
    await until("the VG is started", started, () => `${result}`);
  }

  async play(): Promise<void> {
    for (let step = 0; step < STEPS; step++) {
      const die = this.random(100);
      if (die < 2) await this.#daemonDies();
      else if (die < 3) await this.#managerRestarts();
      else if (die < 8) this.#driveFails();
      else if (die < 25) await this.#change();
      else await this.#lv();
    }
    for (const lv of LVS) await this.#ask(`lv ${lv}`, "un", () => this.#vg.lv(lv, "un"));
  }

  async #lv(): Promise<void> {
    const lv = LVS[this.random(LVS.length)]!;
    const mode = (["ex", "sh", "un", "un"] as const)[this.random(4)]!;
    await this.#ask(`lv ${lv}`, mode, () => this.#vg.lv(lv, mode));
  }

  async #change(): Promise<void> {
    if (await this.#ask("vg", "ex", () => this.#vg.lock("ex")) !== 0) return;
    assertEquals(await this.#vg.result("vg_update", { opts: "next_version" }), 0);
    await this.#ask("vg", "un", () => this.#vg.lock("un"));
  }

  async #ask(what: string, mode: Mode, asked: () => Promise<number>): Promise<number> {
    const { referee, number } = this;
    const before = referee.mode(number, what);
    // What makes room for others counts from now on.
    if (mode === "un" || (mode === "sh" && before === "ex")) referee.has(number, what, mode);
    const result = await asked();
    const allowed = mode === "un"
      ? [before === "un" ? ENOENT : 0]
      : before === mode
      ? [EALREADY]
      : before === "ex"
      ? [0]
      : [0, EAGAIN];
    assert(allowed.includes(result), `host ${number}: ${what} ${before} to ${mode}: ${result}`);
    if (result === HELD) referee.refusals++;
    if (result === 0 && mode !== "un") {
      referee.grants++;
      referee.has(number, what, mode);
    }
    return result;
  }

  /** The manager frees what it had; the next daemon takes what is still free. */
  async #daemonDies(): Promise<void> {
    const host = this.hosts.host(this.number);
    this.referee.gone(this.number);
    await host.killDaemon();
    await host.startDaemon();
    await this.start();
    for (const lv of LVS) {
      const mode = await this.#vg.lvMode(lv) as Mode;
      this.referee.has(this.number, `lv ${lv}`, mode);
    }
  }

  /** What it had stays until its leases run out, for itself as well. */
  async #managerRestarts(): Promise<void> {
    this.referee.gone(this.number);
    this.hosts.host(this.number).ilm.startManager();
    assertEquals(await this.#vg.result("drop_vg"), 0);
    await this.start();
  }

  /** One drive of the three, or none, for all hosts. */
  #driveFails(): void {
    const { world } = this.hosts;
    const [first, ...others] = ["sda", "sdb", "sdc"].toSorted(() => this.random(3) - 1);
    for (const drive of others) world.restoreDrive(drive);
    if (this.random(2) === 0) world.failDrive(first!);
    else world.restoreDrive(first!);
  }
}

Deno.test("at random", async () => {
  // Short enough that a lock which another host has is no long wait.
  const env = { ILM_DOUBLE_SCALE: "20", ILM_DOUBLE_WINDOW_MS: "10" };
  await using hosts = await IdmHosts.start({ hosts: 3, env });
  const vg = hosts.vg("campaign");
  const referee = new Referee();
  const seed = Number(Deno.env.get("IDM_SEED") ?? 7);
  const players = [1, 2, 3].map((number) =>
    new Player(hosts, number, (of) => vg.client(of), referee, randomFrom(seed * 1000 + number))
  );
  await Promise.all(players.map((player) => player.start()));
  await Promise.all(players.map((player) => player.play())).catch((error) => {
    throw new Error(`with IDM_SEED=${seed}: ${error.message}`, { cause: error });
  });
  assert(referee.grants > 50 && referee.refusals > 20, `${referee.grants} ${referee.refusals}`);
});
