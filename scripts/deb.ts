/**
 * Makes a Debian package of what `deno task build` has made: dist/lvmlockd_VERSION_ARCHITECTURE.deb.
 * The same commit and executable give the same bytes.
 *
 *     deno task deb               compressed as usual
 *     deno task deb --fast        hardly compressed, for a test
 *     deno task deb --out DIRECTORY
 *
 * The package takes the place of lvm2-lockd and has its paths, /sbin and /lib/systemd/system: dpkg
 * takes the same file under another name of its directory for another file, and would remove ours
 * together with that package. The environment can name other places, as for `deno task install`, and
 * another executable. SOURCE_DATE_EPOCH is the time of all files, else that of the last commit.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { install, type InstallOptions, optionsFrom } from "./install.ts";

const root = join(import.meta.dirname!, "..");
const packaging = join(root, "packaging/debian");
/** DEBFULLNAME and DEBEMAIL, as Debian's own tools read them. */
const MAINTAINER = `${Deno.env.get("DEBFULLNAME") || "the lvmlockd-deno authors"} ` +
  `<${Deno.env.get("DEBEMAIL") || "lvmlockd@localhost.localdomain"}>`;
const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** Places of Debian 12 and of lvm2-lockd in it. */
const debianPlaces: Record<string, string> = {
  sbindir: "/sbin",
  unitdir: "/lib/systemd/system",
  DESTDIR: "",
};

interface Settings {
  out: string;
  fast: boolean;
  /** Seconds since the epoch. */
  epoch: number;
  options: InstallOptions;
}

/** Builds the package. Returns its path. */
export async function makeDeb({ out, fast, epoch, options }: Settings): Promise<string> {
  const tree = await Deno.makeTempDir({ prefix: "lvmlockd-deb-" });
  try {
    const architecture = (await output(["dpkg", "--print-architecture"])).trim();
    const version = versionOf(Deno.readTextFileSync(join(root, "core/version.ts")));
    Deno.chmodSync(tree, 0o755);
    install({ ...options, destdir: tree }, ["lvmlockd", "lvmlockctl"]);
    addDocuments(tree, version, epoch, options.places);
    addControl(tree, { version, architecture });
    for (const path of everything(tree)) settle(path, epoch);
    const path = join(out, `lvmlockd_${version}_${architecture}.deb`);
    Deno.mkdirSync(out, { recursive: true });
    const compression = fast ? ["-Zgzip", "-z1"] : ["-Zxz", "--threads-max=1"];
    await output(
      ["dpkg-deb", "--root-owner-group", ...compression, "--build", tree, path],
      { SOURCE_DATE_EPOCH: String(epoch) },
    );
    return path;
  } finally {
    await Deno.remove(tree, { recursive: true });
  }
}

function versionOf(source: string): string {
  const version = /VERSION = "([^"]+)"/.exec(source)?.[1];
  if (version === undefined) throw new Error("core/version.ts has no version");
  return version.replace("-", "~");
}

/** Manuals are compressed; changelog, copyright and what lintian knows. */
function addDocuments(
  tree: string,
  version: string,
  epoch: number,
  { mandir, datadir }: InstallOptions["places"],
): void {
  for (const { name } of [...Deno.readDirSync(`${tree}${mandir}/man8`)]) {
    const path = `${tree}${mandir}/man8/${name}`;
    compress(`${path}.gz`, Deno.readFileSync(path));
    Deno.removeSync(path);
  }
  const doc = `${tree}${datadir}/doc/lvmlockd`;
  Deno.mkdirSync(doc, { recursive: true });
  compress(`${doc}/changelog.gz`, new TextEncoder().encode(changelog(version, epoch)));
  compress(`${doc}/CHANGELOG.md.gz`, Deno.readFileSync(join(root, "CHANGELOG.md")));
  const license = Deno.readTextFileSync(join(root, "LICENSE"));
  Deno.writeTextFileSync(`${doc}/copyright`, license);
  const overrides = `${tree}${datadir}/lintian/overrides`;
  Deno.mkdirSync(overrides, { recursive: true });
  Deno.copyFileSync(join(packaging, "lintian-overrides"), `${overrides}/lvmlockd`);
}

