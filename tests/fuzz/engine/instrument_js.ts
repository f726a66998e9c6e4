/**
 * Puts a counter at every place where a JavaScript program can take another way: functions, both
 * sides of each condition, loops, cases. What is executed is bounded as well: an input that needs
 * more steps than allowed fails.
 *
 * @module
 */
import { parse } from "acorn";
import type { CounterRange } from "./coverage.ts";

/** Where the instrumented code finds its counters. */
export const PROBE = "lvmlockd.fuzz.probe";

/** Shared by the instrumented code and the fuzzer. */
export interface Probe {
  counters: Uint32Array;
  /** One number: steps that may still be taken. */
  steps: Float64Array;
}

/** The code under test took more steps than its input may cost. */
export class TooManySteps extends Error {
  override name = "TooManySteps";
}

export interface Instrumented {
  text: string;
  /** Number of counters. */
  places: number;
  /** The counters of each module, by its path. */
  modules: Map<string, CounterRange>;
  /** Texts and numbers that the code compares with, for the mutator. */
  words: Map<string, string[]>;
}

interface Node {
  type: string;
  start: number;
  end: number;
  [key: string]: unknown;
}

interface Insertion {
  at: number;
  /** Of two insertions at one place, what closes comes first, and the inner one before the outer. */
  rank: number;
  text: string;
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && typeof (value as Node).type === "string";

function* childrenOf(node: Node): Iterable<Node> {
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) yield* value.filter(isNode);
    else if (isNode(value)) yield value;
  }
}

const wholeWalks = new Set([
  "split",
  "join",
  "replace",
  "replaceAll",
  "matchAll",
  "filter",
  "find",
]);

/** Is `?.` in it, which ends the whole chain when there is nothing? */
function isOptional({ optional, object, callee }: Node): boolean {
  return optional === true || isNode(object) && isOptional(object) ||
    isNode(callee) && isOptional(callee);
}

class Instrumentor {
  readonly insertions: Insertion[] = [];
  readonly words = new Set<string>();
  #depth = 0;

  constructor(private places: number) {}

  get next(): number {
    return this.places;
  }

  #hit(): string {
    return `$hit(${this.places++})`;
  }

  #insert(at: number, text: string, closes: boolean): void {
    this.insertions.push({ at, rank: closes ? -this.#depth : this.#depth, text });
  }

  #wrap({ start, end }: Node, before: string, after: string): void {
    this.#insert(start, before, false);
    this.#insert(end, after, true);
  }

  #expression(node: Node): void {
    this.#wrap(node, `(${this.#hit()},`, ")");
  }

  #block(node: Node): void {
    if (node.type === "BlockStatement") this.#insert(node.start + 1, `${this.#hit()};`, false);
    else this.#wrap(node, `{${this.#hit()};`, "}");
  }

  visit(node: Node): void {
    this.#depth++;
    this.#mark(node);
    for (const child of childrenOf(node)) this.visit(child);
    this.#depth--;
  }

  #mark(node: Node): void {
    switch (node.type) {
      case "FunctionDeclaration":
      case "FunctionExpression":
        return this.#block(node.body as Node);
      case "ArrowFunctionExpression":
        if ((node.body as Node).type === "BlockStatement") return this.#block(node.body as Node);
        return this.#expression(node.body as Node);
      case "IfStatement":
        this.#block(node.consequent as Node);
        if (isNode(node.alternate)) this.#block(node.alternate);
        else this.#insert(node.end, `else{${this.#hit()};}`, true);
        return;
      case "ForStatement":
      case "ForInStatement":
      case "ForOfStatement":
      case "WhileStatement":
      case "DoWhileStatement":
      case "CatchClause":
        return this.#block(node.body as Node);
      case "SwitchCase": {
        const [first] = node.consequent as Node[];
        if (first !== undefined) this.#insert(first.start, `${this.#hit()};`, false);
        return;
      }
      case "ConditionalExpression":
        this.#expression(node.consequent as Node);
        return this.#expression(node.alternate as Node);
      case "LogicalExpression":
      case "AssignmentPattern":
        return this.#expression(node.right as Node);
      case "AssignmentExpression":
        if (/^(&&|\|\||\?\?)=$/.test(node.operator as string)) this.#expression(node.right as Node);
        return;
      case "CallExpression":
        return this.#call(node.callee as Node);
      case "Literal":
        return this.#word(node.value);
    }
  }

  /** Methods that walk over all of a text or list take as many steps as that is long, by words. */
  #call({ type, object, property, optional, computed }: Node): void {
    if (type !== "MemberExpression" || optional || computed) return;
    const { type: kind } = object as Node;
    if (kind === "Super" || !wholeWalks.has((property as Node).name as string)) return;
    if (isOptional(object as Node)) return;
    this.#wrap(object as Node, "$walk(", ")");
  }

  #word(value: unknown): void {
    if (typeof value === "number" && value > 3) this.words.add(String(value));
    if (typeof value !== "string" || value.length < 2 || value.length > 40) return;
    // deno-lint-ignore no-control-regex
    if (/^[\x00-\xff]+$/.test(value)) this.words.add(value);
  }
}

function withInsertions(text: string, insertions: Insertion[]): string {
  insertions.sort((a, b) => a.at - b.at || a.rank - b.rank);
  const parts: string[] = [];
  let from = 0;
  for (const { at, text: inserted } of insertions) {
    parts.push(text.slice(from, at), inserted);
    from = at;
  }
  parts.push(text.slice(from));
  return parts.join("");
}

const prelude = `const {counters:$counters,steps:$steps}=globalThis[Symbol.for("${PROBE}")];
function $hit(i){$counters[i]++;if(--$steps[0]<0)$over();}
function $walk(o){if(($steps[0]-=(o?.length>>>3))<0)$over();return o;}
function $over(){$steps[0]=1e9;throw new $TooManySteps("more steps than the input may cost");}
const $TooManySteps=globalThis[Symbol.for("${PROBE}")].TooManySteps;
`;

/** The modules in a bundle: esbuild puts a comment with the path before each. */
function modulesIn(text: string, isTested: (path: string) => boolean) {
  const heads = [...text.matchAll(/^\/\/ (\S+\.(?:[cm]?[jt]s))$/gm)]
    .map((match) => ({ path: match[1]!, start: match.index }));
  return heads.map(({ path, start }, i) => ({
    path,
    start,
    end: heads[i + 1]?.start ?? text.length,
    tested: isTested(path),
  }));
}

/** @param isTested whether a module, by its path in the bundle, gets counters. */
export function instrument(text: string, isTested: (path: string) => boolean): Instrumented {
  const program = parse(text, { ecmaVersion: "latest", sourceType: "module" });
  const modules = new Map<string, CounterRange>();
  const words = new Map<string, string[]>();
  const insertions: Insertion[] = [];
  let places = 0;
  let index = 0;
  const statements = program.body as unknown as Node[];
  for (const { path, start, end, tested } of modulesIn(text, isTested)) {
    const instrumentor = new Instrumentor(places);
    while (index < statements.length && statements[index]!.start < start) index++;
    while (index < statements.length && statements[index]!.start < end) {
      const statement = statements[index++]!;
      // What the bundle exports stands behind the last module.
      if (tested && !statement.type.startsWith("Export")) instrumentor.visit(statement);
    }
    if (!tested) continue;
    modules.set(path, { from: places, to: instrumentor.next });
    words.set(path, [...instrumentor.words]);
    places = instrumentor.next;
    insertions.push(...instrumentor.insertions);
  }
  return { text: prelude + withInsertions(text, insertions), places, modules, words };
}
