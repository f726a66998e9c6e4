/**
 * Makes scripts: weighted random walks over the whole native vocabulary, in which lock conflicts,
 * queues, conversions and the interplay of transient and persistent locks are frequent.
 *
 * The generator keeps a rough idea of who may hold what, only to keep most clients moving: locks are
 * mostly taken in one global order, so that clients wait for each other but rarely in a circle.
 *
 * @module
 */
import { Prng } from "./prng.ts";
import * as make from "./requests.ts";
import type { Target, Vg } from "./requests.ts";
import { type Chunking, chunkings, type Fields, type Guard, type Script } from "./script.ts";
import { type Step, type Style, styles } from "./script.ts";
import { Ideas, targetKey } from "./ideas.ts";
import { spoil, spoiledNoise, strangeVgNames } from "./spoil.ts";

export interface Size {
  /** How many clients, 1 to 64. */
  clients: number;
  /** Steps for each client on average. */
  requests: number;
}

const commands = ["lvcreate", "lvremove", "vgs", "vgchange", "lvchange", "pvcreate", "lvextend"];

class Walk {
  readonly steps: Step[] = [];
  readonly #random: Prng;
  readonly #size: Size;
  readonly #vgs: Vg[];
  readonly #lvs: number;
  readonly #ideas = new Ideas();
  #version = 1;

  constructor(seed: number, size: Size, base: Script["base"]) {
    this.#random = new Prng(seed);
    this.#size = size;
    this.#vgs = this.#chooseVgs(base);
    this.#lvs = 4 + this.#random.below(5);
  }

