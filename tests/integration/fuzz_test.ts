/**
 * Thousands of mutated requests through both sockets, from seeds that a failure names. The native
 * socket answers each one with one well-formed reply, HTTP with one well-formed response or a close,
 * and the daemon is as it was.
 */
import { assert, assertEquals } from "@std/assert";
import { Errno } from "../../core/errno.ts";
import { parseReply, terminator } from "../../ctl/native_text.ts";
import { Prng } from "../oracle/prng.ts";
import { vgFields } from "./conversation.ts";
import { CLUSTER } from "./daemon.ts";
import { attempts, type Target, VG } from "./target.ts";
import { message, Wire } from "./wire.ts";

const NATIVE_REQUESTS = 4000;
const HTTP_REQUESTS = 1500;
const seeds = [1, 2];

const attempt = attempts("mutated requests");

const vg = { cmd: "fuzz", ...vgFields(VG, `1.0.0:${CLUSTER}`), opts: "none" };
const lv = {
  lv_name: "lv",
  lv_uuid: "abcdef-0123-4567-89ab-cdef-0123-456789",
  lv_lock_args: "dlm",
};
const start = message("start_vg", { ...vg, vg_uuid: "u", version: 1, host_id: 0 });

/** Requests that are answered at once while only one client is there. */
const nativeRequests = [
  message("hello"),
  'request = "hello"\n' + terminator,
  message("running_lm"),
  message("lock_gl", { cmd: "fuzz", mode: "sh", opts: "none", vg_lock_type: "none" }),
  message("lock_vg", { ...vg, mode: "ex" }),
  message("lock_vg", { ...vg, mode: "sh" }),
  message("lock_vg", { ...vg, mode: "un" }),
  message("vg_update", { ...vg, version: 7 }),
  message("lock_lv", { ...vg, ...lv, mode: "ex", opts: "persistent" }),
  message("lock_lv", { ...vg, ...lv, mode: "sh" }),
  message("lock_lv", { ...vg, ...lv, mode: "un", opts: "persistent" }),
  message("query_lock_lv", { ...vg, ...lv }),
  message("free_lv", { ...vg, ...lv }),
  message("init_vg", vg),
  message("init_lv", { ...vg, ...lv, prev_lv_args: "none" }),
  message("refresh_lv", { ...lv, path: "/dev//vg0/lv" }),
  message("lock_lv", {
    ...vg,
    ...lv,
    mode: "ex",
    path_num: 2,
    "path[0]": "/dev/a",
    "path[1]": "b",
  }),
  message("busy_vg", vg),
  message("stop_vg", vg),
  start,
  "a { b = [1, 'x', \"y\"] # c\n } " + message("vg_status", vg),
];

/** Bytes and words that mean something to one of the parsers. */
const tokens = [
  '"',
  "'",
  "\\",
  "{",
  "}",
  "[",
  "]",
  "=",
  "#",
  ",",
  "\n",
  "\r\n",
  " ",
  "\t",
  "\0",
  ":",
]
  .concat([
    "\u00ff",
    "none",
    "ex",
    "0x7fffffff",
    "-1",
    "1e9",
    "##",
    "\n##",
    "request=",
    "mode =sh\n",
  ])
  .concat(["\r\n\r\n", "0\r\n", "null", "true", "%00", "/", "Content-Length: 5\r\n", "__proto__"]);

/** Changes one thing. */
function mutate(random: Prng, text: string, other: string): string {
  const at = random.below(text.length + 1);
  const length = 1 + random.below(random.pick([1, 4, 30]));
  const [before, after] = [text.slice(0, at), text.slice(at + length)];
  return random.pick([
    () => before + after,
    () => before + random.pick(tokens) + text.slice(at),
    () => before + random.pick(tokens) + after,
    () => before + String.fromCharCode(random.below(256)) + text.slice(at + 1),
    () => before + text.slice(at, at + length).repeat(1 + random.below(50)) + after,
    () => before + other.slice(random.below(other.length)),
    () => before,
  ])();
}

function mutated(random: Prng, all: readonly string[]): string {
  let text = random.pick(all);
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
    text = mutate(random, text, random.pick(all));
  }
  return text;
}

const results = new Set<number>(Object.values(Errno));

