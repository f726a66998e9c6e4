/**
 * A client of the native socket that asks and gets results, for tests that are about something else
 * than the protocol's bytes.
 *
 * @module
 */
import { NativeClient } from "../../ctl/native_client.ts";
import { fieldRequest, type Reply } from "../../ctl/native_text.ts";

/** No answer takes as long as this; only a test that fails waits for it. */
const PATIENCE_MS = 60_000;

export type Fields = Record<string, string | number>;

/** The fields that LVM sends with a request about a VG of the given lock args. */
export function vgFields(vgName: string, vgArgs: string): Fields {
  return { pid: Deno.pid, vg_name: vgName, vg_lock_type: "dlm", vg_lock_args: vgArgs };
}

/** One connection. Requests must not overlap. */
export class Conversation implements Disposable {
  private constructor(private readonly client: NativeClient) {}

  /** Connects and says hello. */
  static async open(path: string): Promise<Conversation> {
    return new Conversation(await NativeClient.connect(path, AbortSignal.timeout(PATIENCE_MS)));
  }

  ask(name: string, fields: Fields = {}): Promise<Reply> {
    return this.client.request(fieldRequest(name, fields));
  }

  /** The reply's `op_result`, of hello and quit `result`. */
  async result(name: string, fields: Fields = {}): Promise<number> {
    const reply = await this.ask(name, fields);
    return (reply.get("op_result") ?? reply.get("result")) as number;
  }

  lockVg(vgName: string, mode: string): Promise<number> {
    return this.result("lock_vg", { cmd: "test", ...vgFields(vgName, "none"), mode, opts: "none" });
  }

  /** A persistent LV lock. */
  lockLv(vgName: string, lvUuid: string, mode: string): Promise<number> {
    return this.result("lock_lv", {
      cmd: "test",
      ...vgFields(vgName, "none"),
      mode,
      opts: "persistent",
      lv_name: "lv",
      lv_uuid: lvUuid,
      lv_lock_args: "dlm",
    });
  }

  /** The mode in which an LV is locked here, `un` if it is not. */
  async lvMode(vgName: string, lvUuid: string): Promise<string> {
    const fields = { ...vgFields(vgName, "none"), lv_name: "lv", lv_uuid: lvUuid };
    return (await this.ask("query_lock_lv", fields)).get("mode") as string;
  }

  /** Makes lock args for a VG and starts it. */
  async startVg(vgName: string): Promise<string> {
    const made = await this.ask("init_vg", { pid: 1, vg_name: vgName, vg_lock_type: "dlm" });
    const vgArgs = made.get("vg_lock_args") as string;
    const start = {
      ...vgFields(vgName, vgArgs),
      vg_uuid: "",
      version: 1,
      host_id: 0,
      opts: "none",
    };
    const results = [await this.result("start_vg", start), await this.result("start_wait")];
    if (results.some((result) => result !== 0)) throw new Error(`${vgName}: started ${results}`);
    return vgArgs;
  }

  [Symbol.dispose](): void {
    this.client[Symbol.dispose]();
  }
}
