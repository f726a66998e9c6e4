/**
 * sanlock's client library as this backend sees it: every call a promise of the library's own result
 * number, every structure a plain object. Implemented by library.ts through FFI.
 *
 * Numbers: 0 or positive is success, negative a code of {@link ./codes.ts}. Calls of
 * {@link SanlockClient} each use a connection of their own and may overlap with anything. Calls of
 * one {@link SanlockConnection} are made one after the other, in the order in which they were asked
 * for: two at a time would swap their answers.
 *
 * @module
 */

/** A lockspace and its delta lease of one host. The area begins at the start of `path`. */
export interface LockspaceArg {
  /** At most 48 bytes count. `""` accepts any when reading. */
  name: string;
  /** 1 to 2000; 0 where no host is meant. */
  hostId: number;
  /** Device or file, at most 1023 bytes. */
  path: string;
  /** Lsf bits of constants.ts: lease size, sector size; on output also being added or removed. */
  flags: number;
}

/** A resource and where its lease is. */
export interface ResourceArg {
  /** At most 48 bytes count. `""` accepts any when reading. */
  lockspace: string;
  /** At most 48 bytes count. `""` accepts any when reading. */
  name: string;
  path: string;
  /** Bytes from the start of `path`, below 2^53. */
  offset: number;
  /** Res bits of constants.ts. */
  flags: number;
}

/** What is written on disk at a resource's place. */
export interface ResourceHead {
  lockspace: string;
  name: string;
  /** Counts the exclusive locks taken so far. */
  lver: number;
  flags: number;
}

/** A host as the sanlock daemon of this host sees it, or an owner of a lease. */
export interface HostEntry {
  hostId: number;
  generation: number;
  /** Seconds of that host's monotonic clock at its last renewal; of an owner: at its acquisition, 0 if shared. */
  timestamp: number;
  /** Seconds. */
  ioTimeout: number;
  /** HostState of constants.ts; 0 where the call does not tell. */
  state: number;
}

export interface SanlockClient {
  /** `version` is 0x03080500 for 3.8.5. Also serves to see whether the sanlock daemon answers. */
  version(): Promise<{ result: number; version: number }>;
  /** `ioTimeout` in seconds, 0 for sanlock's own default of 10. Takes seconds to minutes. */
  addLockspace(lockspace: LockspaceArg, flags: number, ioTimeout: number): Promise<number>;
  /** Takes seconds; without `RemFlag.unused` it waits as long as locks are held in it. */
  remLockspace(lockspace: LockspaceArg, flags: number): Promise<number>;
  setConfig(lockspaceName: string, command: number): Promise<number>;
  /** `hostId` 0 asks for all hosts that the last renewal saw. */
  getHosts(lockspaceName: string, hostId: number): Promise<{ result: number; hosts: HostEntry[] }>;
  getLockspaces(): Promise<{ result: number; lockspaces: LockspaceArg[] }>;
  /** Lease size of a device in bytes (1 or 8 MiB). */
  align(path: string): Promise<number>;
  writeLockspace(lockspace: LockspaceArg, ioTimeout: number): Promise<number>;
  readLockspace(
    lockspace: LockspaceArg,
  ): Promise<{ result: number; lockspace: LockspaceArg; ioTimeout: number }>;
  writeResource(resource: ResourceArg): Promise<number>;
  readResource(resource: ResourceArg): Promise<{ result: number; head: ResourceHead }>;
  readOwners(
    resource: ResourceArg,
  ): Promise<{ result: number; head: ResourceHead; owners: HostEntry[] }>;
  /** `bytes` replace the first bytes of the value block that the daemon keeps. */
  setLvb(resource: ResourceArg, bytes: Uint8Array): Promise<number>;
  getLvb(resource: ResourceArg, length: number): Promise<{ result: number; bytes: Uint8Array }>;
  /** Registers this process; locks belong to the connection that took them. */
  register(): Promise<SanlockConnection | { result: number }>;
}

export interface SanlockConnection {
  /** What sanlock runs when the leases are lost. Both texts are cut at 126 bytes by the library. */
  killpath(path: string, args: string): Promise<number>;
  restrict(flags: number): Promise<number>;
  acquire(resource: ResourceArg, flags: number): Promise<number>;
  /** With `renameTo` the lease gets that name as it is released (vgremove, disabling a lock). */
  release(resource: ResourceArg, flags: number, renameTo?: string): Promise<number>;
  /** To the mode that the SHARED bit of `resource.flags` says. */
  convert(resource: ResourceArg, flags: number): Promise<number>;
  /** Closes the connection after the calls under way; persistent locks of it become orphans. */
  close(): Promise<void>;
}