/** Without a time and a name in it. */
function compress(path: string, content: Uint8Array): void {
  Deno.writeFileSync(path, gzipSync(content, { level: 9 }));
}

function changelog(version: string, epoch: number): string {
  const date = new Date(epoch * 1000);
  const two = (n: number) => String(n).padStart(2, "0");
  const day = `${DAYS[date.getUTCDay()]}, ${two(date.getUTCDate())}`;
  const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(":");
  const when = `${day} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()} ${time} +0000`;
  return `lvmlockd (${version}) unstable; urgency=medium\n\n` +
    `  * See CHANGELOG.md.\n\n -- ${MAINTAINER}  ${when}\n`;
}

function addControl(tree: string, about: { version: string; architecture: string }): void {
  const files = everything(tree).filter((path) => Deno.lstatSync(path).isFile);
  const sums = files.map((path) => {
    const sum = createHash("md5").update(Deno.readFileSync(path)).digest("hex");
    return `${sum}  ${path.slice(tree.length + 1)}\n`;
  });
  const bytes = files.reduce((total, path) => total + Deno.lstatSync(path).size, 0);
  const words: Record<string, string> = {
    ...about,
    maintainer: MAINTAINER,
    size: String(Math.ceil(bytes / 1024)),
  };
  const control = Deno.readTextFileSync(join(packaging, "control"))
    .replace(/@(\w+)@/g, (_, name) => words[name] ?? "");
  Deno.mkdirSync(`${tree}/DEBIAN`);
  Deno.writeTextFileSync(`${tree}/DEBIAN/control`, control);
  Deno.writeTextFileSync(`${tree}/DEBIAN/md5sums`, sums.sort().join(""));
  const configs = files.map((path) => path.slice(tree.length)).filter((path) =>
    /^\/etc\//.test(path)
  );
  Deno.writeTextFileSync(`${tree}/DEBIAN/conffiles`, configs.map((path) => `${path}\n`).join(""));
  for (const script of ["postinst", "prerm", "postrm"]) {
    Deno.copyFileSync(join(packaging, script), `${tree}/DEBIAN/${script}`);
    Deno.chmodSync(`${tree}/DEBIAN/${script}`, 0o755);
  }
}

/** Every path below a directory, and it itself, deepest first. */
function everything(directory: string): string[] {
  const inside = [...Deno.readDirSync(directory)].flatMap(({ name, isDirectory }) => {
    const path = `${directory}/${name}`;
    return isDirectory ? everything(path) : [path];
  });
  return [...inside, directory];
}

/** Permissions that do not depend on the umask, and one time for all. */
function settle(path: string, epoch: number): void {
  const { isSymlink, isDirectory, mode } = Deno.lstatSync(path);
  if (isSymlink) return; // dpkg-deb sets its time
  Deno.chmodSync(path, isDirectory || (mode ?? 0) & 0o100 ? 0o755 : 0o644);
  Deno.utimeSync(path, epoch, epoch);
}

async function output(words: string[], env: Record<string, string> = {}): Promise<string> {
  const [command, ...args] = words;
  const result = await new Deno.Command(command!, { args, env, cwd: root, stderr: "inherit" })
    .output();
  if (!result.success) throw new Error(`${words.join(" ")} failed`);
  return new TextDecoder().decode(result.stdout);
}

/** Runs the command line. Returns the exit code. */
export async function main(args: string[]): Promise<number> {
  const { out, fast } = parseArgs(args, {
    string: ["out"],
    boolean: ["fast"],
    default: { out: join(root, "dist") },
  });
  const options = optionsFrom((name) => Deno.env.get(name) || debianPlaces[name]);
  const epoch = Number(
    Deno.env.get("SOURCE_DATE_EPOCH") || await output(["git", "log", "-1", "--format=%ct"]),
  );
  try {
    console.log(await makeDeb({ out: resolve(String(out)), fast: fast === true, epoch, options }));
    return 0;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.error(`${error.message}\nRun deno task build first, on a host with dpkg-deb`);
    return 1;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
