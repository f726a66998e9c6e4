/**
 * Lint plugin: who may import whom. `deno lint` loads it (see `lint.plugins` in deno.json) and
 * reports every import that crosses a border, with the reason for that border. To move a border,
 * change one of the two tables below and the layer table in CONTRIBUTING.md.
 *
 * @module
 */
import { dirname, join, relative } from "node:path/posix";

/** A group of files and the project files it may import. The first layer that matches a file rules. */
interface Layer {
  /** Globs: `*` stays within one folder, `**` crosses folders. */
  files: string[];
  /**
   * Globs as above. `type ` in front allows types only, `!` takes back what an earlier entry
   * allowed, and `{own}` is the importing file's second folder.
   */
  may: string[];
  /** Completes the sentence "A may not import B: …". */
  why: string;
}

/** Packages from deno.json (or built in) and the files that may import them. */
interface PackageRule {
  names: string[];
  files: string[];
  why: string;
}

/** Files that the product never runs. They may import anything. */
const testFiles = ["tests/**", "**/*_test.ts"];
const vocabulary = ["core/types.ts", "core/errno.ts"];
const log = "core/log*.ts";
const os = "core/os/**";

/** Test files are not in the table: they may import anything, and nothing imports them. */
export const layers: Layer[] = [
  {
    files: ["main.ts", "core/daemon.ts", "core/managers.ts"],
    may: ["core/**", "backends/**", "ctl/**", "wasm/**", "deno.json"],
    why: "the daemon is put together from product code alone",
  },
  {
    files: ["wasm/**"],
    may: ["wasm/**"],
    why: "the lock table is pure: all it knows comes in through its inbox",
  },
  {
    files: ["core/native/**"],
    may: ["core/native/**", ...vocabulary, "core/service.ts", log, os],
    why: "a front end knows the service it was given, not the engine, a backend or its sibling",
  },
  {
    files: ["core/api/**"],
    may: ["core/api/**", ...vocabulary, "core/service.ts", log, os],
    why: "a front end knows the service it was given, not the engine, a backend or its sibling",
  },
  {
    files: ["core/adoption/**"],
    may: [
      "core/adoption/**",
      ...vocabulary,
      "core/service.ts",
      log,
      os,
      "type backends/lock_manager.ts",
    ],
    why: "adoption asks the service as any client does; it knows lock managers by their interface",
  },
  {
    files: [os],
    may: [os, ...vocabulary],
    why: "calls to the operating system know nothing of the daemon that makes them",
  },
  {
    files: [log],
    may: [log, os],
    why: "everything logs, so the log may depend on nothing",
  },
  {
    files: [...vocabulary, "core/service.ts"],
    may: [...vocabulary, "core/service.ts"],
    why: "the shared vocabulary stands below everything else",
  },
  {
    files: ["core/dispatcher.ts", "core/lm_calls.ts", "core/engine.ts"],
    may: [
      "core/*.ts",
      "!core/daemon.ts",
      "!core/managers.ts",
      os,
      "type backends/lock_manager.ts",
      "wasm/lock_table.wasm",
    ],
    why: "the host sees lock managers through their interface and front ends not at all",
  },
  {
    files: ["core/*.ts"],
    may: ["core/*.ts", "!core/daemon.ts", "!core/managers.ts", os, "deno.json"],
    why: "only the daemon's entry knows front ends and backends",
  },
  {
    files: ["backends/lock_manager.ts"],
    may: ["type core/types.ts"],
    why: "the interface of the backends depends on the vocabulary only",
  },
  {
    files: ["backends/*.ts"],
    may: ["backends/*.ts", ...vocabulary, log],
    why: "what the backends share knows none of them",
  },
  {
    files: ["backends/*/**"],
    may: ["backends/{own}/**", "backends/*.ts", "!backends/registry.ts", ...vocabulary, log],
    why: "a backend knows its lock manager only, no other backend and not the host",
  },
  {
    files: ["ctl/**"],
    may: [
      "ctl/**",
      ...vocabulary,
      "type core/api/**",
      "core/api/client*.ts",
      "core/api/types*.ts",
      os,
    ],
    why: "the command line talks to the daemon through its socket, not through its code",
  },
  {
    files: ["scripts/**"],
    may: ["scripts/**", "deno.json"],
    why: "the project's tools work on the product from outside",
  },
];

export const packageRules: PackageRule[] = [
  {
    names: ["hono", "hono/**", "@hono/**", "zod"],
    files: ["core/api/**", "ctl/**"],
    why: "HTTP is the business of the API and its client",
  },
  {
    names: ["@logtape/*"],
    files: [log],
    why: "the rest of the daemon logs through core/log*.ts, so that the logger can be replaced",
  },
  {
    names: ["assemblyscript/*"],
    files: ["scripts/**"],
    why: "the compiler is needed to build, never to run",
  },
  {
    names: ["acorn", "fast-check", "@std/assert"],
    files: [],
    why: "it belongs to tests",
  },
  {
    names: ["@std/cli/*"],
    files: ["main.ts", "core/*.ts", "ctl/**", "scripts/**"],
    why: "arguments are read by programs, not by libraries",
  },
  {
    names: ["node:**"],
    files: ["main.ts", "core/**", "backends/**", "ctl/**", "scripts/**"],
    why: "the lock table is pure: all it knows comes in through its inbox",
  },
];