  #chooseVgs(base: Script["base"]): Vg[] {
    const vgs = [make.dlmVg("va", 1), make.dlmVg("vb", 2)];
    if (base === "sanlock") vgs[0] = make.sanlockVg("base", 9);
    if (this.#random.chance(0.15)) vgs.push(make.dlmVg(this.#random.pick(strangeVgNames), 3));
    else if (this.#random.chance(0.4)) vgs.push(make.dlmVg("vc-c", 3));
    return vgs;
  }

  run(): Step[] {
    for (const vg of this.#vgs) {
      if (vg.lockType === "sanlock") continue;
      if (this.#random.chance(0.9)) this.#send(0, make.startRequest(vg, "none"));
      else this.#ideas.end(vg);
    }
    const total = this.#size.clients * this.#size.requests;
    while (this.steps.length < total) this.#oneStep();
    return this.steps;
  }

  /** A client that can act, or now and then any. */
  #client(): number {
    const all = Array.from({ length: this.#size.clients }, (_, i) => i);
    const free = all.filter((client) => !this.#ideas.waits(client));
    return this.#random.pick(free.length === 0 || this.#random.chance(0.02) ? all : free);
  }

  /** True in the last tenth, where steps are allowed that may end the comparison. */
  get #late(): boolean {
    return this.steps.length > this.#size.clients * this.#size.requests * 0.9;
  }

  #oneStep(): void {
    const client = this.#client();
    if (this.#ideas.waiting > this.#size.clients * 0.4 && this.#random.chance(0.6)) {
      return this.#relieve(client);
    }
    if (this.#random.chance(0.15) && this.#restart(client)) return;
    const act = this.#random.weighted<(client: number) => void>([
      [48, (c) => this.#lock(c)],
      [24, (c) => this.#unlock(c)],
      [3, (c) => this.#close(c)],
      [5, (c) => this.#update(c)],
      [5, (c) => this.#query(c)],
      [3, (c) => this.#freeLv(c)],
      [2, (c) => this.#lifecycle(c)],
      [3, (c) => this.#chore(c)],
      [2, (c) => this.#strange(c)],
      [1, () => this.steps.push({ kind: "info" })],
    ]);
    act(client);
  }

  /** Unlocks something that others wait for. */
  #relieve(client: number): void {
    const obstacles = this.#ideas.obstacles();
    if (obstacles.length === 0) return this.#close(this.#random.below(this.#size.clients));
    const { target, client: holder } = this.#random.pick(obstacles);
    if (holder === undefined) return this.#sendUnlock(client, target, "persistent");
    if (this.#random.chance(0.15)) return this.#close(holder);
    this.#sendUnlock(holder, target, "none");
  }

  /** Brings back a VG that is stopped or killed; false if there is none. */
  #restart(client: number): boolean {
    const [killed] = this.#ideas.killed;
    const [stopped] = this.#ideas.stopped;
    if (killed !== undefined) {
      this.#ideas.end(killed);
      this.#send(client, make.namedRequest("drop_vg", killed));
    } else if (stopped !== undefined) {
      this.#ideas.stopped.delete(stopped);
      const opts = this.#random.pick(["none", "none", "start_init", "wait", "nodelay,"]);
      this.#send(client, make.startRequest(stopped, opts, this.#version));
    }
    return (killed ?? stopped) !== undefined;
  }

  #send(client: number, fields: Fields, guard?: Guard): void {
    const step: Step = { kind: "send", client, fields };
    if (this.#random.chance(0.1)) step.style = this.#random.pick<Style>(styles);
    if (this.#random.chance(0.06)) step.chunking = this.#random.pick<Chunking>(chunkings);
    if (guard !== undefined) step.guard = guard;
    this.steps.push(step);
  }

  #vg(): Vg {
    return this.#random.chance(0.7) ? this.#vgs[0]! : this.#random.pick(this.#vgs);
  }

  #lv(): number {
    return this.#random.chance(0.6) ? this.#random.below(3) : this.#random.below(this.#lvs);
  }

  #target(): Target {
    return this.#random.weighted<() => Target>([
      [15, () => ({ kind: "gl" })],
      [30, () => ({ kind: "vg", vg: this.#vg() })],
      [55, () => ({ kind: "lv", vg: this.#vg(), lv: this.#lv() })],
    ])();
  }

  #opts(target: Target): string {
    if (target.kind !== "lv") {
      return this.#random.weighted([[97, "none"], [1, "persistent"], [2, "repair"]]);
    }
    return this.#random.weighted([
      [50, "none"],
      [44, "persistent"],
      [3, "persistent,"],
      [2, "persistentrepair"],
      [1, "persist"],
    ]);
  }

  #lock(client: number): void {
    const target = this.#target();
    const name = targetKey(target);
    const inOrder = this.#ideas.held(client).every((held) => targetKey(held) <= name);
    if (!inOrder && this.#random.chance(0.9)) return this.#unlock(client);
    const mode = this.#random.weighted<"sh" | "ex" | "nl">([[50, "sh"], [48, "ex"], [2, "nl"]]);
    const opts = this.#opts(target);
    const wish = { client, persistent: opts.includes("persistent") };
    const waits = mode !== "nl" && this.#ideas.ask(target, { ...wish, mode });
    this.#send(client, make.lockRequest(target, mode, opts, this.#random.pick(commands)));
    const step = this.steps.at(-1)!;
    if (waits && step.kind === "send") step.waits = true;
  }

  #unlock(client: number): void {
    const wish = this.#random.next();
    const persistent = this.#ideas.persistent();
    if (wish < 0.3 && persistent.length > 0) {
      return this.#sendUnlock(client, this.#random.pick(persistent), "persistent");
    }
    const held = this.#ideas.held(client);
    if (wish < 0.95 && held.length > 0) {
      return this.#sendUnlock(client, this.#random.pick(held), "none");
    }
    const target = this.#target();
    this.#sendUnlock(client, target, this.#opts(target));
  }

  #sendUnlock(client: number, target: Target, opts: string): void {
    this.#ideas.ask(target, { client, mode: "un", persistent: opts.includes("persistent") });
    const cancel = this.#random.chance(0.03);
    const all = cancel ? `${opts},unlock_cancel` : opts;
    const fields = make.lockRequest(target, "un", all, this.#random.pick(commands));
    this.#send(client, fields, cancel ? "cancelSafe" : undefined);
  }

  #close(client: number): void {
    const polite = !this.#late || this.#random.chance(0.7);
    if (!polite || !this.#ideas.waits(client)) this.#ideas.forget(client);
    this.steps.push({ kind: "close", client, polite });
  }

  #update(client: number): void {
    this.#version += this.#random.below(3);
    const version = this.#random.weighted<number | string>([
      [85, this.#version],
      [4, 0],
      [3, 4294967295],
      [3, 2147483648],
      [2, -1],
      [3, `${this.#version}`],
    ]);
    const opts = this.#random.chance(0.15) ? "next_version" : undefined;
    this.#send(client, make.updateRequest(this.#vg(), version, opts));
  }

  #query(client: number): void {
    const vg = this.#vg();
    if (this.#random.chance(0.3)) return this.#send(client, make.namedRequest("query_lock_vg", vg));
    this.#send(client, make.lvRequest("query_lock_lv", vg, this.#lv()));
  }

  #freeLv(client: number): void {
    const fields = make.lvRequest("free_lv", this.#vg(), this.#lv());
    const reckless = this.#late && this.#random.chance(0.2);
    this.#send(client, fields, reckless ? undefined : "unlocked");
  }

  #lifecycle(client: number): void {
    const vg = this.#random.pick(this.#vgs);
    const name = this.#random.weighted([
      [8, "start_vg"],
      [6, "stop_vg"],
      [3, "stop_vg force"],
      [3, "free_vg"],
      [3, "rename_vg_before"],
      // Who waits then is answered differently, which would end the script.
      [this.#ideas.waitsIn(vg) ? 0 : 3, "kill_vg"],
      [3, "drop_vg"],
      [6, "busy_vg"],
      [1, "stop_all"],
    ]);
    if (name === "start_vg") return this.#send(client, make.startRequest(vg, "none"));
    if (name === "busy_vg") return this.#send(client, make.vgRequest(name, vg));
    if (name === "stop_all") return this.#send(client, make.plainRequest(name, "none"));
    if (vg.lockType === "sanlock") return this.#send(client, make.namedRequest("stop_vg", vg));
    if (name === "kill_vg") this.#ideas.killed.add(vg);
    else if (name !== "stop_vg" || this.#ideas.persistent().length === 0) this.#ideas.end(vg);
    if (name === "stop_vg force") {
      return this.#send(client, [...make.namedRequest("stop_vg", vg), ["opts", "force"]]);
    }
    const plain = ["stop_vg", "kill_vg", "drop_vg"].includes(name);
    this.#send(client, plain ? make.namedRequest(name, vg) : make.vgRequest(name, vg));
  }

  #chore(client: number): void {
    const vg = this.#vg();
    const fields = this.#random.weighted<Fields>([
      [3, make.plainRequest("running_lm")],
      [3, make.plainRequest("start_wait")],
      [3, [["request", "hello"]]],
      [2, [["request", "quit"]]],
      [2, [["request", "info"]]],
      [0.2, [["request", "dump"]]],
      [3, make.vgRequest("init_vg", this.#random.chance(0.5) ? vg : make.dlmVg("vnew", 8))],
      [3, make.lvRequest("init_lv", vg, this.#lv())],
      [3, make.namedRequest("find_free_lock", vg)],
      [2, make.namedRequest("enable_gl", vg)],
      [2, make.namedRequest("disable_gl", vg)],
      // With sanlock this is a known difference that shows only in a later listing.
      [1, [
        ...make.namedRequest("disable_gl", vg),
        ["opts", vg.lockType === "sanlock" ? "none" : "ex_disable"],
      ]],
      [2, make.vgRequest("rename_vg_final", vg)],
    ]);
    this.#send(client, fields);
  }

  #strange(client: number): void {
    if (this.#random.chance(0.25)) {
      this.steps.push({ kind: "noise", client, text: spoiledNoise(this.#random) });
      return;
    }
    this.#send(client, spoil(this.#random, this.#healthy()));
  }

  /** A request to be spoiled. Not one that starts or frees something. */
  #healthy(): Fields {
    const vg = this.#vg();
    const target = this.#target();
    const mode = this.#random.pick(["sh", "ex", "un"]);
    return this.#random.weighted<Fields>([
      [6, make.lockRequest(target, mode, this.#opts(target), "odd")],
      [1, make.lvRequest("query_lock_lv", vg, this.#lv())],
      [1, make.lvRequest("init_lv", vg, this.#lv())],
      [1, make.vgRequest(this.#random.pick(["busy_vg", "init_vg"]), vg)],
      [1, make.namedRequest(this.#random.pick(["query_lock_vg", "find_free_lock"]), vg)],
      [1, make.updateRequest(vg, this.#version)],
    ]);
  }
}

/** The script of a seed. The same seed and size give the same script for ever. */
export function generate(seed: number, size: Size, base: Script["base"] = "dlm"): Script {
  return { seed, base, steps: new Walk(seed, size, base).run() };
}
