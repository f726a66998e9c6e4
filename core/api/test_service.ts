/**
 * A lock service in memory for the tests of the HTTP interface: it holds, queues, refuses and cancels
 * as the daemon does towards a front end, without versions, retries or other hosts. A test can hold
 * back the lock manager's answers, to look at what happens meanwhile.
 *
 * @module
 */
import { Errno } from "../errno.ts";
import type { ClientInfo, DaemonStatus, LockService } from "../service.ts";
import {
  type ActionRow,
  type ClientId,
  type InspectRow,
  type LockRow,
  type LockspaceOutlook,
  type LockspaceRow,
  LockType,
  Mode,
  Op,
  OptionFlag,
  type Owner,
  type Reply,
  type Request,
  type RequestId,
  ResourceType,
} from "../types.ts";

export const noOwner: Owner = { hostId: 0, generation: 0, timestamp: 0, state: "", name: "" };

interface Asked {
  id: RequestId;
  client: ClientId;
  request: Request;
  onReply: (reply: Reply) => void;
  inFlight: boolean;
  sinceMs: number;
}

interface TestResource {
  type: ResourceType;
  name: string;
  locks: LockRow[];
  queue: Asked[];
}

interface TestLockspace {
  row: LockspaceRow;
  resources: TestResource[];
  joining: Asked | undefined;
}

export class TestService implements LockService {
  /** Requests that come while this is set wait, past cancelling, for {@link proceed}. */
  holdBack = false;
  /** Persistent locks that are granted were left by a dead daemon. */
  inherits = false;
  /** The host that waiting requests are told to be blocked by. */
  owner: Owner = noOwner;
  /** What the next request of that operation is answered with instead. */
  readonly refuse = new Map<Op, Partial<Reply>>();
  readonly undelivered: Request[] = [];
  readonly lockspaces = new Map<string, TestLockspace>();
  readonly #clients = new Map<ClientId, ClientInfo>();
  readonly #gone = new Map<ClientId, ClientInfo>();
  readonly #listeners = new Set<() => void>();
  #held: Asked[] = [];
  #lastClient = 0;
  #lastRequest = 0;

  constructor(public nowMs = 1_800_000_000_000) {}

