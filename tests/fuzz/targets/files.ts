/**
 * Files that an earlier process, or another program, has left: the adopt file, the drives of IDM's
 * locks, what the kernel shows of the DLM; and what the DLM's programs print.
 *
 * @module
 */
import { join } from "node:path";
import { fromByteString } from "../../../ctl/bytes.ts";
import { LockType, Mode } from "../../../core/types.ts";
import type { Prng } from "../../oracle/prng.ts";
import type { Modules } from "../engine/program.ts";
import { demand, type Target } from "../engine/target.ts";
import { textTarget } from "../engine/text_target.ts";
import { LV_UUID } from "./requests.ts";

const VG_UUID = "xNUoTC-Xg21-sYjn-RqId-VR0L-PCtu-zt2cDf";

/** As a stock daemon of version 2.03.16 wrote it. */
const stockFile = `lvmlockd adopt_version 1.0 pid 10632 updates 2 Sun Nov 22 22:46:23 2026
VG: ${VG_UUID} vg0 sanlock 1.0.0:lvmlock
LV: ${VG_UUID} tcbOUf-Fbyu-moiS-nlEq-IDAi-DwQY-0tzHIO 1.0.0:70254592 ex 0
`;

function checkAdoptFile({ adoptFile: tested }: Modules, input: string): void {
  let file;
  try {
    file = tested.parseAdoptFile(input);
  } catch (error) {
    demand(error instanceof tested.AdoptFileError, "another error", () => String(error));
    const lines = input.split("\n").length;
    demand(error.line >= 1 && error.line <= lines, "an error has no line of the file");
    return demand(
      /^line \d+: .{10}/.test(error.message),
      "an error does not say what",
      () => error.message,
    );
  }
  let text = tested.headerLine(file.pid, 1, new Date(0));
  for (const vg of file.vgs) {
    demand(tested.isWritableVg(vg), "a VG is read that cannot be written", () => vg);
    text += tested.vgLine(vg);
    for (const lock of vg.locks) {
      demand(lock.mode === Mode.sh || lock.mode === Mode.ex, "a lock without a mode", () => lock);
      demand(tested.isWritableLock(lock), "a lock is read that cannot be written", () => lock);
      text += tested.lvLine(vg.vgUuid, lock);
    }
  }
  const again = tested.parseAdoptFile(text);
  demand(again.pid === file.pid && !again.cut, "the header is read as another");
  demand(
    JSON.stringify(again.vgs) === JSON.stringify(file.vgs),
    "what was written again is read as another",
    () => [file.vgs, again.vgs],
  );
}

export const adoptFile = textTarget({
  name: "adopt-file",
  about: "the file with the locks of a daemon that died",
  modules: ["core/adoption/adopt_file.ts"],
  seeds: [
    stockFile,
    "# nothing\n",
    "lvmlockd adopt_version 1.1\nVG: none vg0 dlm 1.0.0:a\nLV: none lv0 sh 0\nLV: none lv1 none ex 3\n",
  ],
  words: ["\n", "VG: ", "LV: ", " ", "none", "sh", "ex", "un", "\t", "lvmlockd ", "\xff", VG_UUID],
  check: checkAdoptFile,
});

const line = (value: unknown) => `${JSON.stringify(value)}\n`;
const boot = line({ boot: "b" });

