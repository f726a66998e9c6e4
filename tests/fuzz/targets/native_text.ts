/**
 * The text of native requests and replies: config text, the fast reader of plain requests, requests,
 * replies, and how the control tool reads them.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { LockType, Mode, Op, type Owner, type Reply, ResultFlag } from "../../../core/types.ts";
import type { Value } from "../../../core/native/config_text.ts";
import type { NativeRequest } from "../../../core/native/request.ts";
import type { Prng } from "../../oracle/prng.ts";
import type { Modules } from "../engine/program.ts";
import { demand } from "../engine/target.ts";
import { textTarget } from "../engine/text_target.ts";
import { END, nativeRequests } from "./requests.ts";

/** Prints values so that they are read as what they are. */
function print(pairs: ReadonlyMap<string, Value>): string {
  const quote = (text: string) => `"${text.replace(/["\\]/g, "\\$&")}"`;
  const lines = [...pairs].map(([key, value]) => {
    if (typeof value === "symbol") return `${quote(key)} = 1.5\n`;
    return `${quote(key)} = ${typeof value === "number" ? numberText(value) : quote(value)}\n`;
  });
  return lines.join("");
}

/** Digits only: strtoll knows no exponents. */
const numberText = (value: number) => Number.isFinite(value) ? String(BigInt(value)) : undefined;

function read({ configText }: Modules, text: string): Map<string, Value> | undefined {
  try {
    return configText.parseConfigText(text);
  } catch (error) {
    if (!(error instanceof configText.ConfigTextError)) throw error;
    const place = / at byte (\d+)/.exec(error.message)?.[1];
    const named = error.message === "The request is empty" ||
      place !== undefined && Number(place) <= text.length;
    demand(named, "an error does not say where it is", () => error.message);
    return undefined;
  }
}

function checkRequest(request: NativeRequest): void {
  const texts = [
    "command",
    "vgName",
    "vgUuid",
    "vgArgs",
    "lvName",
    "lvUuid",
    "lvArgs",
    "otherArgs",
  ];
  for (const key of texts) {
    const text = request[key as "vgName"];
    demand(typeof text === "string" && text.length <= 64, "a text is longer than 64", () => key);
  }
  for (const key of ["version", "hostId", "maxRetries", "alignMb", "lvSizeBytes"] as const) {
    demand(typeof request[key] === "number" && !Number.isNaN(request[key]), "no number", () => key);
  }
  demand(request.pvPaths.length <= 4096, "more than 4096 paths");
}

/** Both readers agree, and what is printed again is read as the same. */
function checkBody(modules: Modules, body: string): NativeRequest | undefined {
  const { plainText, request: { requestOf, toRequest } } = modules;
  const pairs = read(modules, body);
  const plain = plainText.readPlain(Buffer.from(body, "latin1"), body.length);
  if (plain !== undefined) {
    demand(pairs !== undefined, "the plain reader takes what is wrong");
    const [one, other] = [requestOf(plain), toRequest(pairs)].map((each) => JSON.stringify(each));
    demand(one === other, "the readers differ", () => [one, other]);
  }
  if (pairs === undefined) return undefined;
  for (const value of pairs.values()) {
    if (value === Infinity || value === -Infinity) return undefined;
  }
  const again = modules.configText.parseConfigText(print(pairs));
  const expected = [...pairs].filter(([key]) => !key.includes("\n"));
  for (const [key, value] of expected) {
    demand(
      Object.is(again.get(key), value) || again.get(key) === value,
      "printed again, another value",
      () => [
        key,
        String(value),
        String(again.get(key)),
      ],
    );
  }
  const request = toRequest(pairs);
  if (request !== undefined) checkRequest(request);
  return request;
}

const owner: Owner = { hostId: 3, generation: 4, timestamp: 5, state: "FAIL", name: 'ho"st\\' };

/** A reply whose numbers and texts come from the input. */
function replyTo(request: NativeRequest, input: string): Reply {
  const byte = (i: number) => input.charCodeAt(i % Math.max(1, input.length)) || 0;
  return {
    op: request.op as Op,
    result: byte(1) - 128,
    lmResult: -byte(2),
    lockType: LockType.dlm,
    flags: byte(3) & (ResultFlag.noLm * 32 - 1),
    mode: Mode.ex,
    created: false,
    vgArgs: byte(4) % 2 === 0 ? "" : request.vgArgs.slice(0, 63),
    lvArgs: byte(5) % 2 === 0 ? "" : request.lvArgs.slice(0, 63),
    owner: byte(6) % 2 === 0 ? owner : { ...owner, hostId: 0 },
    lsGeneration: byte(7),
    prevGeneration: byte(8),
  };
}