  openClient(info: Omit<ClientInfo, "id" | "connectedMs">): ClientInfo {
    const client = { ...info, id: ++this.#lastClient, connectedMs: this.nowMs };
    this.#clients.set(client.id, client);
    return client;
  }

  closeClient(id: ClientId): void {
    const client = this.#clients.get(id);
    if (!client) return;
    this.#clients.delete(id);
    this.#gone.set(id, client);
    this.#held = this.#held.filter((asked) => asked.client !== id);
    for (const resource of this.#resources()) {
      resource.queue = resource.queue.filter((asked) => asked.client !== id);
      resource.locks = resource.locks.filter((lock) => lock.clientId !== id);
      this.#grant(resource);
    }
    this.#changed();
  }

  submit(client: ClientId, request: Request, onReply: (reply: Reply) => void): RequestId {
    const asked: Asked = {
      id: ++this.#lastRequest,
      client,
      request,
      onReply,
      inFlight: this.holdBack,
      sinceMs: this.nowMs,
    };
    if (asked.inFlight) this.#held.push(asked);
    else this.#carryOut(asked);
    this.#changed();
    return asked.id;
  }

  cancel(client: ClientId, request: RequestId): void {
    for (const resource of this.#resources()) {
      const asked = resource.queue.find(({ id }) => id === request);
      if (asked?.client !== client) continue;
      resource.queue = resource.queue.filter((other) => other !== asked);
      this.#reply(asked, -Errno.ECANCELED);
      this.#grant(resource);
      this.#changed();
    }
  }

  /** The lock manager answers what was held back. */
  proceed(): void {
    this.holdBack = false;
    for (const asked of this.#held.splice(0)) this.#carryOut(asked);
    this.#changed();
  }

  /** The lock manager has joined the VG's lockspace, or failed to. */
  joined(vg: string, result = 0): void {
    const lockspace = this.lockspaces.get(vg)!;
    if (result === 0) lockspace.row.state = "running";
    else this.lockspaces.delete(vg);
    if (lockspace.joining) this.#reply(lockspace.joining, result);
    lockspace.joining = undefined;
    this.#changed();
  }

  replyFailed(_client: ClientId, request: Request): void {
    this.undelivered.push(request);
  }

  listing<Result>(
    use: (rows: Iterable<InspectRow>) => Promise<Result>,
    atMoment: () => void = () => {},
  ): Promise<Result> {
    atMoment();
    return use(this.inspect());
  }

  inspect(): InspectRow[] {
    return [...this.lockspaces.values()].flatMap(({ row, resources, joining }) => [
      { ...row },
      ...(joining ? [actionRow(joining, false, this.owner)] : []),
      ...resources.flatMap((resource) => rowsOf(resource, this.owner)),
    ]);
  }

  inspectResource({ vgName, lvUuid, resourceType }: Request): InspectRow[] {
    const rows: InspectRow[] = [];
    for (const { row, resources } of this.lockspaces.values()) {
      if (vgName !== "" && row.vgName !== vgName) continue;
      rows.push({ ...row });
      for (const resource of resources) {
        const [head, ...rest] = rowsOf(resource, this.owner);
        if (head?.kind !== "resource" || head.type !== resourceType) continue;
        if (lvUuid === "" || head.name === lvUuid) rows.push(head, ...rest);
      }
    }
    return rows;
  }

  client(id: ClientId): ClientInfo | undefined {
    return this.#clients.get(id) ?? this.#gone.get(id);
  }

  clients(): Iterable<ClientInfo> {
    return this.#clients.values();
  }

  status(): DaemonStatus {
    const locks = this.inspect().filter(({ kind }) => kind === "lock").length;
    return {
      version: "1.2.3",
      pid: 42,
      startedMs: this.nowMs - 5000,
      testMode: true,
      globalLockType: LockType.dlm,
      lockManagers: [{
        type: LockType.dlm,
        provider: "test",
        clusterName: "test",
        protects: "Nothing",
        acrossHosts: false,
      }],
      nativeSocket: "/run/lvm/lvmlockd.socket",
      apiSocket: "/run/lvm/lvmlockd-api.socket",
      tableSha256: "00",
      clients: this.#clients.size,
      lockspaces: this.lockspaces.size,
      locks,
      waiting: 0,
    };
  }

  /** What is known of lockspaces, by name; tests fill it. */
  readonly outlooks = new Map<string, LockspaceOutlook>();

  outlook(lockspace: string): LockspaceOutlook | undefined {
    return this.outlooks.get(lockspace);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** How many listen to changes. */
  get listeners(): number {
    return this.#listeners.size;
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  *#resources(): Iterable<TestResource> {
    for (const { resources } of this.lockspaces.values()) yield* resources;
  }

  #carryOut(asked: Asked): void {
    const { request } = asked;
    const refused = this.refuse.get(request.op);
    this.refuse.delete(request.op);
    if (refused) return this.#reply(asked, refused.result ?? 0, refused);
    if (request.op === Op.runningLm) return this.#reply(asked, LockType.dlm);
    if (request.op === Op.start) return this.#start(asked);
    const isGlobal = request.resourceType === ResourceType.gl;
    const lockspace = isGlobal
      ? this.lockspaces.values().next().value
      : this.lockspaces.get(request.vgName);
    if (!lockspace) return this.#reply(asked, -Errno.ENOLS);
    if (request.op === Op.lock) return this.#lock(lockspace, asked);
    if (request.op === Op.killVg) lockspace.row.killed = true;
    if (request.op === Op.dropVg) this.lockspaces.delete(request.vgName);
    if (request.op === Op.stop) return this.#stop(lockspace, asked);
    this.#reply(asked, 0);
  }

  #start(asked: Asked): void {
    const { request } = asked;
    const known = this.lockspaces.get(request.vgName)?.row.state;
    if (known === "starting") return this.#reply(asked, -Errno.ESTARTING);
    if (known !== undefined) return this.#reply(asked, -Errno.EEXIST);
    const wait = (request.flags & OptionFlag.wait) !== 0;
    this.lockspaces.set(request.vgName, {
      row: newLockspaceRow(request, this.nowMs),
      resources: [],
      joining: wait ? asked : undefined,
    });
    if (!wait) this.#reply(asked, 0);
  }

  #stop({ row, resources }: TestLockspace, asked: Asked): void {
    const force = (asked.request.flags & OptionFlag.force) !== 0;
    const inUse = resources.some(({ type, locks }) => type === ResourceType.lv && locks.length > 0);
    if (row.state === "stopping") return this.#reply(asked, -Errno.ESTALE);
    if (inUse && !force) return this.#reply(asked, -Errno.EBUSY);
    this.lockspaces.delete(row.vgName);
    this.#reply(asked, 0);
  }