/** What is found is what the next step can use, or the file is set aside. */
function checkRecords(
  { idmRecords: { DriveRecords } }: Modules,
  path: string,
  input: string,
): void {
  Deno.writeFileSync(path, fromByteString(input));
  let records;
  try {
    records = new DriveRecords(path, "b");
  } catch (error) {
    return demand(error instanceof Error, "no error is thrown", () => String(error));
  }
  const everything = new Proxy(new Set<string>(), { get: () => () => true });
  for (const vg of records.leftBehind(everything)) {
    const { vgName, vgUuid, pvPaths = [], locks } = vg;
    const texts = [
      vgName,
      vgUuid,
      ...pvPaths,
      ...locks.flatMap((lock) => [
        lock.lvUuid,
        lock.lvArgs,
        ...lock.pvPaths ?? [],
      ]),
    ];
    demand(texts.every((text) => typeof text === "string"), "a text is none", () => vg);
    demand(
      locks.every(({ mode }) => mode === Mode.sh || mode === Mode.ex),
      "a lock has a mode that is none",
      () => vg,
    );
    demand(vg.lockType === LockType.idm, "another lock type");
    records.left(vgName);
  }
  records.close();
  Deno.writeFileSync(path, new Uint8Array());
}

function generateRecords(random: Prng): string {
  const paths = () => random.pick([[], ["/dev/a"], ["/dev/a", "b"], "x", null, [1]]);
  const value = () =>
    random.pick([
      { boot: random.pick(["b", "c"]) },
      { vg: random.pick(["v", "w", 3]), uuid: random.pick(["u", ""]), paths: paths() },
      { left: random.pick(["v", "w"]) },
      {
        in: random.pick(["v", "w"]),
        lv: random.pick(["l", "m", {}]),
        args: "idm",
        mode: random.below(5),
        paths: paths(),
      },
      random.pick([null, 3, "text", [], {}]),
    ]);
  return boot + Array.from({ length: random.below(8) }, () => line(value())).join("");
}

/** Runs `check` with a folder of its own in memory. */
function inFolder(
  target: Parameters<typeof textTarget>[0],
  check: (modules: Modules, folder: string, input: string) => void,
): Target {
  let folder = "";
  const made = textTarget({ ...target, check: (modules, input) => check(modules, folder, input) });
  return {
    ...made,
    async open() {
      folder = Deno.makeTempDirSync({ dir: "/dev/shm" });
      const subject = await made.open();
      return { ...subject, close: () => Deno.removeSync(folder, { recursive: true }) };
    },
  };
}

export const idmRecords = inFolder({
  name: "idm-records",
  about: "the file with the drives of IDM's locks",
  modules: ["backends/idm/drive_records.ts"],
  seeds: [
    boot + line({ vg: "vg0", uuid: VG_UUID, paths: ["/dev/a"] }) +
    line({ in: "vg0", lv: LV_UUID, args: "idm", mode: 3, paths: ["/dev/a"] }),
    boot + line({ vg: "v", uuid: "u", paths: [] }) + line({ left: "v" }),
  ],
  words: [
    '"',
    "null",
    "{",
    "}",
    "[",
    "]",
    "\n",
    "__proto__",
    '"boot"',
    '"vg"',
    '"in"',
    '"paths"',
    "3",
  ],
  generate: generateRecords,
  check: () => {},
}, (modules, folder, input) => checkRecords(modules, join(folder, "records"), input));

const lockDump =
  `id 1 gr EX rq IV pid 3 master 0 "VGLK"\nid 2f gr IV rq PR pid 0 MSTCPY 2 "a "b" c"\n`;
const names = "nodelist.node.0.name (str) = node-a\nnodelist.node.0.nodeid (u32) = 11\n";

