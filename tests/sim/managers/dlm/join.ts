/**
 * Joining a lockspace: waits for a quorum, then for the kernels' agreement.
 *
 * @module
 */
import type { Adopt, JoinAnswer, LockspaceSpec } from "../../../../backends/lock_manager.ts";
import { Errno } from "../../../../core/errno.ts";
import type { Fault } from "../shared.ts";
import type { DlmDaemon } from "./daemon.ts";
import { Session } from "./session.ts";

/** Pause between two looks at what is waited for. */
const LOOK_MS = 1000;
/** What the kernels take to agree. Measured: 80 to 800 ms. */
const AGREEMENT_MS = [80, 800] as const;

const LEFT_BEHIND = "this host is in its lockspace already, from a daemon that ended without " +
  "leaving it: start this daemon with --adopt 1 to take over its locks";

const NO_DAEMON = "dlm_controld does not run";

export class Join {
  #over = false;
  /** It is in the kernels' hands: it cannot be given up any more. */
  #asked = false;
  #left: (() => void) | undefined;

  constructor(
    private readonly daemon: DlmDaemon,
    private readonly spec: LockspaceSpec,
    private readonly adopt: Adopt,
    private readonly settle: (answer: JoinAnswer, session?: Session) => void,
  ) {}

  begin(fault: Fault): void {
    const { cluster, host } = this.daemon;
    if (!host.managed) return this.fail(-Errno.EMANAGER, NO_DAEMON);
    if (cluster.memberOf(this.spec.name, host) !== undefined) return this.#openExisting();
    if (this.adopt === "only") {
      return this.fail(-Errno.EADOPT_NONE, "this host is not in its lockspace");
    }
    if (fault !== "") {
      host.later(LOOK_MS, () => this.fail(-Errno.ELMERR, "its lockspace cannot be joined"));
    } else this.#awaitQuorum();
  }

  /** `lvm_global` has no LVs, so whatever a dead daemon left in it can be used again. */
  #openExisting(): void {
    if (this.adopt === "no" && this.spec.vgName !== "") {
      return this.fail(-Errno.EEXIST, LEFT_BEHIND);
    }
    this.#enter();
  }

  #awaitQuorum(): void {
    const { cluster, host } = this.daemon;
    if (this.#over || this.daemon.process.dead) return;
    if (!cluster.isQuorate || !cluster.reaches(host)) {
      return void host.later(LOOK_MS, () => this.#awaitQuorum());
    }
    this.#asked = true;
    this.#left = this.daemon.process.calls.begin();
    host.later(cluster.around.chance.between(...AGREEMENT_MS), () => this.#agree());
  }

  /** The kernel goes on with it also when this process has died. */
  #agree(): void {
    const { cluster, host } = this.daemon;
    if (this.#over) return;
    if (!host.managed) return this.fail(-Errno.EMANAGER, NO_DAEMON);
    const space = cluster.space(this.spec.name);
    if (cluster.memberOf(space.name, host) !== undefined) return this.#openExisting();
    if (space.stalled && space.members.size + space.recoveries.length > 0 || !cluster.isQuorate) {
      return void host.later(LOOK_MS, () => this.#agree());
    }
    space.members.set(host.number, { host, life: host.life });
    cluster.look();
    this.#enter();
  }

  #enter(): void {
    const { cluster, host, process } = this.daemon;
    const { spec } = this;
    const space = cluster.space(spec.name);
    const member = space.members.get(host.number)!;
    if (process.dead) return this.#end({ result: 0 });
    this.#end({ result: 0 }, new Session(spec, space, member, process, this.daemon));
  }

  /** Only as long as the kernel was not asked. */
  cancel(): void {
    if (!this.#asked) this.fail(-Errno.ECANCELED, "the start was cancelled");
  }

  fail(result: number, why: string): void {
    this.#end({ result, message: `${this.spec.name}: ${why}` });
  }

  #end(answer: JoinAnswer, session?: Session): void {
    if (this.#over) return;
    this.#over = true;
    this.settle(answer, session);
    this.#left?.();
  }
}