/** One reply, which the control tool reads, and nothing of the request in the wrong place. */
function checkReply({ nativeText }: Modules, text: string, request?: NativeRequest): void {
  demand(text.endsWith(END), "a reply has no end");
  demand(text.indexOf(END) === text.length - END.length, "a reply ends twice", () => text);
  const fields = nativeText.parseReply(text.slice(0, -END.length));
  demand(fields.get("response") === "OK", "a reply is not OK");
  if (request === undefined) demand(fields.get("op_result") === -22, "a refusal has no result");
  const flags = fields.get("result_flags");
  demand(flags === undefined || /^[A-Z_,]+$|^none$/.test(String(flags)), "flags", () => flags);
}

function check(modules: Modules, input: string): void {
  const body = input.split(END)[0]!;
  const request = checkBody(modules, body);
  const { reply } = modules;
  checkReply(modules, reply.printRefusal(-22, body));
  if (request === undefined) return;
  const text = reply.printReply(request, replyTo(request, input));
  checkReply(modules, text, request);
}

const keys = ["request", "vg_name", "mode", "opts", "version", "path_num", "path[0]", "x", "cmd"];

/** Config text with everything that its grammar has. */
function generate(random: Prng): string {
  const blank = () => random.pick(["", " ", "\n", "\t", " # c\n", "\r\n"]);
  const value = (depth: number): string =>
    random.pick([
      () => `"${random.pick(["", "lock_vg", "ex", 'a\\"b', "\\\\", "\xff", "none"])}"`,
      () => `'${random.pick(["", "sh", '"', "\\"])}'`,
      () =>
        random.pick(["1", "-7", "0x1f", "017", "1.5", "1e9", "99999999999999999999", "+3", "."]),
      () => random.pick(["bare", "un", "@x", "a,b]"]),
      () => depth > 3 ? "[]" : `[${value(depth + 1)}${blank()},${value(depth + 1)}]`,
    ])();
  const pair = (depth: number): string => {
    const key = random.chance(0.1) ? `"${random.pick(keys)}"` : random.pick(keys);
    if (depth < 4 && random.chance(0.1)) return `${key}${blank()}{${body(depth + 1)}}`;
    return `${key}${blank()}=${blank()}${value(depth)}`;
  };
  const body = (depth: number): string =>
    Array.from({ length: random.below(6) }, () => pair(depth) + random.pick([" ", "\n"])).join("");
  return body(0);
}

export const nativeText = textTarget({
  name: "native-text",
  about: "config text, plain requests, requests, replies",
  modules: [
    "core/native/config_text.ts",
    "core/native/plain_text.ts",
    "core/native/fields.ts",
    "core/native/names.ts",
    "core/native/request.ts",
    "core/native/reply.ts",
    "ctl/native_text.ts",
  ],
  seeds: nativeRequests.map((text) => text.slice(0, -END.length)),
  words: ['"', "'", "\\", "{", "}", "[", "]", "=", "#", ",", "\n", "\0", " = ", '\\"', "path[1]"],
  generate,
  check,
});

/** Cuts the input into pieces at places that its first bytes name. */
function pieces(input: string): { text: string; parts: string[] } {
  const cuts = input.charCodeAt(0) % 8 || 0;
  const text = input.slice(1 + cuts);
  const places = [...input.slice(1, 1 + cuts)]
    .map((byte) => Math.floor(byte.charCodeAt(0) * (text.length + 1) / 256))
    .toSorted((a, b) => a - b);
  const parts = [...places, text.length].map((at, i) => text.slice(places[i - 1] ?? 0, at));
  return { text, parts };
}

export const nativeFrame = textTarget({
  name: "native-frame",
  about: "frames, however they are cut into pieces",
  modules: ["core/native/frame.ts"],
  seeds: [
    "\0\n##\n",
    "\x01\x80a\n##\nb\n##\nc",
    "\x03\x10\x20\x80\n##\n##\n\n##\n#",
    "\x02\x55\xaa\n##",
  ],
  words: [END, "\n##", "##\n", "\n#", "#\n", "\n"],
  check({ frame }, input) {
    const { text, parts } = pieces(input);
    const reader = new frame.FrameReader();
    const bodies: string[] = [];
    for (const part of parts) {
      demand(reader.push(part), "a short frame is refused");
      for (let body = reader.next(); body !== undefined; body = reader.next()) bodies.push(body);
    }
    const expected = text.split(END);
    const rest = expected.pop()!;
    demand(
      JSON.stringify(bodies) === JSON.stringify(expected),
      "frames depend on the pieces",
      () => [
        bodies,
        expected,
      ],
    );
    demand(reader.pending === rest.length, "what is left is counted wrong");
    const bytes = Buffer.from(text, "latin1");
    for (const length of [bytes.length, ...bodies.map((body) => body.length + END.length)]) {
      const ends = text.slice(0, length).endsWith(END);
      demand(frame.endsFrame(bytes, length) === ends, "the end of a frame is not seen");
    }
  },
});