/** A reply is config text with a result that the protocol knows. */
function checkReply(reply: string): void {
  const fields = parseReply(reply);
  assertEquals(fields.get("response"), "OK");
  const result = fields.get("op_result") ?? fields.get("result");
  assert(typeof result === "number", "no result");
  assert(result >= 0 || results.has(-result), `unknown result ${result}`);
}

/** Sends one mutated request, and returns what of it belongs to the next one. */
async function sendNative(wire: Wire, text: string, before: string): Promise<string> {
  const messages = (before + text).split(terminator);
  const unfinished = messages.pop()!;
  await wire.send(text);
  for (const _ of messages) {
    const reply = await wire.reply();
    assert(reply !== undefined, "the connection was closed");
    checkReply(reply);
  }
  return unfinished;
}

async function fuzzNative(wire: Wire, random: Prng): Promise<void> {
  let unfinished = "";
  for (let i = 0; i < NATIVE_REQUESTS; i++) {
    // Back to where more than a refusal is to be had.
    const text = i % 50 === 0 ? start : mutated(random, nativeRequests) + terminator;
    try {
      unfinished = await sendNative(wire, text, unfinished);
    } catch (error) {
      throw new Error(`request ${i}: ${JSON.stringify(unfinished + text)}`, { cause: error });
    }
  }
}

/** Puts back what the requests may have left: the VG's state, persistent locks. */
async function tidyUp(target: Target): Promise<void> {
  using client = await target.place.connect();
  await client.result("stop_all", { opts: "force wait " });
  await client.startVg(VG);
}

for (const seed of seeds) {
  attempt(`native, seed ${seed}`, async (target) => {
    using wire = await target.wire();
    await fuzzNative(wire, new Prng(seed));
    wire.close();
    await tidyUp(target);
  });
}

const json = (method: string, path: string, body: string) =>
  `${method} /v1/${path} HTTP/1.1\r\nHost: lvmlockd\r\nContent-Type: application/json\r\n` +
  `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
const lvBody = { type: "lv", vg: VG, lvUuid: lv.lv_uuid, persistent: true };
const httpRequests = [
  "GET /v1/status HTTP/1.1\r\nHost: lvmlockd\r\nConnection: close\r\n\r\n",
  "GET /v1/locks?vg=vg0&type=lv&deadlineMs=100 HTTP/1.0\r\n\r\n",
  json("POST", "lockspaces/vg1/start", `{"lockType":"dlm","lockArgs":"1.0.0:${CLUSTER}"}`),
  json("POST", "lockspaces/vg1/stop?deadlineMs=100", '{"force":true}'),
  json("POST", "locks?deadlineMs=100", JSON.stringify({ ...lvBody, mode: "ex" })),
  json("POST", "locks/convert?deadlineMs=100", JSON.stringify({ ...lvBody, mode: "sh" })),
  json("POST", "locks/release", JSON.stringify(lvBody)),
  json("POST", "sessions", '{"command":"fuzz"}'),
  'POST /v1/sessions HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"a":\r\n0\r\n\r\n',
];

/** One connection, one request, half-closed: the head of what comes back, if anything does. */
async function talk(target: Target, text: string): Promise<string | undefined> {
  using wire = await Wire.open(target.place.api);
  try {
    await wire.send(text);
    await wire.finish();
    return await wire.upTo("\r\n\r\n");
  } catch (error) {
    // It may close before it has read everything.
    if (error instanceof Deno.errors.BrokenPipe) return undefined;
    if (error instanceof Deno.errors.ConnectionReset) return undefined;
    throw error;
  }
}

/** What was not understood is the client's fault, never an error inside. */
function checkResponse(head: string): void {
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]);
  assert(status >= 100 && status < 500 || status === 504, head);
}

for (const seed of seeds) {
  attempt(`HTTP, seed ${seed}`, async (target) => {
    const random = new Prng(seed);
    for (let i = 0; i < HTTP_REQUESTS; i++) {
      const text = mutated(random, httpRequests);
      try {
        const head = await talk(target, text);
        if (head !== undefined) checkResponse(head);
      } catch (error) {
        throw new Error(`request ${i}: ${JSON.stringify(text)}`, { cause: error });
      }
    }
    await tidyUp(target);
  });
}
