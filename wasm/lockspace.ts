/**
 * The locking domain of one VG, or of the global lock of dlm and idm (`lvm_global`).
 *
 *   STARTING ── join done ──► RUNNING ── stop, free, rename, drop ──► STOPPING ── left ──► gone
 *       └────── join failed ──────────────────────────────────────────────────────────────► gone
 */
import { Action, ActionQueue } from "./action";
import { ascii, Bytes, copyOfBytes, EMPTY, retireBytes } from "./bytes";
import { LOCKSPACE, retire } from "./memory";
import { Named, NameIndex } from "./name_index";
import { Resource } from "./resource";
import { RT_GL, RT_LV, RT_VG, UN } from "./vocabulary";

export const STARTING: i32 = 0;
export const RUNNING: i32 = 1;
export const STOPPING: i32 = 2;

/** Resource names of the global and the VG lock, as every host of a cluster must spell them. */
export const GL_NAME = ascii("GLLK");
export const VG_LOCK_NAME = ascii("VGLK");

@unmanaged
export class Lockspace extends Named {
  vgUuid: Bytes = EMPTY;
  vgArgs: Bytes = EMPTY;
  hostId: i32 = 0;
  generation: i32 = 0;
  state: i32 = STARTING;
  killed: bool = false;
  dropped: bool = false;
  /** The VG is being removed: its leases are freed when the lockspace is left. */
  freeing: bool = false;
  /** This VG's sanlock global lock lease was found enabled. */
  glEnabled: bool = false;
  /** `lvm_global` only: stop as soon as nobody uses it. */
  stopWhenIdle: bool = false;
  since: f64 = 0;
  /** Client whose start request made it; 0 for the daemon itself. */
  startedBy: u32 = 0;
  startFlags: i32 = 0;
  /** A start request that asked to wait for the join. */
  starter: Action | null = null;
  /** The request that stops it; answered when it is gone. */
  ender: Action | null = null;
  /** Requests that wait for the join. */
  waiting: ActionQueue = new ActionQueue();
  /** Lock manager calls under way, resources' included. It is left when there are none. */
  calls: i32 = 0;
  lockCount: i32 = 0;
  lvLockCount: i32 = 0;
  lvs: NameIndex<Resource> = new NameIndex<Resource>();
  gl: Resource | null = null;
  vg: Resource | null = null;
  resources: Resource | null = null;
  lastResource: Resource | null = null;
  prev: Lockspace | null = null;
  next: Lockspace | null = null;

  constructor(public id: i32, name: Bytes, public vgName: Bytes, public lockType: i32) {
    super(LOCKSPACE, name);
    this.vg = this.makeVgResource();
  }

  /** Gives the lockspace back, with the resources it still has. */
  close(): void {
    for (let r = this.resources; r != null; r = this.resources) this.removeResource(r);
    this.lvs.close();
    this.waiting.close();
    retireBytes(this.name);
    retireBytes(this.vgName);
    retireBytes(this.vgUuid);
    retireBytes(this.vgArgs);
    retire<Lockspace>(this);
  }

  get isGlobal(): bool {
    return this.vgName.length == 0;
  }

  /** Does anybody hold or want a lock in it? */
  get inUse(): bool {
    if (this.lockCount > 0) return true;
    for (let next = this.resources; next != null;) {
      const r = next;
      next = r.listNext;
      if (r.waiting.size > 0) return true;
    }
    return this.waiting.size > 0;
  }

  /**
   * Are LV locks being taken over from a daemon that died, or is the lock manager being asked for
   * one that outlives its client, which may turn out to be such an orphan? Their LVs may be active:
   * stopping it now would release the locks as soon as they are there.
   */
  get adopts(): bool {
    for (let next = this.resources; next != null;) {
      const r = next;
      next = r.listNext;
      if (r.rt != RT_LV) continue;
      for (let nextAction = r.waiting.first; nextAction != null;) {
        const action = nextAction;
        nextAction = action.next;
        if (!action.persistent || action.mode == UN) continue;
        if (action.inFlight || action.adopts) return true;
      }
    }
    return false;
  }

  globalResource(): Resource {
    let gl = this.gl;
    if (gl == null) {
      gl = this.addResource(new Resource(this, RT_GL, copyOfBytes(GL_NAME)));
      this.gl = gl;
    }
    return gl;
  }

  addLv(name: Bytes): Resource {
    const resource = this.addResource(new Resource(this, RT_LV, name));
    this.lvs.add(resource);
    return resource;
  }

  /** After a stop that the manager refused: the lockspace goes on with an empty table. */
  remakeVgResource(): void {
    this.vg = this.makeVgResource();
  }

  private makeVgResource(): Resource {
    return this.addResource(new Resource(this, RT_VG, copyOfBytes(VG_LOCK_NAME)));
  }

  private addResource(resource: Resource): Resource {
    resource.listPrev = this.lastResource;
    const last = this.lastResource;
    if (last == null) this.resources = resource;
    else last.listNext = resource;
    this.lastResource = resource;
    return resource;
  }

  /** Takes the resource out of every list and gives it back. */
  removeResource(resource: Resource): void {
    const prev = resource.listPrev;
    const next = resource.listNext;
    if (prev == null) this.resources = next;
    else prev.listNext = next;
    if (next == null) this.lastResource = prev;
    else next.listPrev = prev;
    resource.listPrev = null;
    resource.listNext = null;
    if (resource.rt == RT_LV) this.lvs.remove(resource);
    else if (resource.rt == RT_GL) this.gl = null;
    else this.vg = null;
    resource.close();
  }
}
