/**
 * What the control tool reads: replies, state listings, the output of dmsetup, a setting, arguments.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { type InspectRow, LockType, Mode, Op, ResourceType } from "../../../core/types.ts";
import type { ClientInfo } from "../../../core/service.ts";
import { recordedText } from "../../../ctl/make_safe/test_recorded.ts";
import type { Modules } from "../engine/program.ts";
import { demand } from "../engine/target.ts";
import { textTarget } from "../engine/text_target.ts";

/** A byte string, made of the input from a place on, and numbers of its bytes. */
class Source {
  #at = 0;
  constructor(private readonly text: string) {}

  get done(): boolean {
    return this.#at >= this.text.length;
  }

  byte(): number {
    return this.text.charCodeAt(this.#at++) || 0;
  }

  word(): string {
    const length = this.byte() % 24;
    this.#at += length;
    return this.text.slice(this.#at - length, this.#at);
  }
}

const owner = { hostId: 0, generation: 0, timestamp: 0, state: "", name: "" };

function rowOf(source: Source): InspectRow {
  const type = source.byte() % 5 as ResourceType;
  const mode = (source.byte() % 5 - 1) as Mode;
  const lockType = [LockType.none, LockType.dlm, LockType.sanlock, LockType.idm, 99 as LockType];
  switch (source.byte() % 4) {
    case 0:
      return {
        kind: "lockspace",
        name: source.word(),
        vgName: source.word(),
        vgUuid: source.word(),
        vgArgs: source.word(),
        lockType: lockType[source.byte() % 5]!,
        hostId: source.byte(),
        generation: 0,
        state: "running",
        createFail: false,
        createDone: true,
        threadWork: false,
        threadStop: false,
        threadDone: false,
        killed: false,
        dropped: false,
        glEnabled: true,
        sinceMs: 0,
      };
    case 1:
      return { kind: "resource", name: source.word(), type, mode, shCount: 0, version: 4294967295 };
    case 2: {
      const clientId = source.byte();
      const version = source.byte();
      return { kind: "lock", mode, version, persistent: false, clientId, takenBy: 0, sinceMs: 0 };
    }
    default:
      return {
        kind: "action",
        resource: source.byte() % 2 === 0,
        clientId: source.byte(),
        requestId: 0,
        flags: -source.byte(),
        version: 0,
        op: source.byte() % 40 as Op,
        type,
        mode,
        lockType: lockType[source.byte() % 5]!,
        result: -source.byte(),
        lmResult: 0,
        owner,
        sinceMs: 0,
      };
  }
}

function clientsOf(source: Source): ClientInfo[] {
  return Array.from({ length: source.byte() % 128 }, (_, id) => ({
    id,
    origin: id % 3 === 0 ? "http" as const : "native" as const,
    pid: source.byte(),
    fd: 3,
    command: id % 50 === 0 ? source.word() : "vgs",
    connectedMs: 0,
  }));
}

/** A listing as one text, whether it is made at once or in pieces. */
async function textOf(made: unknown): Promise<string> {
  const listing = await made;
  if (!Array.isArray(listing)) return String(listing);
  return Buffer.concat(listing as Buffer[]).toString("latin1");
}

/** Every record is one line of single words, which the control tool understands. */
async function checkListing({ info, formatInfo }: Modules, input: string): Promise<void> {
  const source = new Source(input);
  const clients = clientsOf(source);
  const rows: InspectRow[] = [];
  while (!source.done) rows.push(rowOf(source));
  for (const layout of ["2.03.16", "2.03.40"] as const) {
    const text = await textOf(info.printInfo(clients, rows, layout));
    const lines = text.split("\n");
    demand(lines.pop() === "", "the last line has no end");
    const chosen = lines.filter((line) => line.startsWith("info=client ")).length;
    demand(chosen <= info.MAX_CLIENT_LINES, "more clients than lvmlockctl has room for");
    demand(lines.length === 1 + chosen + rows.length, "a record is not one line", () => text);
    for (const line of lines) {
      const ok = line.split(" ").every((word) => /^[a-z_]+=[\x21-\x7e\x80-\xff]*$/.test(word));
      demand(ok, "a record is not made of single words", () => line);
    }
    const shown = formatInfo.formatInfo(text);
    demand(!/^UN /m.test(shown), "our own listing is not understood", () => shown);
  }
}

const listing = `info=structs unused_action_count=0
info=client pid=7 fd=8 pi=2 id=3 name=vgchange
info=ls ls_name=lvm_vg0 vg_name=vg0 vg_uuid=u vg_sysid=. vg_args=1.0.0:a lm_type=dlm host_id=1
info=r name=GLLK type=gl mode=un sh_count=0 version=0
info=lk mode=ex version=4 flags=0x1 client_id=3
info=r name=u type=lv mode=ex sh_count=0 version=0
info=r_action client_id=3 flags=0x0 version=0 op=lock rt=lv mode=ex lm_type=dlm result=0 lm_rv=0
info=ls_fence_history op=fence owner_host_id=3 owner_generation=4 remkey=5
info=r_fence_wait_action mode=ex client_id=3 owner_host_id=3 owner_generation=4
`;

export const stateListing = textTarget({
  name: "state-listing",
  about: "the listing for lvmlockctl --info, printed and read",
  modules: ["core/native/info.ts", "ctl/format_info.ts"],
  seeds: [
    listing,
    "\x03abcdefghijklmnopqrstuvwxyz".repeat(9),
    "\x40" + "\x00\x01\x02\x03".repeat(50),
  ],
  words: ["info=", "info=lk ", "\n", "\0", " ", "=", "UN "],
  async check(modules, input) {
    await checkListing(modules, input);
    const shown = modules.formatInfo.formatInfo(input);
    demand(
      shown.length <= 200 * (input.length + 1),
      "what is shown is far longer",
      () => shown.length,
    );
  },
});

/** What is read can be printed again, and is read as the same then. */
function checkReply({ nativeText }: Modules, input: string): void {
  let reply;
  try {
    reply = nativeText.parseReply(input);
  } catch (error) {
    demand(error instanceof nativeText.ReplySyntaxError, "another error", () => String(error));
    const at = Number(/at byte (\d+)/.exec(error.message)?.[1]);
    demand(
      at >= 1 && at <= input.length + 1,
      "an error is outside of the text",
      () => error.message,
    );
    return;
  }
  demand(reply.size > 0, "an empty reply is taken");
  for (const value of reply.values()) {
    if (typeof value === "number" && !Number.isSafeInteger(value)) return;
  }
  const plain = Object.fromEntries([...reply].filter(([key]) => /^[\w.]+$/.test(key)));
  const again = nativeText.parseReply(nativeText.fieldRequest("x", plain));
  for (const [key, value] of Object.entries(plain)) {
    if (key === "request" || key === "__proto__") continue;
    demand(
      Object.is(again.get(key), value) || again.get(key) === value,
      "read again as another",
      () => key,
    );
  }
}

function checkDmsetup({ dmsetup }: Modules, input: string): void {
  const [first = "", second = ""] = input.split("\0");
  try {
    for (const device of dmsetup.withTables(dmsetup.parseInfo(first), second)) {
      demand(/^\d+:\d+$/.test(device.devno) && device.name !== "", "half a device", () => device);
    }
  } catch (error) {
    demand(error instanceof dmsetup.DmsetupError, "another error", () => String(error));
    demand(
      error.message.includes("cannot read"),
      "an error does not say what",
      () => error.message,
    );
  }
}

const specs = [
  { long: "help", short: "h" },
  { long: "info", short: "i" },
  { long: "force", short: "f", argument: true },
  { long: "format", argument: true },
  { long: "gl-enable", short: "E", argument: true, wholeName: true },
];

function checkArguments({ getopt }: Modules, input: string): void {
  const args = input.split("\n");
  const { options, words, mistake } = getopt.getopt(args, specs);
  demand(options.length + words.length <= input.length + 1, "more than was given");
  demand(
    options.every(({ long }) => specs.some((spec) => spec.long === long)),
    "an unknown option",
  );
  demand(mistake !== "", "a mistake without a word");
}

/** A command that was configured is an absolute path and its words, none of them empty. */
function checkSetting({ killCommand }: Modules, input: string): void {
  const setting = killCommand.parseSetting(input.split("\n")[0]!, "config");
  if (typeof setting !== "string") {
    return demand(setting.problem !== "", "a problem without a word");
  }
  demand(setting.startsWith("/"), "a command is no full path");
  const words = killCommand.splitCommand(setting);
  demand(words.every((word) => word !== ""), "an empty word", () => words);
}

export const ctlText = textTarget({
  name: "ctl-text",
  about: "replies, output of dmsetup, arguments, the kill command",
  modules: [
    "ctl/native_text.ts",
    "ctl/make_safe/dmsetup.ts",
    "ctl/getopt.ts",
    "ctl/stock/kill_command.ts",
  ],
  seeds: [
    'response = "OK"\nop = 7\nlock_type = "dlm"\nop_result = -210\nresult_flags = "NO_GL_LS,NO_LM"\n',
    'a="x\\"y" b=\'z\' # c\n"q r" = -5\n',
    `${recordedText("hung", "info")}\0${recordedText("hung", "tables")}`,
    "253:0/Live/Active/8:1/LVM-x/vg-lv\n253:1/Both/Suspended///b\n\0vg-lv,,0,rw,0 8 linear 8:1 0;b,,1",
    "--info\n-fx\n--for=3\n--\nword\n-hi\n--gl-enable\nx",
    'lvmlockctl_kill_command="/usr/sbin/lvmlockctl\\\\ x --kill \\"a b\\""',
  ],
  words: [
    '"',
    "\\",
    "\n",
    "\0",
    "/",
    ",",
    ";",
    "--",
    "-f",
    "=",
    "8:1",
    "__proto__",
    "Live",
    "No devices found",
  ],
  maxLength: 3000,
  check(modules, input) {
    checkReply(modules, input);
    checkDmsetup(modules, input);
    checkArguments(modules, input);
    checkSetting(modules, input);
  },
});
