/**
 * What the real backend makes of the manager's answers.
 *
 * @module
 */
import { Answered } from "../../../../backends/idm/constants.ts";
import type {
  Answer,
  GrantAnswer,
  LockspaceSpec,
  ResourceSpec,
} from "../../../../backends/lock_manager.ts";
import { Errno } from "../../../../core/errno.ts";
import { ResourceType } from "../../../../core/types.ts";
import type { Connection, Wish } from "./connection.ts";
import type { Held, Session } from "./session.ts";

export const done: Answer = Object.freeze({ result: 0 });
export const NOT_RUNNING = "the IDM lock manager does not answer";

export const usesValue = ({ type }: Pick<ResourceSpec, "type">): boolean =>
  type !== ResourceType.lv;

/** The name of a mutex on the drives. */
export function keyOf(
  { vgUuid }: Pick<LockspaceSpec, "vgUuid">,
  { type, name }: Pick<ResourceSpec, "type" | "name">,
): string {
  return type === ResourceType.gl ? "GLLK" : `${vgUuid}/${name}`;
}

export const refuse = (error: number, message: string, lmResult = 0): GrantAnswer => ({
  result: -error,
  lmResult,
  message,
});

/**
 * The answer to a request that the manager has refused. What the backend does not know of is given up.
 * @param held of a conversion: what is held.
 */
export function refused(
  { session, connection, wish }: { session: Session; connection: Connection; wish: Wish },
  result: number,
  held: Held | undefined,
): GrantAnswer {
  const { key, drives, resource } = wish;
  if (result === Answered.notConnected || connection.ended) {
    session.connectionEnded(connection);
    return refuse(Errno.ELOCKIO, `${resource}: the IDM lock manager is gone`, result);
  }
  if (result !== Answered.refused) {
    if (held === undefined) connection.unlock(key);
    return refuse(Errno.ELOCKIO, `${resource}: most of its drives do not answer`, result);
  }
  const { others, self } = connection.count({ key, drives });
  if (self && held === undefined) connection.unlock(key);
  const who = others === 0 ? "had it a moment ago" : `${others} other hosts have it`;
  const answer = refuse(Errno.EAGAIN, `${resource}: ${who}`, result);
  return held !== undefined && others === 0 ? answer : { ...answer, persevered: true };
}
