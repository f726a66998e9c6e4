/**
 * The words of a script's request line, turned into a request the way the native front end does it.
 *
 *     lock_lv ex persistent lv=M vg=vg2 type=dlm
 *     vg_update 7
 *
 * A mode, a number (the version), `key=value`, or an option word. VG `vg` and LV `L` need not be
 * named; `vg=none` names none.
 *
 * @module
 */
import type { Value } from "../../core/native/config_text.ts";
import { toRequest } from "../../core/native/request.ts";
import { LockType, type Owner, type Request } from "../../core/types.ts";
import { Errno } from "../../core/errno.ts";
import type { LmAnswer } from "./inputs.ts";

const fieldNames: Record<string, string> = {
  vg: "vg_name",
  lv: "lv_uuid",
  type: "vg_lock_type",
  args: "vg_lock_args",
  lv_args: "lv_lock_args",
  uuid: "vg_uuid",
};
const modes = ["un", "nl", "sh", "ex"];
/** Requests that name no VG unless they are told to. */
const nameless = ["lock_gl", "start_wait", "stop_all", "running_lm", "refresh_lv", "quit"];
/** Requests that LVM sends with a lock type. */
const typed = ["start_vg", "init_vg", "init_lv"];

/** A line of a script cannot be understood. */
export class ScriptError extends Error {
  override name = "ScriptError";
}

function valueOf(text: string): Value {
  return /^-?[0-9]+$/.test(text) ? Number(text) : text;
}

export function parseRequest(words: readonly string[]): Request {
  const name = words[0] ?? "";
  const fields = new Map<string, Value>([["request", name]]);
  if (/_lv\b|_lv_/.test(name)) fields.set("lv_uuid", "L");
  if (!nameless.includes(name)) fields.set("vg_name", "vg");
  if (typed.includes(name)) fields.set("vg_lock_type", "dlm");
  const opts: string[] = [];
  for (const word of words.slice(1)) {
    const [key, value] = splitOnce(word, "=");
    if (value !== undefined) fields.set(fieldNames[key] ?? key, valueOf(value));
    else if (modes.includes(word)) fields.set("mode", word);
    else if (/^[0-9]+$/.test(word)) fields.set("version", Number(word));
    else opts.push(word);
  }
  fields.set("opts", opts.join(","));
  const request = toRequest(fields);
  if (request === undefined) throw new ScriptError(`no request "${name}"`);
  return request;
}

function splitOnce(text: string, at: string): [string, string | undefined] {
  const index = text.indexOf(at);
  return index < 0 ? [text, undefined] : [text.slice(0, index), text.slice(index + 1)];
}

export function parseLockType(word: string): LockType {
  const type = LockType[word as keyof typeof LockType];
  if (type === undefined) throw new ScriptError(`no lock type "${word}"`);
  return type;
}

/** `ok …` or `error ENAME …`, with what else the lock manager says. */
export function parseAnswer(words: readonly string[]): LmAnswer {
  const [verdict, ...rest] = words;
  if (verdict === "ok") return withDetails({ result: 0 }, rest);
  if (verdict !== "error") throw new ScriptError(`"ok" or "error" expected, not "${verdict}"`);
  const word = rest.shift() ?? "";
  const number = Errno[word as keyof typeof Errno] ?? -Number(word);
  if (!(number > 0)) throw new ScriptError(`no error "${word}"`);
  return withDetails({ result: -number }, rest);
}

function withDetails(answer: LmAnswer, words: readonly string[]): LmAnswer {
  for (const word of words) {
    const [key, value] = splitOnce(word, "=");
    setDetail(answer, key, value ?? "");
  }
  return answer;
}

function setDetail(answer: LmAnswer, key: string, value: string): void {
  switch (key) {
    case "result":
      answer.result = Number(value);
      break;
    case "lm_result":
      answer.lmResult = Number(value);
      break;
    case "vb": {
      const numbers = value.split(",").map(Number);
      const [resourceVersion, version = 0x0101, flags = 0] = numbers;
      answer.valueBlock = { resourceVersion: resourceVersion!, version, flags };
      break;
    }
    case "retry":
      answer.retry = true;
      break;
    case "persevered":
      answer.persevered = true;
      break;
    case "owner":
      answer.owner = parseOwner(value);
      break;
    case "running":
      answer.arg = value.split(",").reduce<number>(
        (bits, word) => bits | 1 << parseLockType(word),
        0,
      );
      break;
    case "host_id":
      answer.hostId = Number(value);
      break;
    case "generation":
      answer.generation = Number(value);
      break;
    case "prev_generation":
      answer.prevGeneration = Number(value);
      break;
    case "gl_enabled":
      answer.glEnabled = true;
      break;
    case "temporary":
    case "inherited":
      answer.arg = 1;
      break;
    case "hosts_unknown":
      answer.hostsUnknown = true;
      break;
    case "vg":
      answer.vgName = value;
      break;
    case "vg_args":
      answer.vgArgs = value;
      break;
    case "lv_args":
      answer.lvArgs = value;
      break;
    default:
      throw new ScriptError(`a lock manager does not answer "${key}"`);
  }
}

function parseOwner(text: string): Owner {
  const [hostId, generation, timestamp, state = "", name = ""] = text.split(",");
  return {
    hostId: Number(hostId),
    generation: Number(generation),
    timestamp: Number(timestamp),
    state,
    name,
  };
}
