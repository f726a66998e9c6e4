/**
 * Executes the command lines of a script on a lock table and says what the table answered. Nothing
 * is performed by itself: the script says when a lock manager call is answered and a timer fires.
 *
 *     table [test] [gl=TYPE] [serves=TYPE,…] [forgets=TYPE,…]   a new table
 *     client NAME REQUEST WORDS…     a request, see words.ts
 *     start VG [TYPE]                a start_vg request of client Admin
 *     lm [N] ok|error ENAME …        the lock manager answers call N (the only one by default)
 *     timer [N]                      timer N fires (the only one by default)
 *     gone NAME                      a client dies
 *     cancel NAME                    gives up the newest unanswered request of a client
 *     reply_failed NAME REQUEST …    the reply to this request could not be delivered
 *     shutdown                       the daemon is asked to end
 *     restore_lockspace VG [TYPE]    state of an earlier process
 *     restore_lock VG (LV|VGLK|GLLK) MODE
 *     inspect                        the state listing
 *     types on|off                   replies show their lock type
 *     auto on|off                    lock manager calls are answered ok at once
 *     given COMMAND                  as with auto on, nothing is shown, nothing may be refused
 *
 * @module
 */
import { Effect, LmCall, owesAnswer } from "../../core/records.ts";
import type { EffectRecord, LmCallEffect } from "../../core/engine.ts";
import { LockType, Mode, ResourceType } from "../../core/types.ts";
import { type LmAnswer, TableInputs } from "./inputs.ts";
import { WillingManager } from "./manager.ts";
import { type Names, printEffect, printResult, printRow } from "./print.ts";
import { newEngine } from "./table.ts";
import { parseAnswer, parseLockType, parseRequest, ScriptError } from "./words.ts";

/** A table under a script, with the names that the script gave to things. */
export class Interpreter implements Names {
  #inputs = new TableInputs(newEngine({ checked: true }));
  #manager = new WillingManager();
  #clients: string[] = [];
  #requests: string[] = [];
  readonly #unanswered = new Map<number, string>();
  readonly #calls = new Map<number, LmCallEffect>();
  readonly #timers = new Set<number>();
  readonly #lockspaces = new Map<number, string>();
  #auto = false;
  showsTypes = false;

  constructor() {
    this.#configure([]);
  }

  client(id: number): string {
    return this.#clients[id - 1] ?? `client ${id}`;
  }

  request(id: number): string {
    return this.#requests[id - 1] ?? `request ${id}`;
  }

  lockspace(id: number): string {
    return this.#lockspaces.get(id) ?? `lockspace ${id}`;
  }

  /** Executes one line. Returns what the table answered, a line each. */
  execute(line: string): string[] {
    const words = line.trim().split(/\s+/);
    switch (words[0]) {
      case "table":
        this.#configure(words.slice(1));
        return [];
      case "auto":
        this.#auto = words[1] === "on";
        return [];
      case "types":
        this.showsTypes = words[1] === "on";
        return [];
      case "given":
        this.#given(words.slice(1));
        return [];
      case "inspect":
        return [...this.#inputs.engine.inspect()].map((row) => printRow(row, this));
      default:
        return this.#perform(this.#submit(words), this.#auto);
    }
  }

  #configure(words: readonly string[]): void {
    const list = (key: string, otherwise: LockType[]) => {
      const word = words.find((word) => word.startsWith(`${key}=`));
      return word?.slice(key.length + 1).split(",").map(parseLockType) ?? otherwise;
    };
    this.#inputs = new TableInputs(newEngine({ checked: true }));
    this.#manager = new WillingManager();
    this.#clients = [];
    this.#requests = [];
    for (const map of [this.#unanswered, this.#calls, this.#timers, this.#lockspaces]) map.clear();
    this.#auto = this.showsTypes = false;
    this.#inputs.configure({
      test: words.includes("test"),
      glType: list("gl", [])[0] ?? LockType.none,
      serves: list("serves", [LockType.dlm, LockType.sanlock, LockType.idm]),
      forgets: list("forgets", []),
    });
  }

