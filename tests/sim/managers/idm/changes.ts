/**
 * Converting and releasing a mutex that is held.
 *
 * @module
 */
import { Answered } from "../../../../backends/idm/constants.ts";
import type { Answer, GrantAnswer, ResourceSpec } from "../../../../backends/lock_manager.ts";
import { Errno } from "../../../../core/errno.ts";
import { Mode } from "../../../../core/types.ts";
import type { Fault } from "../shared.ts";
import { done, keyOf, NOT_RUNNING, refuse, refused, usesValue } from "./answers.ts";
import type { Connection } from "./connection.ts";
import type { Held, Session } from "./session.ts";

const OVERDUE = "its lease had run out: another host may have used it meanwhile";

export function convertLock(
  session: Session,
  resource: ResourceSpec,
  mode: Mode,
  version: number,
  fault: Fault,
): GrantAnswer {
  const { name } = resource;
  const held = session.held.get(name);
  const { connection } = session;
  if (held === undefined || connection === undefined) {
    return refuse(Errno.ELOCKIO, session.lost || `${name}: the lock is not held`);
  }
  writeChange(session, connection, held, resource, version);
  // A conversion up that fails is undone by the manager; one down may or may not have been done.
  const isDone = fault === "" || (fault === "doneButFailed" && mode === Mode.sh);
  const result = isDone ? connection.convert(held.key, mode) : Answered.ioError;
  if (result === Answered.done && session.held.get(name) === held) {
    held.mode = mode;
    return done;
  }
  if (result === Answered.expired) return expired(session, connection, name, result);
  const wish = { key: held.key, resource: name, mode, drives: held.drives };
  if (result === Answered.refused && !connection.ended) {
    const counted = connection.count(wish);
    if (counted.result === 0 && !counted.self) {
      return expired(session, connection, name, result);
    }
  }
  if (mode !== Mode.ex && result < 0 && !connection.ended) {
    held.mode = mode; // to count on less than there may be harms nobody
    return { result: 0, lmResult: result };
  }
  return refused({ session, connection, wish }, result, held);
}

function expired(
  session: Session,
  connection: Connection,
  name: string,
  lmResult: number,
): GrantAnswer {
  session.leasesEnded(connection);
  return refuse(Errno.ELOCKIO, `${name}: ${OVERDUE}`, lmResult);
}

/** That something was changed; other hosts see it when the lock is released. */
function writeChange(
  session: Session,
  connection: Connection,
  { key, mode }: Held,
  resource: ResourceSpec,
  version: number,
): void {
  if (version === 0 || mode !== Mode.ex || !usesValue(resource)) return;
  const stamp = session.stampOf(resource);
  if (connection.writeValue(key, stamp.change(version)) < 0) stamp.forget();
}

/** Whatever the manager answers, it is not held any more. */
export function releaseLock(
  session: Session,
  resource: ResourceSpec,
  version: number,
  fault: Fault,
): Answer {
  const { name } = resource;
  const held = session.held.get(name);
  const { connection } = session;
  if (connection === undefined) return { result: 0, message: `${name}: ${NOT_RUNNING}` };
  if (held !== undefined) writeChange(session, connection, held, resource, version);
  session.held.delete(name);
  const key = held?.key ?? keyOf(session.spec, resource);
  const unlocked = connection.unlock(key, fault !== "failed");
  const result = fault === "" ? unlocked : Answered.ioError;
  if (result >= 0) return done;
  if (usesValue(resource)) session.stampOf(resource).forget();
  if (unlocked === Answered.expired) session.leasesEnded(connection);
  else if (connection.ended) session.connectionEnded(connection);
  return { result: 0, lmResult: result, message: `${name}: the release failed (${result})` };
}