const root = join(import.meta.dirname!, "..");

/** Turns a glob of the tables into a pattern for whole paths. */
function globPattern(glob: string): RegExp {
  const source = glob.split(/(\*\*\/|\*\*|\*)/).map((part) => {
    if (part === "**/") return "(?:.*/)?";
    if (part === "**") return ".*";
    if (part === "*") return "[^/]*";
    return part.replace(/[.+?^${}()|[\]\\]/g, "\\$&");
  });
  return new RegExp(`^${source.join("")}$`);
}

const matches = (path: string, globs: string[]) => globs.some((g) => globPattern(g).test(path));

/** Does the list of a layer allow `target`? The last entry that matches decides. */
function allows(may: string[], own: string, target: string, typeOnly: boolean): boolean {
  let allowed = false;
  for (const entry of may) {
    const [, prefix, glob] = /^(type |!)?(.*)$/.exec(entry)!;
    if (!globPattern(glob!.replace("{own}", own)).test(target)) continue;
    if (prefix === "!") allowed = false;
    else if (prefix === undefined || typeOnly) allowed = true;
  }
  return allowed;
}

function refuseFile(file: string, target: string, typeOnly: boolean): string | undefined {
  if (target.startsWith("..")) return "only files of this project may be imported";
  if (matches(file, testFiles)) return undefined;
  if (matches(target, testFiles)) return "nothing the product runs may depend on test code";
  const layer = layers.find((l) => matches(file, l.files));
  if (!layer) return "its folder has no row in the table of scripts/lint_layers.ts";
  const own = file.split("/")[1] ?? "";
  if (allows(layer.may, own, target, typeOnly)) return undefined;
  if (!typeOnly && allows(layer.may, own, target, true)) {
    return "only its types may be imported here (write `import type`)";
  }
  return layer.why;
}

function refusePackage(file: string, name: string): string | undefined {
  if (matches(file, testFiles)) return undefined;
  const rule = packageRules.find((r) => matches(name, r.names));
  if (!rule) return "it has no row in the package table of scripts/lint_layers.ts";
  return matches(file, rule.files) ? undefined : rule.why;
}

/**
 * Judges one import.
 *
 * @param file Importing file, relative to the project's root.
 * @param specifier The text between the quotes.
 * @param typeOnly Whether nothing of it is left when the program runs.
 * @returns The complaint, or undefined if the import is allowed.
 */
export function judge(file: string, specifier: string, typeOnly: boolean): string | undefined {
  const isFile = /^(\.{0,2}\/|file:)/.test(specifier);
  const path = specifier.replace(/^file:\/\//, "");
  const target = !isFile
    ? specifier
    : path.startsWith("/")
    ? relative(root, path)
    : join(dirname(file), path);
  const why = isFile ? refuseFile(file, target, typeOnly) : refusePackage(file, target);
  return why && `${file} may not import ${target}: ${why}`;
}

type ImportNode =
  | Deno.lint.ImportDeclaration
  | Deno.lint.ExportNamedDeclaration
  | Deno.lint.ExportAllDeclaration
  | Deno.lint.ImportExpression
  | Deno.lint.TSImportType
  | Deno.lint.TSExternalModuleReference;

/** The specifier of an import, `undefined` if there is none, `null` if it is computed. */
function specifierOf(node: ImportNode): string | null | undefined {
  if (node.type === "ExportNamedDeclaration" && !node.source) return undefined;
  const source = node.type === "TSImportType"
    ? node.argument
    : node.type === "TSExternalModuleReference"
    ? node.expression
    : node.source;
  const literal = source?.type === "TSLiteralType" ? source.literal : source;
  if (literal?.type === "Literal" && typeof literal.value === "string") return literal.value;
  if (literal?.type === "TemplateLiteral" && literal.quasis.length === 1) {
    return literal.quasis[0]!.cooked;
  }
  return null;
}

function isTypeOnly(node: ImportNode): boolean {
  switch (node.type) {
    case "TSImportType":
      return true;
    case "ImportDeclaration":
      return node.importKind === "type" || node.specifiers.length > 0 &&
          node.specifiers.every((s) => s.type === "ImportSpecifier" && s.importKind === "type");
    case "ExportNamedDeclaration":
      return node.exportKind === "type" || node.specifiers.length > 0 &&
          node.specifiers.every((s) => s.exportKind === "type");
    case "ExportAllDeclaration":
      return node.exportKind === "type";
    default:
      return false;
  }
}

const plugin: Deno.lint.Plugin = {
  name: "layers",
  rules: {
    imports: {
      create(context) {
        const file = context.filename.startsWith("/")
          ? relative(root, context.filename)
          : context.filename;
        if (file.startsWith("..")) return {};
        const check = (node: ImportNode) => {
          const specifier = specifierOf(node);
          if (specifier === undefined) return;
          const message = specifier !== null
            ? judge(file, specifier, isTypeOnly(node))
            : matches(file, testFiles)
            ? undefined
            : `${file} may not import a computed name: it could be anything`;
          if (message) context.report({ node, message, hint: "See scripts/lint_layers.ts" });
        };
        return {
          ImportDeclaration: check,
          ExportNamedDeclaration: check,
          ExportAllDeclaration: check,
          ImportExpression: check,
          TSImportType: check,
          TSExternalModuleReference: check,
        };
      },
    },
  },
};
export default plugin;
