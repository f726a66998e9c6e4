/**
 * From start to the first reply: the built executable, the sources, the stock daemon.
 *
 * @module
 */
import { NativeConnection } from "../native.ts";
import { median } from "../stats.ts";
import { columns, type Section, type SectionOptions } from "./names.ts";

const LOOK_MS = 1;
const PATIENCE_MS = 20_000;
const root = new URL("../../../", import.meta.url).pathname;

interface Form {
  name: string;
  words: string[];
}

export async function start({ site, tell, rounds }: SectionOptions): Promise<Section> {
  const built = site.executable ?? `${root}dist/lvmlockd`;
  const forms: Form[] = [
    ...isThere(built) ? [{ name: "one file", words: [built] }] : [],
    { name: "sources", words: [Deno.execPath(), "run", "-A", `${root}main.ts`] },
    { name: "stock", words: ["lvmlockd", "--adopt-file", `${site.directory}/adopt`] },
  ];
  const figures: Record<string, number[]> = {};
  for (const { name, words } of forms) {
    tell(`start to first reply, ${name}`);
    const times: number[] = [];
    // The first start reads files that are not in memory yet.
    await once(words, site.directory);
    for (let i = 0; i < 2 * rounds + 1; i++) times.push(await once(words, site.directory));
    figures[name] = times;
  }
  const rows = Object.entries(figures).map(([name, times]) => [
    name,
    ...[median(times), Math.min(...times), Math.max(...times)].map((ms) => ms.toFixed(0)),
  ]);
  return {
    title: "From start to the first reply (test mode), milliseconds",
    lines: columns([["", "median", "least", "most"], ...rows]),
    figures,
  };
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Milliseconds until it has answered hello. */
async function once(words: string[], base: string): Promise<number> {
  const directory = await Deno.makeTempDir({ dir: base, prefix: "start-" });
  const socket = `${directory}/native.sock`;
  const options = ["--test", "-g", "dlm", "-f", "-s", socket, "-p", `${directory}/pid`];
  const ours = words[0] !== "lvmlockd";
  const args = [...words.slice(1), ...options];
  if (ours) args.push("--api-socket", `${directory}/api.sock`);
  const begun = performance.now();
  const child = new Deno.Command(words[0]!, { args, stdout: "null", stderr: "null" }).spawn();
  try {
    await firstReply(socket);
    return performance.now() - begun;
  } finally {
    child.kill("SIGKILL");
    await child.status;
  }
}

async function firstReply(socket: string): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      using _connection = await NativeConnection.open(socket);
      return;
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((wake) => setTimeout(wake, LOOK_MS));
    }
  }
}
