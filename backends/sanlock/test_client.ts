/**
 * sanlock in memory, for tests of what is built upon it: leases on devices that several hosts share,
 * with the answers that sanlock 3.8.5 gives. A host is a {@link MemoryClient}; hosts that are made with
 * the same {@link Storage} see each other's leases.
 *
 * Not like the real one: nothing takes time or fails by itself, a host is dead only when a test says so.
 *
 * @module
 */
import type {
  LockspaceArg,
  ResourceArg,
  ResourceHead,
  SanlockClient,
  SanlockConnection,
} from "./client.ts";
import { AcquireFlag, HostState, ReleaseFlag, RemFlag, Res, Sanlk } from "./constants.ts";
import { geometryOfFlags } from "./geometry.ts";
import { type Device, type Lease, type Owner, Storage } from "./test_storage.ts";

export { Storage };

const [ENOENT, EAGAIN, EBUSY, EEXIST, ENODEV, EINVAL, ENOSPC, EMSGSIZE, EUCLEAN] = [
  ...[-2, -11, -16, -17, -19, -22, -28, -90, -117],
] as [number, number, number, number, number, number, number, number, number];

interface Joined {
  arg: LockspaceArg;
  device: Device;
}

/** sanlock of one host. */
export class MemoryClient implements SanlockClient {
  readonly joined = new Map<string, Joined>();
  /** What was called, with the most important arguments. */
  readonly calls: string[] = [];
  /** Results that the next calls of a name give instead of their own. */
  readonly failures = new Map<string, number[]>();

  constructor(readonly storage: Storage) {}

  /** Notes a call; the result that it is to fail with, if one was ordered. */
  called(name: string, detail = ""): number | undefined {
    this.calls.push(detail === "" ? name : `${name} ${detail}`);
    return this.failures.get(name)?.shift();
  }

  version() {
    const failure = this.called("version");
    return Promise.resolve({ result: failure ?? 0, version: 0x03080500 });
  }

  addLockspace(arg: LockspaceArg, _flags: number, ioTimeout: number): Promise<number> {
    const failure = this.called("addLockspace", `${arg.name}:${arg.hostId}`);
    return Promise.resolve(failure ?? this.#join(arg, ioTimeout));
  }

  #join(arg: LockspaceArg, ioTimeout: number): number {
    const device = this.storage.get(arg.path);
    if (device === undefined) return ENODEV;
    const { lockspace } = device;
    if (lockspace === undefined) return Sanlk.leaderMagic;
    if (lockspace.name !== arg.name) return Sanlk.leaderLockspace;
    const before = this.joined.get(arg.name);
    if (before !== undefined) return before.arg.hostId === arg.hostId ? EEXIST : EINVAL;
    const { hostId } = arg;
    const generation = (lockspace.hosts.get(hostId)?.generation ?? 0) + 1;
    const entry = { hostId, generation, timestamp: 1000, ioTimeout, state: HostState.live };
    lockspace.hosts.set(hostId, entry);
    this.joined.set(arg.name, { arg, device });
    return 0;
  }

  remLockspace(arg: LockspaceArg, flags: number): Promise<number> {
    const failure = this.called("remLockspace", arg.name);
    if (failure !== undefined) return Promise.resolve(failure);
    const joined = this.joined.get(arg.name);
    if (joined === undefined) return Promise.resolve(ENOENT);
    if (flags & RemFlag.unused && this.ownLeases(arg.name).length > 0) {
      return Promise.resolve(EBUSY);
    }
    this.joined.delete(arg.name);
    const entry = joined.device.lockspace!.hosts.get(arg.hostId)!;
    Object.assign(entry, { timestamp: 0, state: HostState.free });
    return Promise.resolve(0);
  }

  /** Leases of a lockspace that this host owns, with its part in each. */
  ownLeases(lockspace: string): { lease: Lease; own: Owner }[] {
    const leases = [...this.storage.values()].flatMap((device) => [...device.leases.values()]);
    return leases.filter((lease) => lease.lockspace === lockspace).flatMap((lease) =>
      lease.owners.filter(({ host }) => host === this).map((own) => ({ lease, own }))
    );
  }

  setConfig(name: string, command: number): Promise<number> {
    const failure = this.called("setConfig", `${name} ${command}`);
    return Promise.resolve(failure ?? (this.joined.has(name) ? 0 : ENOENT));
  }

  getHosts(name: string, hostId: number) {
    const failure = this.called("getHosts", name);
    const hosts = [...this.joined.get(name)?.device.lockspace?.hosts.values() ?? []]
      .filter((host) => host.timestamp !== 0 && (hostId === 0 || host.hostId === hostId));
    const result = failure ?? (this.joined.has(name) ? 0 : ENOENT);
    return Promise.resolve({ result, hosts: result < 0 ? [] : hosts });
  }

  getLockspaces() {
    const failure = this.called("getLockspaces");
    const lockspaces = [...this.joined.values()].map(({ arg }) => arg);
    return Promise.resolve({ result: failure ?? 0, lockspaces });
  }

