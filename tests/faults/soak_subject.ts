/**
 * What a soak is made with: a daemon with its embedded lock manager, and one with a real sanlock. Both
 * have one VG for load and one that is started and stopped.
 *
 * @module
 */
import { Conversation, vgFields } from "../integration/conversation.ts";
import { type DaemonProcess, Place, until } from "../integration/daemon.ts";
import { Sandbox } from "../integration/sandbox.ts";
import { Hosts } from "../sanlock/daemon_hosts.ts";
import { lvUuid, type SharedVg, VgClient } from "../sanlock/daemon_vg.ts";
import { hasGhosts, startHostAnew } from "./ghosts.ts";

/** A connection. Each call returns the result that the daemon gave. */
export interface Client extends Disposable {
  vg(mode: string): Promise<number>;
  lv(number: number, mode: string): Promise<number>;
  /** The other VG. */
  startSide(): Promise<number>;
  stopSide(): Promise<number>;
  stopMain(): Promise<number>;
}

export interface Subject extends AsyncDisposable {
  readonly name: string;
  readonly lvs: number;
  readonly place: Place;
  readonly sandbox: Sandbox;
  readonly daemon: DaemonProcess;
  /** Everything that it printed. */
  readonly log: string;
  connect(): Promise<Client>;
  /**
   * Starts the next daemon after one that was killed.
   * @returns false if the lock manager was at fault and the host had to start anew, without locks.
   */
  restart(): Promise<boolean>;
}

/** The VG for load, in both. */
export const MAIN = "soaked";
const SIDE = "side";
export const LVS = 24;

export class EmbeddedSubject implements Subject {
  readonly name = "embedded";
  readonly lvs = LVS;
  readonly #daemons: DaemonProcess[] = [];

  private constructor(readonly place: Place, readonly sandbox: Sandbox) {}

  static async start(): Promise<EmbeddedSubject> {
    const place = await Place.open("embedded", `embedded-soak-${Deno.pid}`);
    const subject = new EmbeddedSubject(place, await Sandbox.open());
    await subject.restart();
    using client = await place.connect();
    await client.startVg(MAIN);
    return subject;
  }

  get daemon(): DaemonProcess {
    return this.#daemons.at(-1)!;
  }

  get log(): string {
    return this.#daemons.slice(-2).map(({ errors }) => errors.text).join("\n---\n");
  }

  async restart(): Promise<boolean> {
    this.#daemons.push(await this.place.start({ before: this.sandbox.inside([]) }));
    return true;
  }

  async connect(): Promise<Client> {
    const client = await this.place.connect();
    const args = `1.0.0:${this.place.cluster}`;
    const start = { ...vgFields(SIDE, args), vg_uuid: "", version: 1, host_id: 0, opts: "wait" };
    return {
      vg: (mode) => client.lockVg(MAIN, mode),
      lv: (number, mode) => client.lockLv(MAIN, lvUuid(number), mode),
      startSide: () => client.result("start_vg", start),
      stopSide: () => client.result("stop_vg", vgFields(SIDE, args)),
      stopMain: () => client.result("stop_vg", vgFields(MAIN, args)),
      [Symbol.dispose]: () => client[Symbol.dispose](),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.place[Symbol.asyncDispose]();
    await this.sandbox[Symbol.asyncDispose]();
  }
}

export class SanlockSubject implements Subject {
  readonly name = "sanlock";
  readonly lvs = LVS;

  private constructor(
    private readonly hosts: Hosts,
    private readonly main: SharedVg,
    private readonly side: SharedVg,
    readonly sandbox: Sandbox,
  ) {}

  static async start(): Promise<SanlockSubject> {
    const hosts = await Hosts.start(1, { notesKills: true });
    const [main, side] = [await hosts.vg(MAIN, 70 + LVS), await hosts.vg(SIDE)];
    const subject = new SanlockSubject(hosts, main, side, await Sandbox.open());
    await subject.daemon.kill();
    await subject.restart();
    const [client] = await main.started(1, "enable") as [VgClient];
    for (let lv = 1; lv <= LVS; lv++) await client.initLv(lv);
    await (await side.client(1)).initVg();
    return subject;
  }

  get #host() {
    return this.hosts.host(1);
  }

  get place(): Place {
    return this.#host.place;
  }

  get daemon(): DaemonProcess {
    return this.#host.daemon;
  }

  get log(): string {
    return `${this.#host.daemonLog.slice(-20_000)}\nsanlock:\n${
      this.#host.sanlock.log.slice(-5000)
    }`;
  }

  async restart(): Promise<boolean> {
    const options = { before: this.sandbox.inside([]) };
    await this.#host.startDaemon(options);
    if (!await hasGhosts(this.#host)) return true;
    await startHostAnew(this.#host, options);
    using client = new VgClient(await this.#host.connect(), this.main);
    await until("the VG can be started", async () => await client.start() === 0);
    return false;
  }

  async connect(): Promise<Client> {
    const conversation: Conversation = await this.#host.connect();
    const [main, side] = [this.main, this.side].map((vg) => new VgClient(conversation, vg)) as [
      VgClient,
      VgClient,
    ];
    return {
      vg: (mode) => main.lock(mode),
      lv: (number, mode) => main.lv(number, mode),
      startSide: () => side.start(),
      stopSide: () => side.stop(),
      stopMain: () => main.stop(),
      [Symbol.dispose]: () => conversation[Symbol.dispose](),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.hosts[Symbol.asyncDispose]();
    await this.sandbox[Symbol.asyncDispose]();
  }
}
