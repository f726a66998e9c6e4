/**
 * A real native socket: requests in pieces, ends in the middle, whatever comes.
 *
 * @module
 */
import { join } from "node:path";
import { Errno } from "../../../core/errno.ts";
import { LockType, Op, OptionFlag, ResourceType } from "../../../core/types.ts";
import { Wire } from "../../integration/wire.ts";
import { TestDaemon } from "../engine/daemon.ts";
import { loadProgram } from "../engine/program.ts";
import { demand, type Subject, type Target } from "../engine/target.ts";
import { demandCleanPrototypes } from "../engine/text_target.ts";
import { END, nativeRequests, vg } from "./requests.ts";

/** Where an input is cut: what comes before is sent on its own. */
const CUT = "\x1f";
/** At the beginning of an input: the connection is closed at once, without reading. */
const HANG_UP = "\x1c";

const paths = ["core/native/"];
const results = new Set<number>(Object.values(Errno));
const vg0 = {
  resourceType: ResourceType.vg,
  vgName: vg.vg_name,
  vgArgs: vg.vg_lock_args,
  lockType: LockType.dlm,
};
/** Asked in the name of another client, after each input. */
const hello = 'request = "hello"\n' + END;

/** Texts that are answered by datagrams to a name that all daemons of the host share. */
const sendsDatagrams = /request\s*=?\s*['"]?(info|dump)/;

function checkReply(
  modules: Awaited<ReturnType<typeof loadProgram>>["modules"],
  text: string,
): void {
  const fields = modules.nativeText.parseReply(text);
  demand(fields.get("response") === "OK", "a reply is not OK", () => text);
  const result = fields.get("op_result") ?? fields.get("result");
  demand(typeof result === "number", "a reply has no result", () => text);
  demand(
    result >= 0 || results.has(-result),
    "a result that the protocol does not know",
    () => text,
  );
}

async function send(wire: Wire, text: string): Promise<void> {
  for (const piece of text.split(CUT)) {
    await wire.send(piece);
    // The server takes it before the next piece comes.
    await new Promise((next) => setImmediate(next));
  }
}

const [, , , , start, lockVg] = nativeRequests;

export const nativeSocket: Target = {
  name: "native-socket",
  about: "requests through a real socket, in pieces, to the whole daemon",
  seeds: () => [
    ...nativeRequests,
    start! + lockVg!,
    lockVg! + CUT + nativeRequests[8]! + nativeRequests[6]! + CUT + nativeRequests[9]!,
    start! + nativeRequests[8]! + nativeRequests[9]!,
    start! + nativeRequests[8]! + nativeRequests[16]!,
    start!.slice(0, 20) + CUT + start!.slice(20) + "\n#" + CUT + "#\n",
    HANG_UP + start! + nativeRequests[8]! + lockVg!.slice(0, 30),
  ],
  words: [END, CUT, "\n##", '"', "=", "\\", "{", "}", "[", "\0", "start_vg", "persistent", "force"],
  maxLength: 3000,
  async open(): Promise<Subject> {
    const program = await loadProgram();
    const { modules } = program;
    const daemon = new TestDaemon(modules);
    const folder = await Deno.makeTempDir({ dir: "/dev/shm" });
    const path = join(folder, "native");
    const poller = new modules.poller.Poller();
    const options = { path, infoLayout: "2.03.16" } as const;
    const server = await modules.nativeServer.NativeServer.listen(poller, daemon.service, options);

    const begin = async () => {
      daemon.renew();
      await daemon.ask({ ...vg0, op: Op.start, flags: OptionFlag.wait });
    };
    const talk = async (text: string) => {
      using wire = await Wire.open(path);
      await send(wire, text);
      await wire.finish();
      const replies: string[] = [];
      for (const _ of text.replaceAll(CUT, "").split(END).slice(1)) {
        const reply = await wire.reply();
        demand(reply !== undefined, "a request is not answered");
        checkReply(modules, reply);
        replies.push(reply);
      }
      demand(await wire.rest() === "", "there are more replies than requests");
      return replies.join(END);
    };
    /** In pieces, and as a whole: the answers are the same. */
    const talkTwice = async (text: string) => {
      const replies = await talk(text);
      // While a VG starts, and it may take a moment, locks are refused.
      if (!text.includes(CUT) || text.includes("start")) return;
      await begin();
      const again = await talk(text.replaceAll(CUT, ""));
      demand(replies === again, "replies depend on the pieces", () => [replies, again]);
    };
    const hangUp = async (text: string) => {
      using wire = await Wire.open(path);
      await send(wire, text);
    };
    return {
      coverage: program.coverageOf(paths),
      words: program.wordsOf(paths),
      async run(input) {
        if (sendsDatagrams.test(input)) return;
        await begin();
        if (input.startsWith(HANG_UP)) await hangUp(input.slice(1));
        else await talkTwice(input);
        using next = await Wire.open(path);
        demand(await next.ask(hello) !== undefined, "the next client is not served");
        daemon.demandHealth();
        demandCleanPrototypes();
      },
      async close() {
        await server.close();
        await poller.close();
        await Deno.remove(folder, { recursive: true });
      },
    };
  },
};
