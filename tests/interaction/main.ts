/**
 * Runs the scripts of tests/testdata/ on the lock table.
 *
 *     deno run -A tests/interaction/main.ts              says which answers differ
 *     deno run -A tests/interaction/main.ts --rewrite    puts what the table answers into the scripts
 *
 * Read the difference before committing a rewritten script: the scripts say what is right.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { runScript } from "./script.ts";
import { readScripts } from "./scripts.ts";

const { rewrite, _: names } = parseArgs(Deno.args, { boolean: ["rewrite"], string: ["_"] });
let different = 0;
for (const { name, url, text } of readScripts()) {
  if (names.length > 0 && !names.includes(name)) continue;
  const { outcomes, rewritten } = runScript(text);
  for (const { line, commands, expected, actual } of outcomes) {
    if (expected.join("\n") === actual.join("\n")) continue;
    different++;
    if (!rewrite) console.log([`${name}:${line}`, ...commands, "----", ...actual, ""].join("\n"));
  }
  if (rewrite && rewritten !== text) Deno.writeTextFileSync(url, rewritten);
}
console.log(`${different} answers ${rewrite ? "rewritten" : "differ"}`);
if (different > 0 && !rewrite) Deno.exit(1);
