/**
 * Many clients of the daemon in one VG at the same time; runs on a host of a scenario. Each client has
 * an LV of its own and shares the VG lock with the others. Prints how many requests were granted, and
 * how long they took.
 *
 *     deno run -A parallel_clients.ts VG CLIENTS ROUNDS [HOST]
 *
 * @module
 */
import { NativeConnection } from "../../bench/native.ts";

const SOCKET = "/run/lvm/lvmlockd.socket";

/** One client: takes and releases its LV, sometimes with the VG lock held. Returns milliseconds. */
async function client(vgName: string, index: number, rounds: number): Promise<number[]> {
  using connection = await NativeConnection.open(SOCKET);
  const lvUuid = `paral${String.fromCharCode(97 + index)}-${
    host.padStart(4, "0")
  }-0000-0000-0000-0000-000000`;
  const times: number[] = [];
  const ask = async (request: Record<string, string>) => {
    const begun = performance.now();
    await connection.request({ cmd: "parallel", pid: Deno.pid, vg_name: vgName, ...request });
    times.push(performance.now() - begun);
  };
  const lv = (mode: string) =>
    ask({
      request: "lock_lv",
      mode,
      opts: "none",
      lv_name: `lv${index}`,
      lv_uuid: lvUuid,
      vg_lock_type: "dlm",
      lv_lock_args: "dlm",
    });
  const vg = (mode: string) => ask({ request: "lock_vg", mode, opts: "none" });
  for (let round = 0; round < rounds; round++) {
    const withVg = round % 10 === index % 10;
    if (withVg) await vg("sh");
    await lv("ex");
    await lv("un");
    if (withVg) await vg("un");
  }
  return times;
}

const [vgName = "", clients = "", rounds = "", host = "0"] = Deno.args;
const begun = performance.now();
const all = await Promise.all(
  Array.from({ length: Number(clients) }, (_, i) => client(vgName, i, Number(rounds))),
);
const ms = performance.now() - begun;
const times = all.flat().toSorted((a, b) => a - b);
const at = (part: number) => times[Math.ceil(part * times.length) - 1]!.toFixed(1);
console.log(
  `${times.length} granted in ${Math.round(ms)} ms: ${Math.round(times.length * 1000 / ms)}/s; ` +
    `p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`,
);
