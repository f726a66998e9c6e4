/**
 * A shared VG as a client of one host's native socket sees it: the requests that LVM makes about it,
 * with the fields that it sends.
 *
 * @module
 */
import type { Conversation, Fields } from "../integration/conversation.ts";
import type { Reply } from "../../ctl/native_text.ts";
import type { LvmHost } from "./daemon_hosts.ts";

/** Result of an exclusive or shared lock that another host has: EAGAIN. */
export const HELD = -11;

/** The UUID of the LV with this number, in every VG. */
export function lvUuid(number: number): string {
  return `LLLLLL-LLLL-LLLL-LLLL-LLLL-LLLL-LL${String(number).padStart(4, "0")}`;
}

/** What the reply to a lock says about who has it: `host 2 (host2) LIVE`. */
export function ownerOf(reply: Reply): string {
  const [id, name, state] = ["host_id", "name", "state"].map((key) => reply.get(`owner_${key}`));
  return `host ${id} (${name}) ${state}`;
}

export function resultOf(reply: Reply): number {
  return reply.get("op_result") as number;
}

/** A VG and the file that holds its leases. */
export class SharedVg implements Disposable {
  readonly #clients: VgClient[] = [];
  /** Lock args by number of the LV, as init_lv made them on whichever host. */
  readonly lvArgs = new Map<number, string>();
  /** Lock args of the VG, as init_vg makes them. */
  args = "1.0.0:lvmlock";

  constructor(readonly name: string, readonly path: string, private readonly hosts: LvmHost[]) {}

  /** A new connection to the daemon of host `number`, closed with the VG at the latest. */
  async client(number: number): Promise<VgClient> {
    const client = new VgClient(await this.hosts[number - 1]!.connect(), this);
    this.#clients.push(client);
    return client;
  }

  /** Formats the leases and starts the VG on `count` hosts; a client of each. */
  async started(count: number, initOptions = "none"): Promise<VgClient[]> {
    const numbers = Array.from({ length: count }, (_, i) => i + 1);
    const clients = await Promise.all(numbers.map((number) => this.client(number)));
    const made = await clients[0]!.initVg({ opts: initOptions });
    if (resultOf(made) !== 0) throw new Error(`init_vg ${this.name}: ${resultOf(made)}`);
    const results = await Promise.all(clients.map((client) => client.start()));
    if (results.some((result) => result !== 0)) throw new Error(`start ${this.name}: ${results}`);
    return clients;
  }

  [Symbol.dispose](): void {
    for (const client of this.#clients) client[Symbol.dispose]();
  }
}

/** One client of one host. Requests must not overlap. */
export class VgClient implements Disposable {
  constructor(readonly conversation: Conversation, readonly vg: SharedVg) {}

  ask(name: string, fields: Fields = {}): Promise<Reply> {
    const about = { cmd: "test", pid: Deno.pid, vg_name: this.vg.name, vg_lock_type: "sanlock" };
    return this.conversation.ask(name, { ...about, vg_lock_args: this.vg.args, ...fields });
  }

  async result(name: string, fields: Fields = {}): Promise<number> {
    return resultOf(await this.ask(name, fields));
  }

  /** Makes leases; the request carries the bare name of the LV that holds them. */
  initVg(fields: Fields = {}): Promise<Reply> {
    return this.ask("init_vg", { vg_lock_args: "lvmlock", opts: "none", ...fields });
  }

  /** Starts the VG and waits until it is joined. */
  start(fields: Fields = {}): Promise<number> {
    return this.result("start_vg", {
      vg_uuid: "VVVVVV-VVVV-VVVV-VVVV-VVVV-VVVV-VVVVVV",
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

  /** The VG lock. */
  lock(mode: string, fields: Fields = {}): Promise<number> {
    return this.result("lock_vg", { mode, opts: "none", ...fields });
  }

  /** Makes a lease for an LV, as lvcreate does; its result. */
  async initLv(number: number, fields: Fields = {}): Promise<number> {
    const reply = await this.ask("init_lv", { ...this.lvFields(number), ...fields });
    const made = reply.get("lv_lock_args") as string;
    if (resultOf(reply) === 0) this.vg.lvArgs.set(number, made);
    return resultOf(reply);
  }

  /** The lock of an LV, persistent if not said otherwise. */
  lv(number: number, mode: string, fields: Fields = {}): Promise<number> {
    return this.result("lock_lv", { ...this.lvLock(number), mode, ...fields });
  }

  askLv(number: number, mode: string, fields: Fields = {}): Promise<Reply> {
    return this.ask("lock_lv", { ...this.lvLock(number), mode, ...fields });
  }

  freeLv(number: number): Promise<number> {
    return this.result("free_lv", this.lvLock(number));
  }

  private lvLock(number: number): Fields {
    const lv_lock_args = this.vg.lvArgs.get(number) ?? "none";
    return { ...this.lvFields(number), lv_lock_args, opts: "persistent" };
  }

  private lvFields(number: number): Fields {
    return { lv_name: `lv${number}`, lv_uuid: lvUuid(number) };
  }

  [Symbol.dispose](): void {
    this.conversation[Symbol.dispose]();
  }
}