function checkDlmTools(
  { dlmTools, dlmStructs, dlmQuorum, dlmValues, dlmArgs }: Modules,
  input: string,
) {
  const isCount = (n: number) => Number.isInteger(n) && n >= 0;
  const status = dlmTools.statusIn(input);
  demand(status?.nodes.every(isCount) ?? true, "a node's number is none", () => status);
  for (const [node, name] of dlmTools.namesIn(input)) {
    demand(
      isCount(node) && name !== "" && !name.includes("\n"),
      "a node's name is none",
      () => [node, name],
    );
  }
  for (const lock of dlmTools.locksIn(input)) {
    demand(isCount(lock.node) && isCount(lock.master), "a lock's node is none", () => lock);
    demand(!lock.resource.includes("\n"), "a resource has two lines", () => lock);
  }
  const bytes = fromByteString(input.padEnd(140, "\0").slice(0, 140));
  const note = dlmQuorum.pendingNote(dlmStructs.decodePendingChange(bytes));
  demand(note === undefined || note.startsWith("waiting "), "a note", () => note);
  const block = bytes.subarray(0, 32);
  const decoded = dlmValues.decodeBlock(block);
  const changed = dlmValues.decodeBlock(
    dlmValues.changedBlock(block, { version: 9, removed: false }),
  );
  demand(changed.resourceVersion === 9, "a version is not written");
  demand(decoded.version === 0 || changed.version === decoded.version, "the format changes");
  const cluster = dlmArgs.clusterOf(input.slice(0, 64));
  const args = cluster === undefined ? undefined : dlmArgs.vgArgsOf(cluster);
  if (args !== undefined) demand(dlmArgs.clusterOf(args) === cluster, "the cluster is another");
}

function checkSystemFiles({ dlmSystem }: Modules, folder: string, input: string): void {
  const cluster = join(folder, "sys/kernel/config/dlm/cluster");
  const [name = "", local = "", node = "", ...members] = input.split("\0").map((word) =>
    word.slice(0, 255)
  );
  Deno.mkdirSync(join(cluster, "comms/1"), { recursive: true });
  Deno.writeFileSync(join(cluster, "cluster_name"), fromByteString(name));
  Deno.writeFileSync(join(cluster, "comms/1/local"), fromByteString(local));
  Deno.writeFileSync(join(cluster, "comms/1/nodeid"), fromByteString(node));
  const nodes = join(cluster, "spaces/lvm_a/nodes");
  Deno.mkdirSync(nodes, { recursive: true });
  const made = [...new Set(members.slice(0, 3))].filter((member) =>
    /^[\x20-\x2e\x30-\x7e]{1,99}$/.test(member) && !/^\.+$/.test(member)
  );
  for (const member of made) Deno.writeTextFileSync(join(nodes, member), "");
  const files = new dlmSystem.SystemFiles(folder);
  demand(
    files.clusterName() === name.split("\n")[0],
    "the cluster's name is another",
    () => files.clusterName(),
  );
  const found = files.localNode();
  demand(
    found === undefined || Number.isInteger(found) && found > 0,
    "a number that is none",
    () => found,
  );
  demand(
    files.members("lvm_a")?.every((n) => Number.isInteger(n)),
    "members",
    () => files.members("lvm_a"),
  );
  demand(files.members("lvm_b") === undefined, "a lockspace that is not there has members");
  for (const member of made) Deno.removeSync(join(nodes, member));
}

export const dlmStatus = inFolder({
  name: "dlm-status",
  about: "what the kernel and the DLM's programs tell",
  modules: [
    "backends/dlm/tools.ts",
    "backends/dlm/quorum.ts",
    "backends/dlm/structs.ts",
    "backends/dlm/system_files.ts",
    "backends/dlm/lock_args.ts",
    "backends/dlm/value_block.ts",
  ],
  seeds: [
    "cluster nodeid 1 quorate 1 ring seq 9 9\ndaemon now 94 fence_pid 0 \nnode 1 M add 80 rem 0\n",
    lockDump,
    names,
    "cluster\n\x001\x0011\n\x001\x002\x003",
    "\0".repeat(48) + "\x01\0\0\0",
    "1.0.0:more:cluster",
  ],
  words: [
    "\n",
    "node ",
    " M ",
    " (u32) = ",
    "nodelist.node.",
    ".nodeid",
    "MSTCPY",
    '"',
    "id ",
    "\0",
    "1",
  ],
  maxLength: 2000,
  check: () => {},
}, (modules, folder, input) => {
  checkDlmTools(modules, input);
  checkSystemFiles(modules, folder, input);
});
