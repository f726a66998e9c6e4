/**
 * Reads what daemons say: the `key = value` text of a reply, tolerant of spacing, keeping the order.
 *
 * @module
 */

/** Keys and values of a reply; text values without their quotes. */
export type Reply = Map<string, string>;

const pair = /([^\s=#{}]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s#{}]+))/g;

/** Parses the body of a reply; the first of two equal keys counts. */
export function parseReply(text: string): Reply {
  const reply: Reply = new Map();
  for (const [, key, quotedText, bare] of text.matchAll(pair)) {
    const value = quotedText === undefined ? bare! : quotedText.replaceAll(/\\(.)/g, "$1");
    if (!reply.has(key!)) reply.set(key!, value);
  }
  return reply;
}

/** The result of a reply as a number; NaN when it has none. */
export function result(text: string): number {
  return Number(parseReply(text).get("op_result") ?? NaN);
}
