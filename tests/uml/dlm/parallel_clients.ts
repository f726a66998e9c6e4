/**
 * Many clients of the daemon in one VG at the same time; runs on a host of a scenario. Each client has
 * an LV of its own and shares the VG lock with the others. Prints how many requests were granted.
 *
 *     deno run -A parallel_clients.ts VG CLIENTS ROUNDS
 *
 * @module
 */
import { NativeConnection } from "../../bench/native.ts";

const SOCKET = "/run/lvm/lvmlockd.socket";

/** One client: takes, converts and releases its LV, sometimes with the VG lock held. */
async function client(vgName: string, index: number, rounds: number): Promise<number> {
  using connection = await NativeConnection.open(SOCKET);
  const lvUuid = `paral${String.fromCharCode(97 + index)}-0000-0000-0000-0000-0000-000000`;
  let granted = 0;
  const ask = async (request: Record<string, string>) => {
    await connection.request({ cmd: "parallel", pid: Deno.pid, vg_name: vgName, ...request });
    granted++;
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
  return granted;
}

const [vgName = "", clients = "", rounds = ""] = Deno.args;
const begun = performance.now();
const granted = await Promise.all(
  Array.from({ length: Number(clients) }, (_, i) => client(vgName, i, Number(rounds))),
);
const total = granted.reduce((sum, count) => sum + count, 0);
console.log(`${total} granted in ${Math.round(performance.now() - begun)} ms`);
