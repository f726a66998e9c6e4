/**
 * Inputs in files: one a line, as a JSON string, or in hexadecimal digits where that is shorter.
 *
 * @module
 */
import { join } from "node:path";

const root = join(import.meta.dirname!, "../corpus");

/** An input as one line of printable ASCII. */
export function toLine(input: string): string {
  const text = JSON.stringify(input).replace(
    /[\x7f-\xff]/g,
    (byte) => `\\u00${byte.charCodeAt(0).toString(16)}`,
  );
  if (text.length <= 2 * input.length + 2) return text;
  return [...input].map((byte) => byte.charCodeAt(0).toString(16).padStart(2, "0")).join("");
}

/** @throws {Error} if the line is neither. */
export function fromLine(line: string): string {
  if (line.startsWith('"')) return JSON.parse(line);
  if (!/^([0-9a-f]{2})*$/.test(line)) throw new Error(`Not an input: ${line.slice(0, 60)}`);
  return line.replace(/../g, (digits) => String.fromCharCode(parseInt(digits, 16)));
}

/** The inputs of a file; one that does not exist has none. */
export function readInputs(path: string): string[] {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  return text.split("\n").filter((line) => line !== "").map(fromLine);
}

export function writeInputs(path: string, inputs: readonly string[]): void {
  Deno.mkdirSync(join(path, ".."), { recursive: true });
  Deno.writeTextFileSync(path, inputs.map((input) => `${toLine(input)}\n`).join(""));
}

/** The file with what earlier campaigns found worth keeping. */
export function corpusFile(target: string): string {
  return join(root, target, "inputs.txt");
}
