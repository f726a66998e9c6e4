/**
 * The text of native requests and replies: how lvmlockctl writes the one and what it reads in the
 * other. Texts are byte strings.
 *
 * @module
 */

/** Ends each message in either direction. */
export const terminator = "\n##\n";

/** A field of a reply: quoted strings stay strings, bare integers become numbers. */
export type Reply = Map<string, string | number>;

/** A reply that is no config text; `at` is the first byte that does not fit, from 0. */
export class ReplySyntaxError extends Error {
  override name = "ReplySyntaxError";
  constructor(at: number, line: number) {
    super(`Parse error at byte ${at + 1} (line ${line}): unexpected token`);
  }
}

/** The spelling of requests without fields: `hello`, `quit`, `info` and `dump`. */
export function simpleRequest(name: string): string {
  return `request = "${name}"\n`;
}

/**
 * The spelling of all other requests: no blank after `=`, one before it in every line but the first.
 * Numbers stay bare; `"` and `\` in strings are escaped.
 */
export function fieldRequest(name: string, fields: Record<string, string | number>): string {
  const lines = Object.entries(fields).map(([key, value]) => `${key} =${quote(value)}\n`);
  return `request=${quote(name)}\n${lines.join("")}`;
}

function quote(value: string | number): string {
  return typeof value === "number" ? `${value}` : `"${value.replace(/["\\]/g, "\\$&")}"`;
}

const blank = /(?:\s|#[^\n]*(?:\n|$))*/y;
const key = /"((?:[^"\\]|\\.)*)"|[^\s#={}"]+/y;
const equals = /\s*=\s*/y;
const value = /"((?:[^"\\]|\\[^])*)"|'([^']*)'|[^\s#={}"']+/y;

/**
 * Reads the `key = value` pairs of a reply. The first of several equal keys counts.
 *
 * @throws {ReplySyntaxError}
 */
export function parseReply(body: string): Reply {
  const reply: Reply = new Map();
  let at = match(blank, body, 0)!.end;
  if (at === body.length) throw new ReplySyntaxError(at, 1);
  while (at < body.length) {
    const name = match(key, body, at);
    const sign = name && match(equals, body, name.end);
    const found = sign && match(value, body, sign.end);
    if (!found) throw new ReplySyntaxError(at, body.slice(0, at).split("\n").length);
    const field = name.groups[1] ?? name.text;
    if (!reply.has(field)) reply.set(field, fieldValue(found.text, found.groups));
    at = match(blank, body, found.end)!.end;
  }
  return reply;
}

function fieldValue(text: string, groups: (string | undefined)[]): string | number {
  if (groups[1] !== undefined) return groups[1].replace(/\\(["\\])/g, "$1");
  if (groups[2] !== undefined) return groups[2];
  return /^[+-]?\d+$/.test(text) ? Number(text) : text;
}

function match(pattern: RegExp, text: string, at: number) {
  pattern.lastIndex = at;
  const found = pattern.exec(text);
  return found &&
    { text: found[0], end: pattern.lastIndex, groups: found as (string | undefined)[] };
}
