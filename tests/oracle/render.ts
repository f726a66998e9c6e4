/**
 * Turns the fields of a request into the bytes a client would write, in one of several styles that
 * mean the same to the daemon.
 *
 * @module
 */
import type { Chunking, Fields, Style } from "./script.ts";

/** What ends every message. */
export const terminator = "\n##\n";

function quoted(value: string | number): string {
  if (typeof value === "number") return String(value);
  return '"' + value.replaceAll(/["\\]/g, "\\$&") + '"';
}

/** Single quotes know no escapes, so a value with one in it falls back to double quotes. */
function singleQuoted(value: string | number): string {
  return typeof value === "number" || value.includes("'") ? quoted(value) : `'${value}'`;
}

function tree(fields: Fields): string {
  return fields.map(([key, value], i) => `${key}${i === 0 ? "" : " "}=${quoted(value)}\n`).join("");
}

const joined = (fields: Fields, before: string, between: string, after: string) =>
  fields.map(([key, value]) => `${before}${key}${between}${quoted(value)}${after}`).join("");

const writers: Record<Style, (fields: Fields) => string> = {
  tree,
  simple: (fields) => joined(fields, "", " = ", "\n"),
  tight: (fields) => joined(fields, "", "=", "\n").slice(0, -1),
  spaced: (fields) => joined(fields, "\n  ", "   =  ", "  \r\n\n"),
  tabs: (fields) => joined(fields, "\t", "\t=\t", "\t\n"),
  oneline: (fields) => joined(fields, " ", " = ", ""),
  comments: (fields) => joined(fields, '# a comment = "no"\n', " = ", " # more\n"),
  single: (fields) => fields.map(([k, v]) => `${k} = ${singleQuoted(v)}\n`).join(""),
  reversed: (fields) => tree(fields.toReversed()),
};

/** The complete message for some fields. */
export function render(fields: Fields, style: Style = "tree"): string {
  return writers[style](fields) + terminator;
}

/** The pieces in which a message is written to the socket. */
export function split(message: string, chunking: Chunking = "whole"): string[] {
  switch (chunking) {
    case "whole":
      return [message];
    case "terminator":
      return [message.slice(0, -terminator.length), terminator];
    case "halves":
      return [message.slice(0, message.length >> 1), message.slice(message.length >> 1)];
    case "bytes":
      return [...message];
  }
}
