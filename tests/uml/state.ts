/**
 * What a guest's daemon and device-mapper say at one moment.
 *
 * @module
 */
import type { Guest } from "./guest.ts";

export interface State {
  /** Output of `lvmlockctl --info`. */
  info: string;
  /** LV locks that are held: `vg/lv` (or the bare UUID of an LV that is gone) to `ex` or `sh`. */
  locks: Record<string, string>;
  /** Device-mapper devices: name to the target types of its table, `+` between different ones. */
  devices: Record<string, string>;
}

/** What {@link readState} is to ask for; each part takes its time. */
export interface Question {
  devices: boolean;
  /** Names of LVs may have changed since they were asked for. */
  names: boolean;
}

const query = ({ devices, names }: Question) => `
info=$(lvmlockctl --info) || { echo "$info" >&2; exit 1; }
echo "$info"
echo @devices; ${devices ? "dmsetup table" : ":"}
echo @names; ${names ? NAMES : ""}`;

/** Reports may fail where storage does; the locks then go by their UUIDs. */
const NAMES = `[[ $info =~ 'LK LV '[es] ]] || exit 0
lvs -a --noheadings --nolocking --readonly -o lv_uuid,vg_name,lv_name 2> /dev/null || :`;

/** Names of LVs that have been seen, by UUID. */
const known = new WeakMap<Guest, Map<string, string>>();

/** Asks the guest. Throws when the daemon does not answer. */
export async function readState(guest: Guest, question: Question): Promise<State> {
  const { code, stdout, stderr } = await guest.run(query(question));
  if (code !== 0) throw new Error(`the state cannot be read: ${stderr}`);
  const [info = "", devices = "", text = ""] = stdout.split(/^@\w+\n/m);
  const names = question.names ? parseNames(text) : known.get(guest) ?? new Map();
  known.set(guest, names);
  return { info, locks: parseLocks(info, names), devices: parseDevices(devices) };
}

function parseNames(text: string): Map<string, string> {
  return new Map(
    text.split("\n").map((line) => line.trim().split(/\s+/)).filter((row) => row.length === 3)
      .map(([uuid = "", vg, lv]) => [uuid, `${vg}/${lv?.replace(/[[\]]/g, "")}`]),
  );
}

function parseLocks(info: string, names: Map<string, string>): Record<string, string> {
  const held = info.matchAll(/^LK LV (ex|sh) (\S+)$/gm);
  return Object.fromEntries(
    [...held].map(([, mode = "", uuid = ""]) => [names.get(uuid) ?? uuid, mode]),
  );
}

function parseDevices(text: string): Record<string, string> {
  const types = new Map<string, Set<string>>();
  for (const [, name = "", type = ""] of text.matchAll(/^(\S+): \d+ \d+ (\S+)/gm)) {
    types.set(name, (types.get(name) ?? new Set()).add(type));
  }
  return Object.fromEntries([...types].map(([name, set]) => [name, [...set].join("+")]));
}
