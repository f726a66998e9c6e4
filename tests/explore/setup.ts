/**
 * How a world comes to its beginning: the script lines of its setup, played on the table.
 *
 * @module
 */
import { LmCall } from "../../core/records.ts";
import { LockType, Mode, ResourceType } from "../../core/types.ts";
import { parseRequest } from "../interaction/words.ts";
import type { Host } from "./host.ts";
import { type InputRecord, outcomeOf, recordOf } from "./inputs.ts";
import { ClientNote, Note } from "./notes.ts";
import { vgsOf, type World } from "./world.ts";

/** Client of the setup; it is gone before the world begins. */
const ADMIN = 9;

/** The table's hash of a name (FNV-1a). */
function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) {
    hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  }
  return hash;
}

/** Plays the setup, then notes who is there. Returns what was played, in a script's words. */
export function prepareWorld(host: Host, world: World): string[] {
  configure(host, world);
  host.hand(tableRecord(world));
  // An answer, so that the outbox is there when the world begins.
  const lines = [...world.setup, "client Admin vg_status vg=none", "gone Admin"];
  const played = lines.flatMap((line) => play(host, world, line));
  host.setNote(Note.deathsLeft, world.deaths ?? 0);
  let slot = 0;
  world.roles.forEach(({ clients, budget }, role) => {
    for (let i = 0; i < clients; i++, slot++) {
      host.setOf(slot, ClientNote.role, role);
      host.setOf(slot, ClientNote.alive, 1);
      host.setOf(slot, ClientNote.budget, budget);
    }
  });
  return played;
}

function tableRecord({ lockType }: World): InputRecord {
  const type = LockType[lockType];
  return recordOf((inputs) =>
    inputs.configure({ test: false, glType: LockType.none, serves: [type], forgets: [type] })
  );
}

function configure(host: Host, world: World): void {
  const config = host.table.config() >> 2;
  host.ints[config] = world.roles.reduce((sum, { clients }) => sum + clients, 0);
  host.ints[config + 1] = world.resources.length;
  world.resources.forEach((full, i) => {
    const [vg = "", name = ""] = full.split("/");
    const types: Record<string, ResourceType> = { GLLK: ResourceType.gl, VGLK: ResourceType.vg };
    const lockspace = vg === "lvm_global" ? vg : `lvm_${vg}`;
    const identity = [hashOf(lockspace), types[name] ?? ResourceType.lv, hashOf(name)];
    host.ints.set(identity, config + 2 + i * 3);
  });
}

function play(host: Host, world: World, line: string): string[] {
  const [command = "", answer = "ok"] = line.split(" => ");
  const words = command.split(" ");
  if (words[0] === "client") {
    const request = parseRequest(words.slice(2));
    host.hand(recordOf((inputs) => inputs.request(ADMIN, 1, request)));
  } else if (words[0] === "restore_lockspace") {
    const vg = words[1]!;
    const id = vgsOf(world).indexOf(vg) + 1;
    const vgName = vg === "lvm_global" ? "" : vg;
    host.noteLockspace(id, vg);
    const type = LockType[world.lockType];
    host.hand(recordOf((inputs) => inputs.restoreLockspace(id, type, vgName)));
  } else if (words[0] === "gone") {
    host.hand(recordOf((inputs) => inputs.gone(ADMIN)));
  } else {
    restoreLock(host, world, words.slice(1));
  }
  return [command, ...answerAll(host, answer)];
}

function restoreLock(host: Host, world: World, [vgName = "", name = "", word]: string[]): void {
  const mode = word === "sh" ? Mode.sh : Mode.ex;
  const index = world.resources.indexOf(`${vgName}/${name}`);
  host.setNote(Note.granted + index, mode);
  host.setNote(Note.recorded + index, mode);
  const resourceType = name === "VGLK" ? ResourceType.vg : ResourceType.lv;
  const lvUuid = resourceType === ResourceType.lv ? name : "";
  const lock = { vgName, resourceType, lvUuid, mode, lvArgs: "" };
  host.hand(recordOf((inputs) => inputs.restoreLock(lock)));
}

/** Joins are answered with the words given, everything else with `ok`. */
function answerAll(host: Host, join: string): string[] {
  const lines: string[] = [];
  while (host.note(Note.callCount) > 0) {
    const call = host.note(Note.calls);
    const words = host.callInfo(call).op === LmCall.join ? join : "ok";
    host.answer(call, outcomeOf(words));
    lines.push(`lm ${call} ${words}`);
  }
  return lines;
}
