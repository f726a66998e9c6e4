/**
 * Scripts of inputs with the answers that are expected, as text:
 *
 *     # What this is about.
 *     client X lock_vg sh
 *     ----
 *     lm 3 lock vg/VGLK sh
 *
 * A block is one or more command lines, `----`, and what the table answered to all of them up to an
 * empty line. Lines that begin with `#` are comments.
 *
 * @module
 */
import { Interpreter } from "./interpreter.ts";

const SEPARATOR = "----";

/** Commands with the answers expected; comments and empty lines before them are kept as they are. */
interface Block {
  before: string[];
  commands: string[];
  expected: string[];
  /** Line of the first command, from 1. */
  line: number;
}

function parse(text: string): { blocks: Block[]; after: string[] } {
  const blocks: Block[] = [];
  let block: Block = { before: [], commands: [], expected: [], line: 0 };
  let answers = false;
  text.split("\n").forEach((line, index) => {
    if (answers) {
      if (line !== "") return void block.expected.push(line);
      answers = false;
      blocks.push(block);
      block = { before: [line], commands: [], expected: [], line: 0 };
    } else if (line === SEPARATOR) {
      answers = true;
    } else if (line === "" || line.startsWith("#")) {
      if (block.commands.length > 0) throw new Error(`line ${index + 1}: "${SEPARATOR}" expected`);
      block.before.push(line);
    } else {
      if (block.commands.length === 0) block.line = index + 1;
      block.commands.push(line);
    }
  });
  if (block.commands.length > 0) throw new Error("the script ends within a block");
  return { blocks, after: block.before };
}

/** What the table answered to the commands of one block. */
export interface Outcome {
  line: number;
  commands: string[];
  expected: string[];
  actual: string[];
}

/** Runs a whole script on tables of its own. A command that fails ends its block's answer. */
export function runScript(text: string): { outcomes: Outcome[]; rewritten: string } {
  const { blocks, after } = parse(text);
  const interpreter = new Interpreter();
  const lines: string[] = [];
  const outcomes = blocks.map((block) => {
    const actual = runBlock(interpreter, block.commands);
    lines.push(...block.before, ...block.commands, SEPARATOR, ...actual);
    return { line: block.line, commands: block.commands, expected: block.expected, actual };
  });
  return { outcomes, rewritten: [...lines, ...after].join("\n") };
}

function runBlock(interpreter: Interpreter, commands: readonly string[]): string[] {
  const actual: string[] = [];
  try {
    for (const command of commands) actual.push(...interpreter.execute(command));
  } catch (error) {
    actual.push(`! ${error instanceof Error ? error.message : error}`);
  }
  return actual.length === 0 ? ["nothing"] : actual;
}
