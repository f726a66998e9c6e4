/**
 * AssemblyScript source as text in which comments, strings, imports and assertions are blank: what is
 * left can be searched by the look of it, and stands where it stood.
 *
 * @module
 */

/** Everything that is no code, and code that only checks. */
const silent =
  /\/\*[^]*?\*\/|\/\/.*|"(?:[^"\\\n]|\\.)*"|^import [^;]*;|^(?:export )?const [^;]*;|\bassert\([^;]*;/gm;

/** The text with blanks for what is not to be changed. Of the same length, with the same lines. */
export function blanked(text: string): string {
  return text.replace(silent, (found) => found.replace(/[^\n]/g, " "));
}

/** Where the bracket at `open` is closed: the place after it. */
export function closeOf(code: string, open: number): number {
  let depth = 0;
  for (let at = open; at < code.length; at++) {
    if ("([{".includes(code[at]!)) depth++;
    else if (")]}".includes(code[at]!) && --depth === 0) return at + 1;
  }
  return code.length;
}

/** The place after the `;` that ends the statement at `from`. */
export function endOfStatement(code: string, from: number): number {
  let depth = 0;
  for (let at = from; at < code.length; at++) {
    if ("([{".includes(code[at]!)) depth++;
    else if (")]}".includes(code[at]!)) depth--;
    else if (code[at] === ";" && depth === 0) return at + 1;
  }
  return code.length;
}

/** Where the operand on the left of `operator` begins. */
export function leftOperand(code: string, operator: number): number {
  let depth = 0;
  for (let at = operator - 1; at >= 0; at--) {
    const char = code[at]!;
    if (")]}".includes(char)) depth++;
    else if ("([{".includes(char) && --depth < 0) return at + 1;
    if (depth > 0) continue;
    const assigns = char === "=" && !/[=!<>]/.test(code[at - 1]! + code[at + 1]!);
    if (assigns || ";,?}".includes(char) || isLogical(code, at - 1)) return at + 1;
    if (/\breturn $/.test(code.slice(at - 6, at + 1))) return at + 1;
  }
  return 0;
}

/** Where the operand on the right of an operator that ends at `from` ends. */
export function rightOperand(code: string, from: number): number {
  let depth = 0;
  for (let at = from; at < code.length; at++) {
    const char = code[at]!;
    if ("([{".includes(char)) depth++;
    else if (")]}".includes(char) && --depth < 0) return at;
    if (depth === 0 && (";,?:".includes(char) || isLogical(code, at))) return at;
  }
  return code.length;
}

function isLogical(code: string, at: number): boolean {
  const two = code.slice(at, at + 2);
  return two === "&&" || two === "||";
}

/** The number of the line, from 1. */
export function lineOf(text: string, at: number): number {
  return text.slice(0, at).split("\n").length;
}