  #given(words: readonly string[]): void {
    for (const line of this.#perform(this.#submit(words), true)) {
      if (/^reply .* -> -/.test(line)) throw new ScriptError(`given, but refused: ${line}`);
    }
  }

  #submit(words: readonly string[]): EffectRecord[] {
    const [command, first = "", ...rest] = words;
    switch (command) {
      case "client":
        return this.#client(first, rest);
      case "start":
        return this.#client("Admin", ["start_vg", `vg=${first}`, `type=${rest[0] ?? "dlm"}`]);
      case "lm":
        return this.#answer(words.slice(1));
      case "timer":
        return this.#inputs.timer(this.#only(this.#timers, "timer", first));
      case "gone":
        return this.#gone(first);
      case "cancel":
        return this.#cancel(first);
      case "reply_failed":
        return this.#inputs.replyFailed(this.#clientId(first), parseRequest(rest));
      case "shutdown":
        return this.#inputs.shutdown();
      case "restore_lockspace":
        return this.#restoreLockspace(first, parseLockType(rest[0] ?? "dlm"));
      case "restore_lock":
        return this.#restoreLock(first, rest);
      default:
        throw new ScriptError(`no command "${command}"`);
    }
  }

  #clientId(name: string): number {
    if (!/^[A-Z][a-z0-9]*$/.test(name)) throw new ScriptError(`no client name "${name}"`);
    const known = this.#clients.indexOf(name);
    return known >= 0 ? known + 1 : this.#clients.push(name);
  }

  #client(name: string, words: readonly string[]): EffectRecord[] {
    const client = this.#clientId(name);
    const id = this.#requests.push(`${name} ${words.join(" ")}`);
    this.#unanswered.set(id, name);
    return this.#inputs.request(client, id, parseRequest(words));
  }

  #answer(words: readonly string[]): EffectRecord[] {
    const numbered = /^[0-9]+$/.test(words[0] ?? "");
    const call = numbered ? Number(words[0]) : this.#only(this.#calls, "call", "");
    this.#calls.delete(call);
    return this.#inputs.lmDone(call, parseAnswer(numbered ? words.slice(1) : words));
  }

  /** The number given, or the only one there is. Numbers that are not known reach the table too. */
  #only(known: ReadonlyMap<number, unknown> | Set<number>, what: string, word: string): number {
    const numbers = [...known.keys()];
    if (word === "" && numbers.length !== 1) {
      throw new ScriptError(`${what} number needed: there are ${numbers.join(", ") || "none"}`);
    }
    const number = word === "" ? numbers[0]! : Number(word);
    if (known instanceof Set) known.delete(number);
    return number;
  }

  #gone(name: string): EffectRecord[] {
    for (const [id, client] of this.#unanswered) if (client === name) this.#unanswered.delete(id);
    return this.#inputs.gone(this.#clientId(name));
  }

  #cancel(name: string): EffectRecord[] {
    const newest = [...this.#unanswered].findLast(([, client]) => client === name);
    return this.#inputs.cancel(this.#clientId(name), newest?.[0] ?? 0);
  }

  #restoreLockspace(vg: string, type: LockType): EffectRecord[] {
    const isGlobal = vg === "lvm_global";
    const id = this.#lockspaces.size + 1;
    this.#lockspaces.set(id, vg);
    return this.#inputs.restoreLockspace(id, type, isGlobal ? "" : vg);
  }

  #restoreLock(vg: string, [name = "", mode]: readonly string[]): EffectRecord[] {
    const types: Record<string, ResourceType> = { GLLK: ResourceType.gl, VGLK: ResourceType.vg };
    const resourceType = types[name] ?? ResourceType.lv;
    const lvUuid = resourceType === ResourceType.lv ? name : "";
    const vgName = vg === "lvm_global" ? "" : vg;
    const held = mode === "sh" ? Mode.sh : Mode.ex;
    return this.#inputs.restoreLock({ vgName, resourceType, lvUuid, mode: held, lvArgs: "" });
  }

  /** Says what the effects are and, with `auto`, answers the calls among them. */
  #perform(effects: EffectRecord[], auto: boolean): string[] {
    const lines: string[] = [];
    const queue = [...effects];
    for (let effect = queue.shift(); effect !== undefined; effect = queue.shift()) {
      this.#note(effect);
      const line = printEffect(effect, this);
      if (!auto || effect.kind !== Effect.lmCall || !owesAnswer(effect.op)) {
        lines.push(line);
        continue;
      }
      const answer = this.#manager.answer(effect);
      this.#calls.delete(effect.call);
      lines.push(`${line}: ${printAnswer(answer)}`);
      queue.push(...this.#inputs.lmDone(effect.call, answer));
    }
    return lines;
  }

  #note(effect: EffectRecord): void {
    switch (effect.kind) {
      case Effect.reply:
        if (!this.#unanswered.delete(effect.request)) {
          throw new ScriptError(`a second reply to ${this.request(effect.request)}`);
        }
        break;
      case Effect.armTimer:
        this.#timers.add(effect.timer);
        break;
      case Effect.lmCall:
        if (effect.op === LmCall.prepare) {
          this.#lockspaces.set(effect.lockspace, effect.vgName || "lvm_global");
        }
        if (owesAnswer(effect.op)) this.#calls.set(effect.call, effect);
        break;
    }
  }
}

function printAnswer(answer: LmAnswer): string {
  const block = answer.valueBlock;
  const words = block === undefined ? "" : ` vb=${block.resourceVersion}`;
  return (answer.result === 0 ? "ok" : printResult(answer.result)) + words;
}
