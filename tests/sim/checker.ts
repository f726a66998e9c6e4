/**
 * What the checkers see of a simulation. Each looks from outside at what crosses an interface of the
 * product: calls to the lock manager, requests and replies, listings of the table, files.
 *
 * @module
 */
import type { Answer, ValueBlock } from "../../backends/lock_manager.ts";
import type {
  ActionRow,
  LockRow,
  LockspaceRow,
  LockType,
  Mode,
  Reply,
  Request,
  ResourceRow,
} from "../../core/types.ts";
import type { Belief } from "./beliefs.ts";
import type { SimDaemon } from "./daemon.ts";
import type { Host } from "./host.ts";
import type { Session } from "./session.ts";
import type { HeldLock, ManagerFaults } from "./manager.ts";

/** A call to the lock manager. */
export interface Call {
  daemon: SimDaemon;
  /** Name of the method; those of the leases too. */
  name: string;
  /** The table's number of the lockspace, and its name. 0 and `""` outside lockspaces. */
  id: number;
  lockspace: string;
  vgName: string;
  /** `""` for calls about a lockspace. */
  resource: string;
  mode: Mode;
  /** Version to be written; 0 is none. */
  version: number;
  /** `force` of a leave, `freeVg` of an unlock or leave. */
  force: boolean;
  freeVg: boolean;
  /** A lock is taken over from a daemon that died. */
  adopts: boolean;
}

export type CallAnswer = Answer & { valueBlock?: ValueBlock };

/** A request of a session and what became of it. */
export interface Asked {
  session: Session;
  daemon: SimDaemon;
  /** The client's number at the daemon. */
  client: number;
  request: Request;
  /** Of the daemon; 0 until it was handed in. */
  id: number;
  /** The how many-th request of the run it is that was handed in; 0 until then. */
  order: number;
  sinceMs: number;
  replies: number;
  cancelled: boolean;
}

export interface ResourceView {
  lockspace: LockspaceRow;
  row: ResourceRow;
  locks: LockRow[];
  waiting: ActionRow[];
}

export interface LockspaceView {
  row: LockspaceRow;
  resources: ResourceView[];
  waiting: ActionRow[];
}

/** The table of one daemon between two events. */
export type TableView = LockspaceView[];

/** What a checker may look at, and how it objects. */
export interface Scene {
  readonly kind: LockType;
  readonly hosts: readonly Host[];
  /** No faults any more; everything must come to an end. */
  readonly healed: boolean;
  readonly faults: ManagerFaults;
  now(): number;
  held(): HeldLock[];
  /** Sessions that live, on all hosts. */
  sessions(): Iterable<Session>;
  /** Beliefs of a host that its lock manager has taken the ground from. */
  isLost(host: number, vgName: string): boolean;
}

export interface Checker {
  readonly name: string;
  called?(call: Call): void;
  answered?(call: Call, answer: CallAnswer): void;
  submitted?(asked: Asked): void;
  replied?(asked: Asked, reply: Reply): void;
  clientClosed?(daemon: SimDaemon, client: number): void;
  believed?(belief: Belief, beside: readonly Belief[]): void;
  /** The locks of a VG are lost, says the manager. */
  lost?(daemon: SimDaemon, vgName: string): void;
  daemonStarted?(daemon: SimDaemon): void;
  /** It has taken over what it can. */
  adopted?(daemon: SimDaemon): void;
  daemonDied?(daemon: SimDaemon): void;
  hostDied?(host: Host): void;
  /** Now and then, and when everything is over. */
  look?(daemon: SimDaemon, view: TableView): void;
  /** Everything has come to an end. */
  end?(): void;
}

/** Objects: the run ends after the event under way. */
export type Objection = (text: string) => void;

export type MakeChecker = (scene: Scene, object: Objection) => Checker;
