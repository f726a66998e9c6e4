/**
 * Everybody who looks on at one run: the checkers, the count of failovers, the story.
 *
 * @module
 */
import type { Reply } from "../../core/types.ts";
import type { Asked, Call, CallAnswer, Checker, MakeChecker, Scene } from "./checker.ts";
import type { SimDaemon } from "./daemon.ts";
import { Failovers } from "./failovers.ts";
import { LostVgs } from "./lost_vgs.ts";
import type { Watch } from "./recorded_manager.ts";
import type { Story } from "./story.ts";

/** Where objections go to. */
export interface Judge extends Scene {
  object(checker: string, text: string): void;
}

export class Watchers implements Watch {
  readonly failovers = new Failovers();
  readonly lostVgs = new LostVgs();
  readonly #checkers: Checker[];
  readonly #scene: Scene;

  constructor(judge: Judge, checkers: readonly MakeChecker[], private readonly story: Story) {
    this.#scene = judge;
    this.#checkers = checkers.map((make) => {
      const checker: Checker = make(judge, (text) => judge.object(checker.name, text));
      return checker;
    });
  }

  tell(what: (checker: Checker) => void): void {
    for (const checker of this.#checkers) what(checker);
  }

  called(call: Call): void {
    if (call.resource === "GLLK") call.daemon.globalLockspace = call.lockspace;
    if (this.story.told) this.story.call(call);
    this.tell((checker) => checker.called?.(call));
  }

  answered(call: Call, answer: CallAnswer): void {
    if (this.story.told) this.story.answer(call, answer);
    if (answer.result >= 0) {
      const { name, daemon } = call;
      if (name === "join" || name === "leave") this.lostVgs.end(daemon.host.number, call.vgName);
      if (name === "lock" || name === "convert") this.failovers.granted(call);
    }
    this.tell((checker) => checker.answered?.(call, answer));
  }

  lost(daemon: SimDaemon, vgName: string): void {
    const { number } = daemon.host;
    this.story.say(`host ${number}: the locks of ${vgName} are lost`);
    this.failovers.lost(
      number,
      this.#scene.held().filter(({ host, lockspace }) =>
        host === number && lockspace === `lvm_${vgName}`
      ),
    );
    this.lostVgs.begin(number, vgName);
    this.tell((checker) => checker.lost?.(daemon, vgName));
  }

  submitted(asked: Asked): void {
    if (this.story.told) this.story.asked(asked);
    this.tell((checker) => checker.submitted?.(asked));
  }

  replied(asked: Asked, reply: Reply): void {
    if (this.story.told) this.story.replied(asked, reply);
    this.tell((checker) => checker.replied?.(asked, reply));
  }

  clientClosed(daemon: SimDaemon, client: number): void {
    this.tell((checker) => checker.clientClosed?.(daemon, client));
  }

  daemonStarted(daemon: SimDaemon): void {
    this.story.say(`${daemon.process.name} starts`);
    this.tell((checker) => checker.daemonStarted?.(daemon));
  }

  /** All that an earlier daemon left is taken over, as far as it can be. */
  adopted(daemon: SimDaemon): void {
    const { adopted = 0, retaken = 0, vgs = 0 } = daemon.report ?? {};
    this.story.say(`${daemon.process.name} has adopted ${adopted} locks, ${retaken} anew`);
    if (vgs > 0) this.failovers.adopted();
    this.tell((checker) => checker.adopted?.(daemon));
  }
}