  align(path: string): Promise<number> {
    const device = this.storage.get(path);
    const failure = this.called("align");
    return Promise.resolve(failure ?? (device === undefined ? ENODEV : 2 ** 20));
  }

  writeLockspace(arg: LockspaceArg, ioTimeout: number): Promise<number> {
    const failure = this.called("writeLockspace", `${arg.name} ${ioTimeout}`);
    const device = this.storage.get(arg.path);
    if (failure !== undefined || device === undefined) return Promise.resolve(failure ?? ENODEV);
    if (geometryOfFlags(arg.flags) === undefined) return Promise.resolve(-1);
    device.lockspace = { name: arg.name, flags: arg.flags, ioTimeout, hosts: new Map() };
    return Promise.resolve(0);
  }

  readLockspace(arg: LockspaceArg) {
    const failure = this.called("readLockspace");
    const device = this.storage.get(arg.path);
    const found = device?.lockspace;
    let result = failure ?? 0;
    if (device === undefined) result = ENODEV;
    else if (found === undefined) result ||= Sanlk.leaderMagic;
    else if (arg.name !== "" && arg.name !== found.name) result ||= Sanlk.leaderLockspace;
    if (result < 0 || found === undefined) {
      return Promise.resolve({ result, lockspace: arg, ioTimeout: 0 });
    }
    const lockspace = { ...arg, name: found.name, flags: found.flags };
    return Promise.resolve({ result, lockspace, ioTimeout: found.ioTimeout });
  }

  writeResource(arg: ResourceArg): Promise<number> {
    const failure = this.called("writeResource", `${arg.name}@${arg.offset}`);
    const device = this.storage.get(arg.path);
    if (failure !== undefined || device === undefined) return Promise.resolve(failure ?? ENOENT);
    const { alignSize } = geometryOfFlags(arg.flags)!;
    const { lockspace, name, flags } = arg;
    if (!device.isFile && arg.offset >= device.size) return Promise.resolve(ENOSPC);
    // Its first sector is written before the end of the device is noticed.
    const block = new Uint8Array(8);
    device.leases.set(arg.offset, { lockspace, name, flags, lver: 0, block, owners: [] });
    const end = arg.offset + alignSize;
    if (!device.isFile && end > device.size) return Promise.resolve(EMSGSIZE);
    device.size = Math.max(device.size, end);
    return Promise.resolve(0);
  }

  /** The lease that is meant, or why there is none. */
  find(arg: ResourceArg): Lease | number {
    const device = this.storage.get(arg.path);
    if (device === undefined) return ENOENT;
    if (arg.offset >= device.size) return EMSGSIZE;
    const lease = device.leases.get(arg.offset);
    if (lease === undefined) return Sanlk.leaderMagic;
    if (arg.lockspace !== "" && arg.lockspace !== lease.lockspace) return Sanlk.leaderLockspace;
    return arg.name !== "" && arg.name !== lease.name ? Sanlk.leaderResource : lease;
  }

  readResource(arg: ResourceArg) {
    const failure = this.called("readResource", `${arg.offset}`);
    const found = failure ?? this.find(arg);
    return Promise.resolve({
      result: typeof found === "number" ? found : 0,
      head: headOf(arg, found),
    });
  }

  readOwners(arg: ResourceArg) {
    const failure = this.called("readOwners", `${arg.offset}`);
    const found = failure ?? this.find(arg);
    if (typeof found === "number") {
      return Promise.resolve({ result: found, head: headOf(arg, found), owners: [] });
    }
    const owners = found.owners.flatMap(({ host, shared }) => {
      const hosts = this.storage.get(arg.path)!.lockspace!.hosts;
      const hostId = host.joined.get(found.lockspace)?.arg.hostId ?? 0;
      const entry = hosts.get(hostId);
      return entry === undefined
        ? []
        : [{ ...entry, timestamp: shared ? 0 : entry.timestamp - 10, state: 0 }];
    });
    return Promise.resolve({ result: 0, head: headOf(arg, found), owners });
  }

  setLvb(arg: ResourceArg, bytes: Uint8Array): Promise<number> {
    const failure = this.called("setLvb", [...bytes].join());
    const own = this.#ownPart(arg);
    if (failure !== undefined || own === undefined) return Promise.resolve(failure ?? ENOENT);
    own.block?.set(bytes);
    return Promise.resolve(own.block === undefined ? EINVAL : 0);
  }

  getLvb(arg: ResourceArg, length: number) {
    const failure = this.called("getLvb");
    const own = this.#ownPart(arg);
    const result = failure ?? (own === undefined ? ENOENT : own.block === undefined ? EINVAL : 0);
    return Promise.resolve({
      result,
      bytes: own?.block?.slice(0, length) ?? new Uint8Array(length),
    });
  }

