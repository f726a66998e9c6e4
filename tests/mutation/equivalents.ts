/**
 * Lines of the lock table of which changes make no difference that anybody could see, each with the
 * reason. Judged by hand; a line that stands several times in its file is meant wherever it stands.
 *
 * @module
 */
import type { Mutation } from "./mutations.ts";

interface Equivalent {
  file: string;
  /** The line, as it stands in the source without its indentation. */
  line: string;
  /** What is changed there, and into what; all changes to the line if absent. */
  from?: string;
  to?: string;
  why: string;
}

const quicker = "only spares a walk through a queue in which nothing would be found";
const dropped = "the request is forgotten before anything looks at it again";

const equivalents: readonly Equivalent[] = [
  {
    file: "sweep",
    line: "if (r.lockCount == 0 || !heldDecides(r)) return false;",
    why: quicker,
  },
  { file: "sweep", line: "if (r.waiting.others == 0) return false;", to: "false", why: quicker },
  { file: "sweep", line: "if (r.kept != null) return true;", to: "true", why: quicker },
  { file: "sweep", line: "if (r.lockCount > r.waiting.size) return true;", why: quicker },
  {
    file: "sweep",
    line: "while (r.waiting.size > 0 || r.orphans > 0) {",
    from: ">",
    to: ">=",
    why: quicker,
  },
  { file: "kill", line: "if (r.waiting.size > 0) refuseWaiting(r);", to: "true", why: quicker },
  { file: "kill", line: "if (r.waiting.size > 0) refuseWaiting(r);", to: ">=", why: quicker },
  {
    file: "grants",
    line: "if (action.mode == EX && claim.mode == SH && r.shCount > 1) {",
    from: "action.mode == EX &&",
    to: "",
    why: "a conversion changes the mode, so what is not shared becomes exclusive",
  },
  { file: "serve", line: "action.inFlight = false;", why: dropped },
  { file: "effects", line: "action.timer = 0;", why: dropped },
  {
    file: "sweep",
    line: "if (action == unlocking || !matches || action.inFlight) continue;",
    from: "|| action.inFlight",
    to: "",
    why: "nothing is swept while a call for the resource is under way",
  },
  {
    file: "calls",
    line: "if (resource.rt != RT_LV) return;",
    why: "hosts take no name or lease from calls about other locks than those of LVs",
  },
  {
    file: "lockspace",
    line: "resource.listNext = null;",
    why: "the resource is given back with that",
  },
];

/** Why a mutation makes no difference; undefined if nobody has said so. */
export function whyEquivalent(mutation: Mutation, source: string): string | undefined {
  const text = source.split("\n")[mutation.line - 1]?.trim();
  return equivalents.find(({ file, line, from, to }) =>
    file === mutation.file && line === text &&
    (from === undefined || from === mutation.from.trim()) &&
    (to === undefined || to === mutation.to)
  )?.why;
}
