/**
 * Requests that are wrong or strange in some way: fields that are missing, of another type, too long
 * or unknown, names with odd characters, and text that is no request at all.
 *
 * @module
 */
import type { Prng } from "./prng.ts";
import type { Fields } from "./script.ts";

/** VG names that a lockspace can have although LVM would never make them, and long ones it would. */
export const strangeVgNames = [
  "v w",
  'v"q',
  "v\\b",
  "v\u00c3\u00a4",
  "v\tx",
  "v#x",
  "v'x",
  "v{x}",
  "v=x",
  "L".repeat(44),
  "L".repeat(59),
];

const longNames = [60, 61, 63, 64, 65, 90].map((n) => "N".repeat(n));

function replaced(fields: Fields, key: string, value: string | number): Fields {
  const rest = fields.filter(([k]) => k !== key);
  return [...rest, [key, value]];
}

const without = (fields: Fields, index: number): Fields => fields.filter((_, i) => i !== index);

/** Changes one thing about a request. */
export function spoil(random: Prng, fields: Fields): Fields {
  const change = random.weighted<() => Fields>([
    [4, () => without(fields, 1 + random.below(fields.length - 1))],
    [3, () => replaced(fields, "mode", random.pick(["", "EX", "exx", "shared", "iv", "3"]))],
    [1, () => replaced(fields, "mode", 3)],
    [2, () => replaced(fields, "vg_lock_type", random.pick(["sanlock", "DLM", "nosuch", "idm"]))],
    [2, () => replaced(fields, "vg_name", random.pick(longNames))],
    [2, () => replaced(fields, "vg_name", random.pick(["none", "", "gone", "va ", "unheard"]))],
    [1, () => replaced(fields, "vg_name", 7)],
    [2, () => replaced(fields, "lv_uuid", random.pick(["", "none", "u", "U".repeat(64)]))],
    [2, () => replaced(fields, "lv_uuid", "U".repeat(64 + random.below(3)))],
    [1, () => replaced(fields, "lv_uuid", random.pick(["a b", 'a"b', "a\\b", "VGLK", "GLLK"]))],
    [1, () => replaced(fields, "cmd", random.pick(["", "c".repeat(70), "with blank"]))],
    [1, () => replaced(fields, "opts", random.pick(["", "PERSISTENT", "x".repeat(300)]))],
    [1, () => replaced(fields, "opts", 1)],
    [1, () => [...fields, ["mode", "ex"], ["vg_name", "va"]]],
    [1, () => [...fields, ["nosuchfield", "x"], ["pv[0]", "y"], ["version", 3]]],
    [1, () => replaced(fields, "max_retries", random.pick([0, -1, 1000]))],
  ]);
  return change();
}

/** Text that is no request known to the daemon. */
export function spoiledNoise(random: Prng): string {
  return random.pick([
    'request = "nonsense"\n',
    'request="lock_pv"\nvg_name ="va"\nmode ="sh"\n',
    "request = 7\n",
    'mode ="sh"\nvg_name ="va"\n',
    "",
    "\n",
    'request = "unclosed\n',
    "= = =\n",
    "request\n",
    'request = "hello" }\n',
    "request = { hello = 1 }\n",
    "\u0001\u0002\u00ff\n",
    'request = "LOCK_GL"\nmode = "sh"\n',
  ]);
}
