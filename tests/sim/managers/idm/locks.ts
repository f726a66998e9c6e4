/**
 * Taking, converting and releasing one lock: what the manager answers, turned into what the real
 * backend makes of it.
 *
 * @module
 */
import { Answered } from "../../../../backends/idm/constants.ts";
import { isUuid } from "../../../../backends/idm/lock_id.ts";
import { troubleWith } from "../../../../backends/idm/locks.ts";
import type {
  Answer,
  GrantAnswer,
  HostsAnswer,
  Outcome,
  ResourceSpec,
} from "../../../../backends/lock_manager.ts";
import { Errno } from "../../../../core/errno.ts";
import { type Mode, ResourceType } from "../../../../core/types.ts";
import type { Fault, Process } from "../shared.ts";
import { done, keyOf, NOT_RUNNING, refuse, refused, usesValue } from "./answers.ts";
import { convertLock, releaseLock } from "./changes.ts";
import type { Cluster } from "./cluster.ts";
import type { Connection, Wish } from "./connection.ts";
import type { Drive } from "./drives.ts";
import type { Session } from "./session.ts";

/** So long the manager goes on trying. */
const PERSEVERANCE_MS = 5000;

interface Asked {
  session: Session;
  connection: Connection;
  resource: ResourceSpec;
  wish: Wish;
  paths: readonly string[];
}

export class Locks {
  readonly #goodUuids = new Set<string>();

  constructor(
    private readonly cluster: Cluster,
    private readonly process: Process,
    private readonly connect: (session: Session) => Connection | undefined,
  ) {}

  /** @param noted is told the answer before anybody else. */
  take(
    session: Session,
    resource: ResourceSpec,
    mode: Mode,
    noted: (answer: GrantAnswer) => void,
  ): Outcome<GrantAnswer> {
    if (session.lost !== "") return refuse(Errno.ELOCKIO, session.lost);
    if (resource.type === ResourceType.lv && !this.#isGood(resource.name)) {
      return refuse(Errno.EINVAL, "a UUID in the request is not one of LVM's");
    }
    const connection = this.connect(session);
    if (connection === undefined) return refuse(Errno.ELOCKIO, NOT_RUNNING);
    const paths = this.#pathsOf(session, resource);
    const trouble = troubleWith(paths);
    if (trouble !== "") {
      const error = resource.type === ResourceType.gl ? Errno.ELOCKIO : Errno.EINVAL;
      return refuse(error, trouble);
    }
    const wish = { ...this.#wishOf(session, resource, paths), mode };
    const asked: Asked = { session, connection, resource, wish, paths };
    const fault = this.process.fault();
    const end = (result: number) => {
      const answer = this.#taken(asked, result);
      noted(answer);
      return answer;
    };
    const first = this.process.call(() => {
      const result = this.#attempt(asked, fault);
      return mayChange(result) && fault === "" ? result : end(result);
    });
    if (typeof first === "number") return this.#persevere(asked, first, end);
    if (!(first instanceof Promise)) return first;
    return first.then((answer) =>
      typeof answer === "number" ? this.#persevere(asked, answer, end) : answer
    );
  }

  #isGood(uuid: string): boolean {
    if (this.#goodUuids.has(uuid)) return true;
    if (!isUuid(uuid)) return false;
    this.#goodUuids.add(uuid);
    return true;
  }

  #pathsOf({ spec }: Session, { type, pvPaths }: ResourceSpec): readonly string[] {
    if (type === ResourceType.gl) return this.cluster.globalDrives;
    return type === ResourceType.vg ? spec.pvPaths : pvPaths ?? [];
  }

  #wishOf(
    { spec }: Session,
    { type, name }: Pick<ResourceSpec, "type" | "name">,
    paths: readonly string[],
  ) {
    const drives: Drive[] = [];
    for (const path of paths) drives.push(this.cluster.drive(path));
    return { key: keyOf(spec, { type, name }), resource: name, drives };
  }

  /**
   * An error after which the mutex is held nevertheless does not reach the table: the backend gives it
   * up before it answers.
   */
  #attempt({ connection, wish }: Asked, fault: Fault): number {
    if (fault !== "") return Answered.ioError;
    const result = connection.lock(wish);
    if (result !== Answered.heldAlready) return result;
    connection.unlock(wish.key);
    return connection.lock(wish);
  }

  /** The manager tries again and again, until its time is up. */
  #persevere(
    asked: Asked,
    first: number,
    end: (result: number) => GrantAnswer,
  ): Promise<GrantAnswer> {
    const { host } = this.process;
    return this.process.answer<GrantAnswer>((settle) => {
      let last = first;
      let over = false;
      const finish = () => {
        if (over) return;
        over = true;
        stop();
        settle(end(last));
      };
      const { life } = host;
      const retry = () =>
        host.awake(() => {
          if (over || this.process.dead) return;
          last = asked.connection.lock(asked.wish);
          if (!mayChange(last)) finish();
        }, life);
      const stop = this.cluster.wait(asked.wish.key, retry);
      host.later(PERSEVERANCE_MS, () => {
        retry();
        if (this.process.dead) stop();
        else finish();
      });
    });
  }

  #taken(asked: Asked, result: number): GrantAnswer {
    const { session, connection, resource, wish: { key, drives, mode }, paths } = asked;
    if (result !== Answered.done) return refused(asked, result, undefined);
    const isCurrent = !connection.ended && session.connection === connection;
    if (!isCurrent || session.lost !== "") {
      return refused(asked, Answered.notConnected, undefined);
    }
    session.held.set(resource.name, { type: resource.type, key, drives, paths, mode });
    if (!usesValue(resource)) return done;
    return { result: 0, valueBlock: session.stampOf(resource).read(connection.readValue(key)) };
  }

  convert(
    session: Session,
    resource: ResourceSpec,
    mode: Mode,
    version: number,
    noted: (answer: GrantAnswer) => void,
  ): Outcome<GrantAnswer> {
    const fault = this.process.fault();
    return this.process.call(() => {
      const answer = convertLock(session, resource, mode, version, fault);
      noted(answer);
      return answer;
    });
  }

  release(
    session: Session,
    resource: ResourceSpec,
    version: number,
    noted: () => void,
  ): Outcome<Answer> {
    const fault = this.process.fault();
    return this.process.call(() => {
      const answer = releaseLock(session, resource, version, fault);
      noted();
      return answer;
    });
  }

  /** The most hosts that hold any one of the mutexes that this host holds or has used. */
  countOthers(session: Session): HostsAnswer {
    if (session.lost !== "") return refuse(Errno.ELOCKIO, session.lost);
    const connection = this.connect(session);
    if (connection === undefined) return refuse(Errno.EMANAGER, NOT_RUNNING);
    for (const { key, drives } of session.held.values()) {
      const { result, others } = connection.count({ key, drives });
      if (result < 0) return refuse(Errno.ELOCKIO, "whether others hold it is not known", result);
      if (others > 0) return { result: others };
    }
    const isGlobal = session.spec.vgName === "";
    const name = isGlobal ? "GLLK" : "VGLK";
    if (session.held.has(name) || !session.wasLocked(name)) return { result: 0 };
    const type = isGlobal ? ResourceType.gl : ResourceType.vg;
    const paths = this.#pathsOf(session, { type, name, lockArgs: "" });
    return { result: connection.count(this.#wishOf(session, { type, name }, paths)).others };
  }
}

/** Somebody has it, or drives do not answer: that may change within the manager's time. */
const mayChange = (result: number): boolean =>
  result === Answered.refused || result === Answered.ioError;
