/**
 * Checks of the whole project that neither the formatter nor the linter makes: sizes, module
 * comments, words that must not be committed, tasks and links. tidy_test.ts applies them. Each check
 * takes files and returns complaints, one line each.
 *
 * @module
 */
import { dirname, join } from "node:path/posix";

/** A text file; `path` is relative to the project's root. */
export interface SourceFile {
  path: string;
  text: string;
}

export const maxFunctionLines = 70;
export const maxFileLines = 400;

/**
 * Functions that may be longer, as `path: name`, each with the lines it has. The number may go down
 * only: shortening a function means lowering it here. New entries are not welcome.
 */
export const longFunctions: Record<string, number> = {};

/** Files that may be longer than {@link maxFileLines}, with the reason. */
export const longFiles: Record<string, string> = {};

const isTypeScript = ({ path }: SourceFile) => path.endsWith(".ts");
const isCode = ({ path }: SourceFile) => /\.(ts|c|h)$/.test(path);
const isMarkdown = ({ path }: SourceFile) => path.endsWith(".md");

/** Folders and files that git ignores or that hold no text of ours. */
const notOurs = /^(\.git|dist|coverage|node_modules)$|\.(log|wasm)$/;

/** Reads all text files of the project, sorted by path. */
export async function readProject(root: string): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  const folders = [""];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for await (const entry of Deno.readDir(join(root, folder))) {
      if (notOurs.test(entry.name)) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory) folders.push(path);
      if (entry.isFile) files.push({ path, text: await Deno.readTextFile(join(root, path)) });
    }
  }
  return files.sort((a, b) => a.path < b.path ? -1 : 1);
}

