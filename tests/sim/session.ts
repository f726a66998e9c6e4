/**
 * A command that runs on a host: a client of the daemon that asks, waits for answers, and may vanish at
 * any moment.
 *
 * @module
 */
import { emptyRequest, Mode, Op, OptionFlag, type Reply, type Request } from "../../core/types.ts";
import { ResourceType } from "../../core/types.ts";
import type { Belief } from "./beliefs.ts";
import type { Chance } from "./chance.ts";
import type { Asked } from "./checker.ts";
import { Process } from "./clock.ts";
import type { SimDaemon } from "./daemon.ts";
import type { Host } from "./host.ts";
import type { World } from "./world.ts";

/** How long a message takes between a command and the daemon, at most. */
const LATENCY_MS = 2;

export class Session {
  readonly process: Process;
  daemon: SimDaemon | undefined;
  /** Number at the daemon; 0 while not connected. */
  client = 0;
  /** It reads no answers: the first one that comes ends the connection. */
  deaf = false;
  /** LVs that it keeps other commands of the host away from. */
  readonly #busy = new Set<string>();
  readonly unanswered = new Set<Asked>();
  /** By resource: the last request to release it that is not answered yet. */
  readonly #gaveUp = new Map<string, number>();
  /** By resource: the last request to share it that is not answered yet. */
  readonly #shared = new Map<string, number>();

  /** @param chance of its own, so that leaving out another command changes nothing here. */
  constructor(
    readonly world: World,
    readonly host: Host,
    readonly name: string,
    private readonly chance: Chance,
  ) {
    this.process = new Process(name, host.machine);
    host.sessions.add(this);
  }

  get alive(): boolean {
    return this.process.alive;
  }

  /** Waits for a daemon that serves. False if there is none for a minute. */
  async connect(): Promise<boolean> {
    for (let attempt = 0; attempt < 60; attempt++) {
      const daemon = this.host.server;
      if (daemon !== undefined) {
        this.daemon = daemon;
        const about = { origin: "native", pid: 1, command: this.name, fd: 3 } as const;
        this.client = daemon.service.openClient(about).id;
        return true;
      }
      await this.pause(1000);
    }
    return false;
  }

  pause(ms: number): Promise<void> {
    return new Promise((wake) => this.world.clock.plan(this.process, ms, wake));
  }

  /** Never resolves if the session ends before. */
  ask(request: Partial<Request>): Promise<Reply> {
    return new Promise((resolve) => this.send(request, resolve));
  }

  /** @param done called in an event of this process. */
  send(about: Partial<Request>, done: (reply: Reply) => void): Asked {
    const daemon = this.daemon!;
    const request: Request = { ...emptyRequest, ...about };
    const { client, world } = this;
    if (client === 0) this.killed();
    const asked: Asked = {
      session: this,
      daemon,
      client,
      request,
      id: 0,
      order: 0,
      sinceMs: world.clock.now(),
      replies: 0,
      cancelled: false,
    };
    this.unanswered.add(asked);
    world.clock.plan(daemon.process, this.chance.below(LATENCY_MS), () => {
      if (this.client !== client) return;
      this.#handIn(asked);
      world.watchers.submitted(asked);
      const id = daemon.service.submit(client, request, (reply) => {
        asked.replies++;
        this.unanswered.delete(asked);
        world.watchers.replied(asked, reply);
        if (this.client !== client) return;
        if (this.deaf) return this.#undelivered(asked, reply);
        this.#answered(asked);
        this.#grant(asked, reply);
        world.clock.plan(this.process, 0, () => done(reply));
      });
      asked.id = id;
    });
    return asked;
  }

  cancel(asked: Asked): void {
    const { daemon, client } = asked;
    this.world.clock.plan(daemon.process, 0, () => {
      if (this.client !== client || asked.id === 0) return;
      asked.cancelled = true;
      daemon.service.cancel(client, asked.id);
    });
  }

