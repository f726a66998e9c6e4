/**
 * A deliberately simple model of one lock: what a request may be answered and what is held then, as
 * a person would state the rules. It shares nothing with the lock table that it helps to test.
 *
 * @module
 */

export type HeldMode = "sh" | "ex";

/** Who asks for what; `un` gives back. */
export interface Wish {
  client: number;
  mode: HeldMode | "un";
  persistent: boolean;
}

/** What is held: transient locks by client and at most one persistent lock. */
export interface State {
  readonly holders: ReadonlyMap<number, HeldMode>;
  readonly persistent: HeldMode | undefined;
}

export interface Outcome {
  result: number;
  state: State;
}

export const nothingHeld: State = { holders: new Map(), persistent: undefined };

const ENOENT = -2, EAGAIN = -11, EEXIST = -17, EALREADY = -114;

/** The state with one client's transient lock changed. */
function withHolder({ holders, persistent }: State, client: number, mode?: HeldMode): State {
  const changed = new Map(holders);
  if (mode === undefined) changed.delete(client);
  else changed.set(client, mode);
  return { holders: changed, persistent };
}

const withPersistent = ({ holders }: State, persistent?: HeldMode): State => ({
  holders,
  persistent,
});

/** What is left when a client's connection ends. */
export function withoutClient(state: State, client: number): State {
  return withHolder(state, client);
}

/** True if somebody without a lock may have one in that mode. */
function free({ holders, persistent }: State, mode: HeldMode): boolean {
  const modes = [...holders.values(), ...(persistent === undefined ? [] : [persistent])];
  return modes.length === 0 || (mode === "sh" && !modes.includes("ex"));
}

function unlock(state: State, { client, persistent }: Wish): Outcome {
  const held = persistent ? state.persistent !== undefined : state.holders.has(client);
  if (!held) return { result: ENOENT, state };
  const left = persistent ? withPersistent(state) : withHolder(state, client);
  return { result: 0, state: left };
}

function lockTransient(state: State, client: number, mode: HeldMode): Outcome[] {
  const own = state.holders.get(client);
  const mine = { result: 0, state: withHolder(state, client, mode) };
  if (own === mode) return [{ result: EALREADY, state }];
  if (state.persistent === "sh" && mode === "ex") return [{ result: EEXIST, state }];
  // Covered by the persistent lock: nothing is noted, unless both were waited for together.
  if (state.persistent !== undefined) {
    return state.persistent === "sh" ? [{ result: 0, state }, mine] : [{ result: 0, state }];
  }
  if (own !== undefined) {
    const shared = mode === "ex" && state.holders.size > 1;
    return [shared ? { result: EAGAIN, state } : mine];
  }
  return free(state, mode) ? [mine] : [];
}

function lockPersistent(state: State, client: number, mode: HeldMode): Outcome[] {
  const own = state.holders.get(client);
  const done = { result: 0, state: withPersistent(state, mode) };
  if (state.persistent === mode) return [{ result: EALREADY, state }];
  if (own !== undefined) {
    const promoted = withPersistent(withHolder(state, client), mode);
    return [own === mode ? { result: 0, state: promoted } : { result: EEXIST, state }];
  }
  if (state.persistent !== undefined) {
    const shared = mode === "ex" && state.holders.size > 0;
    return [shared ? { result: EAGAIN, state } : done];
  }
  return free(state, mode) ? [done] : [];
}

/** Every way in which a request may be answered now; none: it has to wait. */
export function outcomes(state: State, wish: Wish): Outcome[] {
  if (wish.mode === "un") return [unlock(state, wish)];
  if (wish.persistent) return lockPersistent(state, wish.client, wish.mode);
  return lockTransient(state, wish.client, wish.mode);
}
