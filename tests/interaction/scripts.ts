/**
 * Where the scripts are, and which conformance vectors they cover.
 *
 * @module
 */
const directory = new URL("../testdata/", import.meta.url);

export interface ScriptFile {
  name: string;
  url: URL;
  text: string;
}

/** All scripts, by name. */
export function readScripts(): ScriptFile[] {
  return [...Deno.readDirSync(directory)]
    .filter(({ name, isFile }) => isFile && name.endsWith(".txt"))
    .map(({ name }) => ({ name, url: new URL(name, directory) }))
    .map((file) => ({ ...file, text: Deno.readTextFileSync(file.url) }))
    .sort((a, b) => a.name < b.name ? -1 : 1);
}

/** Conformance vectors are numbered 1 to this. */
export const VECTORS = 42;

/** Vectors that no script can cover, and why. */
export const notCovered: ReadonlyMap<number, string> = new Map([
  [41, "fencing of failed hosts by persistent reservations is not built"],
]);

/** Vectors named in comments (`# vector 12: …`), each with the scripts that name it. */
export function coveredVectors(scripts: readonly ScriptFile[]): Map<number, string[]> {
  const covered = new Map<number, string[]>();
  for (const { name, text } of scripts) {
    for (const [, number] of text.matchAll(/^# vector ([0-9]+)\b/gm)) {
      const names = covered.get(Number(number)) ?? [];
      covered.set(Number(number), [...names, name]);
    }
  }
  return covered;
}
