/**
 * Builds, with the system's C compiler, the library that stands for the IDM lock manager in tests, and
 * a program that makes calls of it.
 *
 * @module
 */

/** The name by which programs find the library. */
export const LIBRARY = "libseagate_ilm.so.0";

const sources = new URL("double/", import.meta.url).pathname;
const flags = "-std=gnu11 -O1 -g -Wall -Wextra -Werror -pthread".split(" ");

/** Runs the C compiler. @throws with what it said if it is not content. */
export async function compile(args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("cc", { args: [...flags, ...args] }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

const filesOf = (directory: string) =>
  [...Deno.readDirSync(directory)].map(({ name }) => `${directory}/${name}`)
    .filter((path) => path.endsWith(".c")).sort();

async function buildLibrary(to: string): Promise<void> {
  await compile([
    ..."-fPIC -shared -fvisibility=hidden".split(" "),
    // Its threads go on when a program has closed it.
    ...[`-soname,${LIBRARY}`, "-z,nodelete", "-z,defs"].map((option) => `-Wl,${option}`),
    ...["-o", `${to}/${LIBRARY}`, ...filesOf(sources), "-lm"],
  ]);
}

let built: Promise<string> | undefined;

/** The directory with the library and the program `driver`, built when it is first needed. */
export function buildDouble(): Promise<string> {
  built ??= build();
  return built;
}

async function build(): Promise<string> {
  const directory = await Deno.makeTempDir({ prefix: "idm-double-" });
  globalThis.addEventListener("unload", () => Deno.removeSync(directory, { recursive: true }));
  await buildLibrary(directory);
  await buildDriver(directory);
  return directory;
}

/** The program `driver`, for the library beside it. */
async function buildDriver(directory: string): Promise<void> {
  const main = new URL("driver/main.c", import.meta.url).pathname;
  const library = ["-L", directory, `-l:${LIBRARY}`, "-Wl,-rpath,$ORIGIN"];
  await compile([`-I${sources}`, "-o", `${directory}/driver`, main, ...library]);
}