  #ownPart(arg: ResourceArg): Owner | undefined {
    const found = this.find(arg);
    return typeof found === "number" ? undefined : found.owners.find(({ host }) => host === this);
  }

  register(): Promise<MemoryConnection | { result: number }> {
    const failure = this.called("register");
    return Promise.resolve(
      failure === undefined ? new MemoryConnection(this) : { result: failure },
    );
  }
}

function headOf(arg: ResourceArg, found: Lease | number): ResourceHead {
  if (typeof found === "number") return { ...arg, lver: 0 };
  const { lockspace, name, lver, flags } = found;
  const shared = found.owners.some(({ shared }) => shared) ? Res.shared : 0;
  return { lockspace, name, lver, flags: flags | shared };
}

/** A registered connection of one host. */
export class MemoryConnection implements SanlockConnection {
  closed = false;

  constructor(private readonly client: MemoryClient) {}

  killpath(path: string, args: string): Promise<number> {
    return Promise.resolve(this.client.called("killpath", `${path} ${args}`) ?? 0);
  }

  restrict(flags: number): Promise<number> {
    return Promise.resolve(this.client.called("restrict", `${flags}`) ?? 0);
  }

  acquire(arg: ResourceArg, flags: number): Promise<number> {
    const failure = this.client.called("acquire", `${arg.name} ${flags}`);
    return Promise.resolve(failure ?? this.#acquire(arg, flags));
  }

  #acquire(arg: ResourceArg, flags: number): number {
    if (!this.client.joined.has(arg.lockspace)) return ENOSPC;
    const lease = this.client.find(arg);
    if (typeof lease === "number") return lease;
    const shared = (arg.flags & Res.shared) !== 0;
    const own = lease.owners.find(({ host }) => host === this.client);
    if (own !== undefined) return this.#again(own, shared, flags);
    // As 3.8.5 has it, the flag counts with that for value blocks only.
    const required = AcquireFlag.orphanOnly | AcquireFlag.lvb;
    if ((flags & required) === required) return ENOENT;
    if (lease.owners.some((owner) => !owner.shared)) return Sanlk.acquireIdlive;
    if (lease.owners.length > 0 && !shared) return EAGAIN;
    const block = flags & AcquireFlag.lvb ? lease.block.slice() : undefined;
    lease.owners.push({ host: this.client, shared, connection: this, block });
    lease.lver++;
    return 0;
  }

  /** This host has it already, maybe as an orphan. */
  #again(own: Owner, shared: boolean, flags: number): number {
    if (own.connection !== undefined) return EEXIST;
    const wanted = flags & (AcquireFlag.orphan | AcquireFlag.orphanOnly);
    if (wanted === 0 || own.shared !== shared) return EUCLEAN;
    own.connection = this;
    return 0;
  }

  release(arg: ResourceArg, flags: number, renameTo?: string): Promise<number> {
    const failure = this.client.called(
      "release",
      `${arg.name} ${flags} ${renameTo ?? ""}`.trimEnd(),
    );
    if (failure !== undefined) return Promise.resolve(failure);
    if (flags & ReleaseFlag.orphan) return Promise.resolve(this.#releaseOrphans(arg));
    const lease = this.client.find(arg);
    const own = typeof lease !== "number" &&
      lease.owners.find(({ connection }) => connection === this);
    if (typeof lease === "number" || !own) return Promise.resolve(-1);
    this.#drop(lease, own);
    if (renameTo !== undefined) lease.name = renameTo;
    return Promise.resolve(0);
  }

  #releaseOrphans({ lockspace, name }: ResourceArg): number {
    const orphans = this.client.ownLeases(lockspace).filter(({ lease, own }) =>
      own.connection === undefined && (name === "" || lease.name === name)
    );
    for (const { lease, own } of orphans) this.#drop(lease, own);
    return orphans.length;
  }

  #drop(lease: Lease, own: Owner): void {
    if (!own.shared && own.block !== undefined) lease.block = own.block.slice();
    lease.owners.splice(lease.owners.indexOf(own), 1);
  }

  convert(arg: ResourceArg, flags: number): Promise<number> {
    const failure = this.client.called("convert", `${arg.name} ${flags}`);
    if (failure !== undefined) return Promise.resolve(failure);
    const lease = this.client.find(arg);
    const own = typeof lease !== "number" &&
      lease.owners.find(({ connection }) => connection === this);
    if (typeof lease === "number" || !own) return Promise.resolve(ENOENT);
    const shared = (arg.flags & Res.shared) !== 0;
    if (!shared && lease.owners.length > 1) return Promise.resolve(EAGAIN);
    if (shared && own.block !== undefined) lease.block = own.block.slice();
    own.shared = shared;
    return Promise.resolve(0);
  }

  /** Its locks become orphans of the host. */
  close(): Promise<void> {
    this.client.called("close");
    this.closed = true;
    for (const name of this.client.joined.keys()) {
      for (const { own } of this.client.ownLeases(name)) {
        if (own.connection === this) own.connection = undefined;
      }
    }
    return Promise.resolve();
  }
}
