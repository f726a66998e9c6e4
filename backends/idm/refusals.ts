/**
 * What a refusal of the manager means: a conflict is another host's business, anything else a failure
 * of drives, manager or connection.
 *
 * @module
 */
import { Errno } from "../../core/errno.ts";
import type { GrantAnswer, ResourceSpec } from "../lock_manager.ts";
import type { IlmConnection, LockId, LockWish } from "./client.ts";
import { Answered } from "./constants.ts";
import { type Held, type IdmLockspace, lockName } from "./lockspace.ts";

/** The connection is of no use any more. */
export function isConnectionLost(result: number, connection: IlmConnection): boolean {
  const { brokenPipe, connectionReset, notConnected } = Answered;
  if (result === brokenPipe || result === connectionReset || result === notConnected) return true;
  return result < 0 && connection.ended;
}

export interface Refused {
  lockspace: IdmLockspace;
  connection: IlmConnection;
  resource: ResourceSpec;
  /** What the manager answered. */
  result: number;
  id: LockId;
  wish: LockWish;
  /** Of a conversion: what is held. */
  held?: Held;
}

/** The answer to a request for a lock or a conversion that the manager has refused. */
export async function refusal(refused: Refused): Promise<GrantAnswer> {
  const { lockspace, connection, resource, result, wish } = refused;
  const what = lockName(lockspace.spec, resource);
  const answer = (error: number, why: string): GrantAnswer => ({
    result: -error,
    lmResult: result,
    message: `${what}: ${why}`,
  });
  if (isConnectionLost(result, connection)) {
    lockspace.connectionEnded(connection);
    return answer(Errno.ELOCKIO, "the IDM lock manager is gone; is seagate_ilm running?");
  }
  // Whatever the manager means by its answer, what this host does not know of it must not hold.
  if (refused.held === undefined && result !== Answered.refused) {
    await connection.unlock(refused.id);
  }
  switch (result) {
    case Answered.refused:
      return await contended(refused, answer);
    case Answered.ioError:
      return answer(Errno.ELOCKIO, `most of its drives do not answer (${listOf(wish.drives)})`);
    case Answered.tooFewDrives:
      return answer(
        Errno.ELOCKIO,
        `most of its drives cannot be found (${
          listOf(wish.drives)
        }), or the manager is out of memory`,
      );
    case Answered.invalid:
      return answer(Errno.EINVAL, "the IDM lock manager does not take the request");
    default:
      return answer(Errno.ELMERR, `the IDM lock manager answered ${result}`);
  }
}

/** The manager itself has tried for seconds, so that it is not to be asked again and again. */
async function contended(
  { lockspace, connection, id, wish, held }: Refused,
  answer: (error: number, why: string) => GrantAnswer,
): Promise<GrantAnswer> {
  const { result, others, self } = await connection.hostCount(id, wish);
  if (self && held === undefined) await connection.unlock(id);
  if (result >= 0) lockspace.noteOthers(others);
  if (held !== undefined && result >= 0 && others === 0) {
    return answer(Errno.EAGAIN, "it could not be converted, although no other host has it now");
  }
  const who = result < 0
    ? "another host has it"
    : others === 0
    ? "another host had it a moment ago"
    : `${others} other ${others === 1 ? "host has" : "hosts have"} it`;
  const why = `${who}; the drives do not tell ${others > 1 ? "which" : "which one"}`;
  return { ...answer(Errno.EAGAIN, why), persevered: true };
}

function listOf(drives: readonly string[]): string {
  const shown = drives.slice(0, 4).map((path) => path.replace(/[^\x20-\x7e]/g, "?")).join(", ");
  return drives.length > 4 ? `${shown} and ${drives.length - 4} more` : shown;
}
