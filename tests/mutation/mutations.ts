/**
 * Systematic small changes to a source: conditions that always or never hold, operators and constants
 * exchanged, statements left out.
 *
 * @module
 */
import { blanked, closeOf, endOfStatement, leftOperand, lineOf, rightOperand } from "./source.ts";

/** A change: `to` instead of what stands between two places of the text. */
export interface Mutation {
  /** Name of the source below wasm/, without its ending. */
  file: string;
  line: number;
  start: number;
  end: number;
  /** What is replaced. */
  from: string;
  to: string;
}

type Edit = [start: number, end: number, to: string];

/** Words that stand for each other. */
const words: Record<string, readonly string[]> = {
  SH: ["EX", "UN"],
  EX: ["SH", "UN"],
  UN: ["SH", "EX"],
  RUNNING: ["STARTING", "STOPPING"],
  STARTING: ["RUNNING"],
  STOPPING: ["RUNNING"],
  RT_LV: ["RT_VG"],
  RT_VG: ["RT_LV", "RT_GL"],
  RT_GL: ["RT_VG"],
  LM_TYPE_SANLOCK: ["LM_TYPE_DLM"],
  LM_TYPE_DLM: ["LM_TYPE_IDM"],
  LM_TYPE_NONE: ["LM_TYPE_SANLOCK"],
  true: ["false"],
  false: ["true"],
};

const operators: Record<string, readonly string[]> = {
  "==": ["!="],
  "!=": ["=="],
  "<": ["<=", ">="],
  "<=": ["<", ">"],
  ">": [">=", "<="],
  ">=": [">", "<"],
  "&&": ["||"],
  "||": ["&&"],
  "+ 1": ["- 1", ""],
  "- 1": ["+ 1", ""],
};

function* conditions(code: string): Generator<Edit> {
  for (const { index } of code.matchAll(/\bif \(/g)) {
    const open = index + 3;
    const close = closeOf(code, open);
    yield [open + 1, close - 1, "true"];
    yield [open + 1, close - 1, "false"];
  }
  for (const { index } of code.matchAll(/!(?=[\w(])/g)) yield [index, index + 1, ""];
}

function* operands(code: string): Generator<Edit> {
  for (const { index } of code.matchAll(/&&|\|\|/g)) {
    yield [leftOperand(code, index), index + 2, ""];
    yield [index, rightOperand(code, index + 2), ""];
  }
}

function* exchanges(code: string): Generator<Edit> {
  const operator = /(?<= )(?:[=!]=|[<>]=?|&&|\|\||[+-] 1\b)(?=[ ;)\n]|$)/gm;
  for (const { index, 0: from } of code.matchAll(operator)) {
    for (const to of operators[from]!) yield [index, index + from.length, to];
  }
  for (const { index, 0: from } of code.matchAll(/\+\+|--/g)) {
    yield [index, index + 2, from === "++" ? "--" : "++"];
  }
  for (const { index, 0: from } of code.matchAll(/\b[A-Za-z_]+\b/g)) {
    for (const to of Object.hasOwn(words, from) ? words[from]! : []) {
      yield [index, index + from.length, to];
    }
  }
  for (const { index, 0: from } of code.matchAll(/(?<![\w)] )-E[A-Z]+\b/g)) {
    yield [index, index + from.length, "0"];
  }
}

/** A call or an assignment that is a statement of its own. */
const plain =
  /(?:^|\belse|\bcase \w+:) +((?!return\b|super\b)[\w.!]+(?:\(| [+|&-]?= |\+\+;|--;))/gm;

function* omissions(code: string): Generator<Edit> {
  for (const { index, 0: found, 1: statement } of code.matchAll(plain)) {
    const start = index + found.length - statement!.length;
    if (statement!.endsWith("(") && isMethod(code, start + statement!.length - 1)) continue;
    yield [start, endOfStatement(code, start), ";"];
  }
  for (const { index, 0: found } of code.matchAll(/\b(?:return|continue|break)(?=[ ;])/g)) {
    const end = endOfStatement(code, index);
    const value = code.slice(index + found.length, end);
    if (value !== ";") yield [index, end, "return;"];
    if (value === ";" || value.endsWith(");")) yield [index, index + found.length, ""];
  }
}

/** What looks like a call with a body behind it. */
function isMethod(code: string, open: number): boolean {
  return /^(?::| \{)/.test(code.slice(closeOf(code, open)));
}

/** All changes to a source, in the order of its lines; each text comes once. */
export function mutationsOf(file: string, text: string): Mutation[] {
  const code = blanked(text);
  const edits = [conditions, operands, exchanges, omissions].flatMap((make) => [...make(code)]);
  const seen = new Set<string>();
  return edits.sort((a, b) => a[0] - b[0]).flatMap(([start, end, to]) => {
    const key = `${start} ${end} ${to}`;
    if (seen.has(key)) return [];
    seen.add(key);
    const from = text.slice(start, end);
    return [{ file, line: lineOf(text, start), start, end, from, to }];
  });
}

/** The changed source. */
export function mutated(text: string, { start, end, to }: Mutation): string {
  return text.slice(0, start) + to + text.slice(end);
}

/** A mutation in one line. */
export function described({ file, line, from, to }: Mutation): string {
  const short = (text: string) => text.replace(/\s+/g, " ").trim();
  return `${file}.ts:${line}: ${short(from)} -> ${short(to) || "nothing"}`;
}
