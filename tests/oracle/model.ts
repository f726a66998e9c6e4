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
  /**
   * How many more persistent shared locks there are. The stock daemon grants several when they were
   * waited for together, and each has to be given back; ours never has any.
   */
  readonly surplus: number;
}

export interface Outcome {
  result: number;
  state: State;
}

export const nothingHeld: State = {
  holders: new Map(),
  persistent: undefined,
  surplus: 0,
};

const ENOENT = -2, EAGAIN = -11, EEXIST = -17, EALREADY = -114;

/** The state with one client's transient lock changed. */
function withHolder(state: State, client: number, mode?: HeldMode): State {
  const holders = new Map(state.holders);
  if (mode === undefined) holders.delete(client);
  else holders.set(client, mode);
  return { ...state, holders };
}

function withPersistent(state: State, persistent?: HeldMode): State {
  return { ...state, persistent };
}

function withSurplus(state: State, surplus: number): State {
  return { ...state, surplus };
}

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
  if (!persistent) return { result: 0, state: withHolder(state, client) };
  const more = state.surplus > 0;
  return { result: 0, state: more ? withSurplus(state, state.surplus - 1) : withPersistent(state) };
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

function lockPersistent(
  state: State,
  client: number,
  mode: HeldMode,
  mayRepeat: boolean,
): Outcome[] {
  const own = state.holders.get(client);
  const done = { result: 0, state: withPersistent(state, mode) };
  if (state.persistent === mode) {
    const given = own === mode ? withHolder(state, client) : state;
    const again = { result: 0, state: withSurplus(given, state.surplus + 1) };
    return [{ result: EALREADY, state }, ...(mayRepeat && mode === "sh" ? [again] : [])];
  }
  if (own !== undefined) {
    const promoted = withPersistent(withHolder(state, client), mode);
    return [own === mode ? { result: 0, state: promoted } : { result: EEXIST, state }];
  }
  if (state.persistent !== undefined) {
    const shared = mode === "ex" && state.holders.size + state.surplus > 0;
    return [shared ? { result: EAGAIN, state } : done];
  }
  return free(state, mode) ? [done] : [];
}

/**
 * Every way in which a request may be answered now; none: it has to wait.
 * @param mayRepeat whether persistent shared locks that are waited for together all count
 */
export function outcomes(state: State, wish: Wish, mayRepeat = false): Outcome[] {
  if (wish.mode === "un") return [unlock(state, wish)];
  if (wish.persistent) return lockPersistent(state, wish.client, wish.mode, mayRepeat);
  return lockTransient(state, wish.client, wish.mode);
}