  /** What a command gives up, it gives up before it asks: also what it is told of later. */
  #handIn(asked: Asked): void {
    const { request } = asked;
    const { op, mode, vgName, resourceType, flags } = request;
    const { host, world } = this;
    asked.order = ++world.handedIn;
    const force = (flags & OptionFlag.force) !== 0;
    if (op === Op.dropVg || (op === Op.stop && force)) host.makeSafe(vgName);
    if (op === Op.stop || op === Op.free || op === Op.dropVg) {
      host.ended.set(vgName, asked.order);
      world.beliefs.removeAll(({ host: of, vgName: vg, session, resource }) =>
        of === host.number && vg === vgName && session !== undefined &&
        (resource === "VGLK" || resource === "GLLK")
      );
    }
    if (op !== Op.lock || (flags & OptionFlag.persistent) !== 0) return;
    const about = this.#about(request);
    if (mode === Mode.un) {
      world.beliefs.remove(about);
      this.#gaveUp.set(about.resource, asked.order);
    }
    if (mode === Mode.sh) {
      world.beliefs.weaken(about, Mode.sh);
      this.#shared.set(about.resource, asked.order);
    }
    if (resourceType === ResourceType.none) throw new Error("a lock has a type");
  }

  #about({ resourceType, vgName, lvUuid }: Request): Omit<Belief, "mode" | "sinceMs"> {
    const isGlobal = resourceType === ResourceType.gl;
    const lockspace = isGlobal ? this.daemon!.globalLockspace : `lvm_${vgName}`;
    const resource = isGlobal ? "GLLK" : resourceType === ResourceType.vg ? "VGLK" : lvUuid;
    const host = this.host.number;
    return { host, lockspace, vgName: lockspace.slice("lvm_".length), resource, session: this };
  }

  /** What is granted later is not given up by it, in whatever order it was asked for. */
  #answered({ request, order }: Asked): void {
    const { resource } = this.#about(request);
    for (const lessened of [this.#gaveUp, this.#shared]) {
      if (lessened.get(resource) === order) lessened.delete(resource);
    }
  }

  /**
   * A transient lock was granted: from now on the command counts on it. Not if it has asked since to
   * give it up, which may happen at any moment then; what it has asked for after that comes later.
   */
  #grant({ request, daemon, order }: Asked, { result }: Reply): void {
    const { op, mode, flags, resourceType } = request;
    if (op !== Op.lock || mode === Mode.un || result !== 0) return;
    if ((flags & OptionFlag.persistent) !== 0) return;
    if (resourceType === ResourceType.lv) {
      const rows = daemon.service.inspectResource(request);
      const own = rows.find((row) => row.kind === "lock" && row.clientId === this.client);
      if (own === undefined) return; // covered by the host's own lock
    }
    const about = this.#about(request);
    const gaveUp = this.#gaveUp.get(about.resource) ?? 0;
    if (order < Math.max(gaveUp, this.host.ended.get(about.vgName) ?? 0)) return;
    const shares = order < (this.#shared.get(about.resource) ?? 0);
    const sinceMs = this.world.clock.now();
    this.world.beliefs.add({ ...about, mode: shares ? Mode.sh : mode, sinceMs });
  }

  /** As core/native does when the peer is gone: its client ends, then it says what was lost. */
  #undelivered({ daemon, client, request }: Asked, { created }: Reply): void {
    daemon.soon(() => {
      this.vanish();
      if (created) daemon.soon(() => daemon.service.replyFailed(client, request));
    });
  }

  /** Keeps other commands on this host away from an LV. */
  take(lvUuid: string): boolean {
    if (this.host.busy.has(lvUuid)) return false;
    this.host.busy.add(lvUuid);
    this.#busy.add(lvUuid);
    return true;
  }

  /** The process ends, in whatever it does; the daemon sees that. */
  vanish(): void {
    const { daemon, client } = this;
    if (!this.alive) return;
    this.killed();
    if (daemon === undefined || client === 0) return;
    daemon.closing.add(client);
    daemon.soon(() => {
      daemon.closing.delete(client);
      daemon.service.closeClient(client);
      this.world.watchers.clientClosed(daemon, client);
    });
  }

  /** Its daemon is gone. What was answered still arrives; whoever waits for an answer gives up. */
  disconnected(): void {
    this.client = 0;
    this.world.beliefs.removeAll(({ session }) => session === this);
    if (this.unanswered.size > 0 || this.deaf) this.killed();
  }

  /** It is gone without anybody being told. */
  killed(): void {
    this.process.alive = false;
    this.client = 0;
    this.unanswered.clear();
    this.host.sessions.delete(this);
    for (const lvUuid of this.#busy) this.host.busy.delete(lvUuid);
    this.world.beliefs.removeAll(({ session }) => session === this);
  }
}