/** Each module begins with a comment about the module, not about its first declaration. */
export function checkModuleComments(files: SourceFile[]): string[] {
  return files.filter(isTypeScript).filter(({ text }) => {
    const comment = /^(?:#!.*\n)?\/\*\*([\s\S]*?)\*\/\n(.*)/.exec(text);
    if (!comment) return true;
    const [, body, nextLine] = comment;
    const ofModule = body!.includes("@module") ||
      /^(|import .*|export (\*|\{).*|declare module .*)$/.test(nextLine!);
    return !ofModule || body!.replace(/[\s*]|@module/g, "").length < 15;
  }).map(({ path }) => `${path}: does not begin with a doc comment that says what the module owns`);
}

export function checkFileLengths(files: SourceFile[], exceptions = longFiles): string[] {
  const lines = (file: SourceFile) => file.text.trimEnd().split("\n").length;
  const tooLong = files.filter(isCode).filter((file) => lines(file) > maxFileLines);
  const unused = Object.keys(exceptions).filter((path) => !tooLong.some((f) => f.path === path));
  return [
    ...tooLong.filter(({ path }) => !(path in exceptions))
      .map((file) => `${file.path}: ${lines(file)} lines, more than ${maxFileLines}`),
    ...unused.map((path) => `${path}: no longer needs its exception for length`),
  ];
}

type FunctionNode =
  | Deno.lint.FunctionDeclaration
  | Deno.lint.FunctionExpression
  | Deno.lint.ArrowFunctionExpression;

/** A name for a function: its own, or that of what it is given to. */
function functionName(node: FunctionNode): string {
  if (node.type !== "ArrowFunctionExpression" && node.id) return node.id.name;
  // deno-lint-ignore no-explicit-any
  const parent = node.parent as any;
  const label = parent.id ?? parent.key ?? parent.left ?? parent.arguments?.[0];
  return String(label?.name ?? label?.value ?? "(unnamed)");
}

/**
 * Lengths of all functions, as `path: name` and lines from the first to the last brace. Of functions
 * with the same name the longest counts. Works only under `deno test`.
 */
export function functionLengths(files: SourceFile[]): Map<string, number> {
  const lengths = new Map<string, number>();
  for (const { path, text } of files.filter(isTypeScript)) {
    const plugin: Deno.lint.Plugin = {
      name: "tidy",
      rules: {
        length: {
          create(context) {
            const measure = (node: FunctionNode) => {
              const key = `${path}: ${functionName(node)}`;
              const lines = context.sourceCode.getText(node).split("\n").length;
              lengths.set(key, Math.max(lines, lengths.get(key) ?? 0));
            };
            return {
              FunctionDeclaration: measure,
              FunctionExpression: measure,
              ArrowFunctionExpression: measure,
            };
          },
        },
      },
    };
    Deno.lint.runPlugin(plugin, path, text);
  }
  return lengths;
}

export function checkFunctionLengths(files: SourceFile[], ratchet = longFunctions): string[] {
  const lengths = functionLengths(files);
  const complaints = [...lengths]
    .filter(([key, lines]) => lines > (ratchet[key] ?? maxFunctionLines))
    .map(([key, lines]) => `${key}: ${lines} lines, more than ${ratchet[key] ?? maxFunctionLines}`);
  for (const [key, allowed] of Object.entries(ratchet)) {
    const lines = lengths.get(key) ?? 0;
    if (lines < allowed) complaints.push(`${key}: now has ${lines} lines, so lower its entry`);
  }
  return complaints;
}

/** What no committed file may hold, and why. */
export const bannedWords: [RegExp, string][] = [
  [/\b(TODO|FIXME|XXX)\b/, "unfinished work is not committed"],
  [/\bDeno\.test\.(ignore|only)\b/, "every test runs"],
  [/\.(only|skip)\(/, "every test runs"],
  [/\b(ignore|only): true\b/, "every test runs"],
  [/\bregistry\.[\w-]+\.\w/, "packages are named, not where they come from"],
];

/** Folders that hold projects on any machine; to ban their names would ban ordinary paths. */
const ordinaryFolders = ["/", "/build", "/home", "/opt", "/root", "/srv", "/tmp", "/usr/src"];

/** Files that hold what is looked for, as patterns and examples. */
const examples = ["scripts/tidy.ts", "scripts/tidy_test.ts"];

/** @param root Where the project lies; no file may mention that place. */
export function checkWords(files: SourceFile[], root: string): string[] {
  const folder = dirname(root);
  const place = ordinaryFolders.includes(folder) ? root : `${folder}/`;
  const complaints: string[] = [];
  for (const { path, text } of files) {
    if (examples.includes(path)) continue;
    text.split("\n").forEach((line, index) => {
      const where = `${path}:${index + 1}`;
      for (const [word, why] of bannedWords) {
        const found = word.exec(line);
        if (found) complaints.push(`${where}: "${found[0]}": ${why}`);
      }
      if (line.includes(place)) complaints.push(`${where}: "${place}": it is elsewhere for others`);
      if (path === "deno.lock" && /https?:/.test(line)) {
        complaints.push(`${where}: packages come from the registry that the user has configured`);
      }
    });
  }
  return complaints;
}

/** Tasks that texts speak of exist, tasks run files that exist, and CONTRIBUTING.md names them all. */
export function checkTasks(files: SourceFile[]): string[] {
  const find = (path: string) => files.find((f) => f.path === path)?.text ?? "";
  const tasks: Record<string, string> = JSON.parse(find("deno.json") || "{}").tasks ?? {};
  const complaints: string[] = [];
  for (const { path, text } of files) {
    if (examples.includes(path)) continue;
    for (const [, name] of text.matchAll(/\bdeno(?:@[\d.]+)? task ([a-z][\w:-]*)/g)) {
      if (!(name! in tasks)) complaints.push(`${path}: there is no task "${name}"`);
    }
  }
  for (const [name, command] of Object.entries(tasks)) {
    if (!find("CONTRIBUTING.md").includes(`deno task ${name}\``)) {
      complaints.push(`CONTRIBUTING.md: does not name \`deno task ${name}\``);
    }
    for (const word of command.split(" ").filter((w) => /^[a-z]\S*(\.ts|\/)$/.test(w))) {
      if (!files.some(({ path }) => path === word || word.endsWith("/") && path.startsWith(word))) {
        complaints.push(`deno.json: task ${name} uses ${word}, which does not exist`);
      }
    }
  }
  return complaints;
}

/** All files that name a version of Deno name the same one. */
export function checkDenoVersion(files: SourceFile[]): string[] {
  const users = new Map<string, string>();
  for (const { path, text } of files) {
    if (examples.includes(path)) continue;
    for (const [, version] of text.matchAll(/\bdeno@(\d[\w.-]*\w)/g)) users.set(version!, path);
  }
  if (users.size <= 1) return [];
  return [...users].map(([version, path]) => `${path}: deno@${version}, others name another`);
}

/** The anchor that a heading gets. */
function anchorOf(heading: string): string {
  const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
  return plain.replace(/[^\p{L}\p{N} _-]/gu, "").trim().replaceAll(" ", "-");
}

const withoutCode = (text: string) =>
  text.replace(/^(```+)[\s\S]*?^\1/gm, "").replace(/`[^`\n]*`/g, "");

function anchorsOf(text: string): string[] {
  const prose = text.replace(/^(```+)[\s\S]*?^\1/gm, "");
  return [...prose.matchAll(/^#{1,6} (.*)$/gm)].map(([, heading]) => anchorOf(heading!));
}

/** Links in Markdown to files of the project, and to headings in them, lead somewhere. */
export function checkLinks(files: SourceFile[], exists: (path: string) => boolean): string[] {
  const complaints: string[] = [];
  for (const { path, text } of files.filter(isMarkdown)) {
    const prose = withoutCode(text);
    const links = [...prose.matchAll(/\]\(<?([^)\s>]+)[^)]*\)|^\[[^\]]+\]:\s*(\S+)/gm)]
      .map(([, inline, reference]) => inline ?? reference!);
    for (const link of links.filter((l) => !/^[a-z]+:/.test(l))) {
      const [name, anchor] = link.split("#") as [string, string?];
      const target = name === "" ? path : join(dirname(path), decodeURI(name));
      const page = files.find((f) => f.path === target);
      if (target.startsWith("..") || !page && !exists(target)) {
        complaints.push(`${path}: the link ${link} leads nowhere`);
      } else if (anchor && page && isMarkdown(page) && !anchorsOf(page.text).includes(anchor)) {
        complaints.push(`${path}: the link ${link} leads to no heading`);
      }
    }
  }
  return complaints;
}
