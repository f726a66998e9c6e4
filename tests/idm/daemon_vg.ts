/**
 * A shared VG as a client of one host's native socket sees it: the requests that LVM makes about it,
 * with the fields that it sends.
 *
 * @module
 */
import type { Reply } from "../../ctl/native_text.ts";
import type { Conversation, Fields } from "../integration/conversation.ts";
import type { IdmHost, IdmHosts } from "./daemon_hosts.ts";
import type { MutexState } from "./drive_file.ts";

/** EAGAIN: another host has it. */
export const HELD = -11;

export function resultOf(reply: Reply): number {
  return reply.get("op_result") as number;
}

const bare = (uuid: string) => uuid.replaceAll("-", "");

/** A UUID in LVM's format that is made of a word and dots of one letter. */
function uuidOf(word: string, letter: string): string {
  const text = word.replace(/[^0-9A-Za-z]/g, "").slice(0, 32).padStart(32, letter);
  return text.replace(/^(.{6})(.{4})(.{4})(.{4})(.{4})(.{4})(.{6})$/, "$1-$2-$3-$4-$5-$6-$7");
}

/** The UUID of the LV with this number, in every VG. */
export function lvUuid(number: number): string {
  return uuidOf(`${number}`, "L");
}

/** The fields by which LVM names PVs. */
export function pvFields(paths: string[]): Fields {
  const fields: Fields = {};
  for (let i = paths.length - 1; i >= 0; i--) fields[`path[${i}]`] = paths[i]!;
  return paths.length === 0 ? fields : { ...fields, path_num: paths.length };
}

export class IdmVg implements Disposable {
  readonly uuid: string;
  readonly #clients: VgClient[] = [];

  constructor(
    readonly name: string,
    private readonly hosts: IdmHosts,
    readonly drives: string[],
  ) {
    this.uuid = uuidOf(name, "V");
  }

  /** Where its PVs are: the first partitions of its drives. */
  get paths(): string[] {
    return this.drives.map((drive) => `/dev/${drive}1`);
  }

  /** A new connection to the daemon of host `number`, closed with the VG at the latest. */
  async client(number: number): Promise<VgClient> {
    const host = this.hosts.host(number);
    const client = new VgClient(await host.connect(), this, host);
    this.#clients.push(client);
    return client;
  }

  /** Starts the VG on the hosts 1 to `count`; a client of each. */
  async started(count: number): Promise<VgClient[]> {
    const numbers = Array.from({ length: count }, (_, i) => i + 1);
    const clients = await Promise.all(numbers.map((number) => this.client(number)));
    const results = await Promise.all(clients.map((client) => client.start()));
    if (results.some((result) => result !== 0)) throw new Error(`start ${this.name}: ${results}`);
    return clients;
  }

  /** What a drive has about the VG's lock. */
  mutex(drive: string): MutexState | undefined {
    return this.hosts.world.mutex(drive, bare(this.uuid));
  }

  /** The name of the mutex of an LV. */
  lvId(number: number): string {
    return bare(this.uuid) + bare(lvUuid(number));
  }

  /** What a drive has about the lock of an LV. */
  lvMutex(drive: string, number: number): MutexState | undefined {
    return this.hosts.world.mutex(drive, this.lvId(number));
  }

  [Symbol.dispose](): void {
    for (const client of this.#clients) client[Symbol.dispose]();
  }
}

/** One client of one host. Requests must not overlap. */
export class VgClient implements Disposable {
  constructor(
    readonly conversation: Conversation,
    readonly vg: IdmVg,
    readonly host: IdmHost,
  ) {}

  ask(name: string, fields: Fields = {}): Promise<Reply> {
    const about = { cmd: "test", pid: Deno.pid, vg_name: this.vg.name, vg_lock_type: "idm" };
    return this.conversation.ask(name, { ...about, vg_lock_args: "none", ...fields });
  }

  async result(name: string, fields: Fields = {}): Promise<number> {
    return resultOf(await this.ask(name, fields));
  }

  /** Starts the VG and waits until it is joined. */
  start(fields: Fields = {}, paths = this.vg.paths): Promise<number> {
    return this.result("start_vg", {
      ...pvFields(paths),
      vg_uuid: this.vg.uuid,
      version: 1,
      host_id: 0,
      opts: "wait",
      ...fields,
    });
  }

  stop(): Promise<number> {
    return this.result("stop_vg");
  }

  /** The global lock. */
  gl(mode: string, fields: Fields = {}): Promise<number> {
    return this.result("lock_gl", { mode, opts: "none", ...fields });
  }

  /** The VG lock; LVM mostly says no lock type. */
  lock(mode: string, fields: Fields = {}): Promise<number> {
    return this.result("lock_vg", { mode, opts: "none", vg_lock_type: "none", ...fields });
  }

  /** Takes the VG's lock, tells of a new version of its metadata, and releases it. */
  async change(version: number): Promise<number[]> {
    return [
      await this.lock("ex"),
      await this.result("vg_update", { version }),
      await this.lock("un"),
    ];
  }

  /** The lock of an LV, persistent if not said otherwise. */
  lv(number: number, mode: string, fields: Fields = {}): Promise<number> {
    return this.askLv(number, mode, fields).then(resultOf);
  }

  askLv(number: number, mode: string, fields: Fields = {}, paths = this.vg.paths): Promise<Reply> {
    return this.ask("lock_lv", {
      ...pvFields(paths),
      lv_name: `lv${number}`,
      lv_uuid: lvUuid(number),
      lv_lock_args: "idm",
      opts: "persistent",
      mode,
      ...fields,
    });
  }

  /** The mode in which an LV is locked here, `un` if it is not. */
  async lvMode(number: number): Promise<string> {
    const reply = await this.ask("query_lock_lv", {
      lv_name: `lv${number}`,
      lv_uuid: lvUuid(number),
    });
    return reply.get("mode") as string;
  }

  [Symbol.dispose](): void {
    this.conversation[Symbol.dispose]();
  }
}
