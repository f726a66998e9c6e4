/**
 * Measures size, time from start to the first reply, and resident memory of the daemon in its forms,
 * beside the stock daemon:
 *
 *     deno run -A tests/package/start_bench.ts [EXECUTABLE]
 *
 * All serve without a lock manager. The figures are medians.
 *
 * @module
 */
import { Wire } from "../integration/wire.ts";
import { executables } from "./executables.ts";
import { Host, TEST_MODE } from "./host.ts";

const ROUNDS = 20;

interface Form {
  name: string;
  words: string[];
  /** Does it come back at once and serve in the background? */
  background: boolean;
}

/** The middle of some figures. */
function median(figures: number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)]! +
    sorted[Math.ceil((sorted.length - 1) / 2)]!) / 2;
}

/** Connects as soon as it can be; when the first reply is there. */
async function firstReply(socket: string): Promise<void> {
  for (;;) {
    try {
      using wire = await Wire.open(socket);
      await wire.ask('request = "hello"\n\n##\n');
      return;
    } catch {
      await new Promise((wake) => setTimeout(wake, 1));
    }
  }
}

function residentKib(pid: number): { all: number; own: number } {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)![1]);
  return { all: field("VmRSS"), own: field("RssAnon") + field("RssShmem") };
}

/** The stock daemon may need to be told more than once. */
async function end(host: Host, pid: number): Promise<void> {
  while (host.remains().length > 0) {
    try {
      Deno.kill(pid, "SIGTERM");
    } catch {
      return; // It is gone.
    }
    await new Promise((wake) => setTimeout(wake, 50));
  }
}

async function measure(host: Host, { words, background }: Form) {
  const times: number[] = [];
  const memory: { all: number; own: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const begun = performance.now();
    const child = host.sandbox.start(words);
    if (background) await child.status;
    await firstReply(host.sandbox.outside("/run/lvm/lvmlockd.socket"));
    times.push(performance.now() - begun);
    const { pid } = host;
    memory.push(residentKib(pid));
    await end(host, pid);
  }
  return {
    ms: median(times),
    all: median(memory.map(({ all }) => all)),
    own: median(memory.map(({ own }) => own)),
  };
}

const built = await Deno.realPath(Deno.args[0] ?? (await executables())[0]!.path);
const main = new URL("../../main.ts", import.meta.url).pathname;
const forms: Form[] = [
  { name: "one file, -f", words: [built, "-f", ...TEST_MODE], background: false },
  { name: "one file, background", words: [built, ...TEST_MODE], background: true },
  {
    name: "from sources, -f",
    words: [Deno.execPath(), "run", "-A", main, "-f", ...TEST_MODE],
    background: false,
  },
  { name: "stock, -f", words: ["/sbin/lvmlockd", "-f", ...TEST_MODE], background: false },
];

await using host = await Host.open({ way: "launcher", path: built });
console.log(`${built}: ${(await Deno.stat(built)).size} bytes`);
for (const form of forms) {
  const { ms, all, own } = await measure(host, form);
  const figures = `${ms.toFixed(0)} ms, ${all} KiB resident, ${own} KiB of it not file pages`;
  console.log(`${form.name}: ${figures}`);
}
