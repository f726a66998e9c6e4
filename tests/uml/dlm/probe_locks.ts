/**
 * What the kernel has of some of the DLM's locks, found out by asking for them: this works where it has
 * no list of them, and sees those of daemons that died. Runs on a host of a scenario and is asked, at
 * moments when nobody else asks the DLM, by lines of words LOCKSPACE:RESOURCE on its standard input.
 * Answers with a line for each: `free`, `PR` or `EX`, and what its value block says unless the lock is
 * EX; then with the line `.`. A lockspace that the host is not in has no line.
 *
 * @module
 */
import type { DlmHandle } from "../../../backends/dlm/client.ts";
import { DlmMode, LockFlag } from "../../../backends/dlm/constants.ts";
import { loadDlm } from "../../../backends/dlm/library.ts";
import { TextLineStream } from "../lines.ts";

const { convert, expedite, noqueue, valblk } = LockFlag;

/** Leaves everything as it was: what is read is never written. */
async function probe(handle: DlmHandle, name: string): Promise<string> {
  const withValue = name.length === 4;
  const value = withValue ? valblk : 0;
  const lock = handle.makeLock(name, withValue);
  if (await handle.lock(lock, DlmMode.nl, expedite | value) !== 0) throw new Error(`no ${name}`);
  let found = "EX";
  if (await handle.lock(lock, DlmMode.pr, convert | noqueue | value) === 0) {
    const bytes = [...lock.value?.subarray(0, 8) ?? []];
    const said = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const isFree = await handle.lock(lock, DlmMode.ex, convert | noqueue) === 0;
    found = `${isFree ? "free" : "PR"} ${said}`.trimEnd();
    await handle.lock(lock, DlmMode.nl, convert);
  }
  await handle.unlock(lock);
  handle.drop(lock);
  return found;
}

const library = loadDlm();
const questions = Deno.stdin.readable.pipeThrough(new TextDecoderStream())
  .pipeThrough(new TextLineStream());
for await (const question of questions) {
  for (const word of question.trim().split(/ +/)) {
    const [lockspace = "", resource = ""] = word.split(":");
    const handle = await library.open(lockspace);
    if (handle === undefined) continue;
    console.log(`${lockspace} ${resource} ${await probe(handle, resource)}`);
    await handle.close();
  }
  console.log(".");
}
