/**
 * Turns the daemon's raw state listing into what `--info` prints. Fields are found by their key, so
 * that the layouts of all releases give the same output. Texts are byte strings.
 *
 * @module
 */

/** A record of the listing: its kind and its fields. */
interface InfoRecord {
  kind: string;
  get(key: string): string;
  has(...keys: string[]): boolean;
}

/** What earlier lines said and later lines refer to. */
interface Context {
  clients: Map<string, { pid: string; name: string }>;
  lockspaces: number;
  resource: { type: string; name: string };
}

const infoLine = /^info=(\S+)(.*)$/s;

function parseRecord(line: string): InfoRecord | undefined {
  const [, kind, rest] = infoLine.exec(line) ?? [];
  if (kind === undefined) return undefined;
  const fields = new Map<string, string>();
  for (const word of rest!.split(" ")) {
    const sign = word.indexOf("=");
    if (sign > 0 && !fields.has(word.slice(0, sign))) {
      fields.set(word.slice(0, sign), word.slice(sign + 1));
    }
  }
  return {
    kind,
    get: (key) => fields.get(key) ?? "",
    has: (...keys) => keys.every((key) => fields.has(key)),
  };
}

/** Formats one record; undefined when it lacks what this kind needs. */
type Formatter = (record: InfoRecord, context: Context) => string | undefined;

const formatters: Record<string, Formatter> = {
  structs: () => "",
  client: (record, { clients }) => {
    clients.set(record.get("id"), { pid: record.get("pid"), name: record.get("name") });
    return "";
  },
  ls: (record, context) => {
    if (!record.has("ls_name")) return undefined;
    const gap = context.lockspaces++ ? "\n" : "";
    const lmType = record.get("lm_type");
    return `${gap}VG ${record.get("vg_name")} lock_type=${lmType} ${record.get("vg_uuid")}\n` +
      `LS ${lmType} ${record.get("ls_name")}\n`;
  },
  ls_action: operation,
  ls_fence_history: (record) => {
    const outcome = fenceOutcome(record);
    return outcome && `PR host_id ${record.get("owner_host_id")}` +
        ` generation ${record.get("owner_generation")} key ${record.get("remkey")} ${outcome}\n`;
  },
  r: (record, context) => {
    if (!record.has("name", "type", "mode")) return undefined;
    context.resource = { type: record.get("type"), name: record.get("name") };
    if (record.get("mode") !== "un") return "";
    return subject(context, "LK", "un", `ver ${record.get("version")}`);
  },
  lk: (record, context) => {
    if (!record.has("mode", "client_id")) return undefined;
    const holder = `ver ${record.get("version")} ${client(record, context)}`;
    return subject(context, "LK", record.get("mode"), holder);
  },
  r_action: (record, context) =>
    record.get("op") === "lock" ? waiter(record, context) : operation(record, context),
  r_fence_wait_action: (record, context) => {
    const owner = `${record.get("owner_host_id")}.${record.get("owner_generation")}`;
    return waiter(record, context)?.replace(/\n$/, ` fence_owner ${owner}\n`);
  },
};

function fenceOutcome(record: InfoRecord): string | undefined {
  if (record.get("op") === "fence") return "waiting";
  if (record.get("op") !== "fence_result") return undefined;
  return record.get("result") === "0" ? "removed" : "failed";
}

function operation(record: InfoRecord, context: Context): string | undefined {
  if (!record.has("op", "client_id")) return undefined;
  return `OP ${record.get("op")} ${client(record, context)}\n`;
}

function waiter(record: InfoRecord, context: Context): string | undefined {
  if (!record.has("mode", "client_id")) return undefined;
  return subject(context, "LW", record.get("mode"), `ver 0 ${client(record, context)}`);
}

/** A lock of the current resource; `details` are not shown for LVs. */
function subject({ resource }: Context, word: string, mode: string, details: string): string {
  if (resource.type === "gl") return `${word} GL ${mode} ${details}\n`;
  if (resource.type === "vg") return `${word} VG ${mode} ${details}\n`;
  return resource.type === "lv" ? `${word} LV ${mode} ${resource.name}\n` : "";
}

function client(record: InfoRecord, { clients }: Context): string {
  const { pid, name } = clients.get(record.get("client_id")) ?? { pid: "0", name: "" };
  return `pid ${pid} (${name})`;
}

/**
 * Formats a whole listing. Lines of an unknown kind appear as `UN <line>` and an empty line; a last
 * line without its end was cut off and could be taken for another, so it does not appear.
 */
export function formatInfo(listing: string): string {
  const context: Context = { clients: new Map(), lockspaces: 0, resource: { type: "", name: "" } };
  const lines = listing.split(/[\n\0]/);
  lines.pop();
  return lines.map((line) => {
    const record = parseRecord(line);
    return (record && formatters[record.kind]?.(record, context)) ?? `UN ${line}\n\n`;
  }).join("");
}