  #lock({ row, resources }: TestLockspace, asked: Asked): void {
    const { resourceType: type, lvUuid, mode, flags } = asked.request;
    const name = type === ResourceType.gl ? "GLLK" : type === ResourceType.vg ? "VGLK" : lvUuid;
    let resource = resources.find((other) => other.name === name);
    if (!resource) resources.push(resource = { type, name, locks: [], queue: [] });
    const persistent = (flags & OptionFlag.persistent) !== 0;
    const own = resource.locks.find((lock) =>
      persistent ? lock.persistent : lock.clientId === asked.client
    );
    const kept = resource.locks.find((lock) => lock.persistent);
    if (mode === Mode.un) {
      if (!own) return this.#reply(asked, -Errno.ENOENT);
      resource.locks = resource.locks.filter((lock) => lock !== own);
      this.#reply(asked, 0);
      return this.#grant(resource);
    }
    if (row.killed) return this.#reply(asked, -Errno.EVGKILLED);
    if (own?.mode === mode) return this.#reply(asked, -Errno.EALREADY);
    if (!own && kept) return this.#reply(asked, kept.mode >= mode ? 0 : -Errno.EEXIST);
    if (own) {
      if (mode === Mode.ex && resource.locks.length > 1) return this.#reply(asked, -Errno.EAGAIN);
      own.mode = mode;
      return this.#reply(asked, 0);
    }
    resource.queue.push(asked);
    this.#grant(resource);
  }

  /** Grants in the order of arrival as far as modes allow. */
  #grant(resource: TestResource): void {
    for (let asked = resource.queue[0]; asked; asked = resource.queue[0]) {
      const { mode, flags } = asked.request;
      const free = mode === Mode.sh
        ? resource.locks.every((lock) => lock.mode === Mode.sh)
        : resource.locks.length === 0;
      if (!free) return;
      resource.queue.shift();
      const persistent = (flags & OptionFlag.persistent) !== 0;
      resource.locks.push({
        kind: "lock",
        mode,
        version: 0,
        persistent,
        clientId: persistent ? 0 : asked.client,
        takenBy: asked.client,
        sinceMs: this.nowMs,
      });
      this.#reply(asked, 0, { created: persistent && !this.inherits });
    }
  }

  #reply(asked: Asked, result: number, more: Partial<Reply> = {}): void {
    if (!this.#clients.has(asked.client)) return;
    asked.onReply({
      op: asked.request.op,
      result,
      lmResult: 0,
      lockType: LockType.dlm,
      flags: 0,
      mode: Mode.iv,
      vgArgs: "",
      lvArgs: "",
      owner: noOwner,
      lsGeneration: 0,
      prevGeneration: 0,
      ...more,
    });
  }
}

function newLockspaceRow(request: Request, sinceMs: number): LockspaceRow {
  return {
    kind: "lockspace",
    name: `lvm_${request.vgName}`,
    vgName: request.vgName,
    vgUuid: request.vgUuid,
    vgArgs: request.vgArgs,
    lockType: request.lockType,
    hostId: request.hostId,
    generation: 0,
    state: "starting",
    createFail: false,
    createDone: false,
    threadWork: false,
    threadStop: false,
    threadDone: false,
    killed: false,
    dropped: false,
    glEnabled: false,
    sinceMs,
  };
}

function rowsOf({ type, name, locks, queue }: TestResource, owner: Owner): InspectRow[] {
  const mode = locks.reduce<Mode>((max, lock) => lock.mode > max ? lock.mode : max, Mode.un);
  const shCount = locks.filter((lock) => lock.mode === Mode.sh).length;
  return [
    { kind: "resource", name, type, mode, shCount, version: 7 },
    ...locks.map((lock) => ({ ...lock })),
    ...queue.map((asked) => actionRow(asked, true, owner)),
  ];
}

function actionRow(
  { id, client, request, sinceMs }: Asked,
  resource: boolean,
  owner: Owner,
): ActionRow {
  return {
    kind: "action",
    resource,
    clientId: client,
    requestId: id,
    flags: request.flags,
    version: 0,
    op: request.op,
    type: request.resourceType,
    mode: request.mode,
    lockType: request.lockType,
    result: 0,
    lmResult: 0,
    owner,
    sinceMs,
  };
}
