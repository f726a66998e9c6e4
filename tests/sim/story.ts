/**
 * What happened last, for people who look for the cause of a violation.
 *
 * @module
 */
import { errnoName } from "../../core/errno.ts";
import { Mode, Op, type Reply, ResourceType } from "../../core/types.ts";
import type { Asked, Call, CallAnswer } from "./checker.ts";

/** Lines kept. */
const KEPT = 4000;

const nameOf = (table: Record<string, number>, value: number) =>
  Object.entries(table).find(([, number]) => number === value)?.[0] ?? String(value);

export class Story {
  #lines: string[] = [];

  constructor(private readonly elapsed: () => number, readonly told: boolean) {}

  say(text: string): void {
    if (!this.told) return;
    this.#lines.push(`${(this.elapsed() / 1000).toFixed(3).padStart(10)}  ${text}`);
    if (this.#lines.length > 2 * KEPT) this.#lines = this.#lines.slice(-KEPT);
  }

  call(call: Call): void {
    this.say(`  h${call.daemon.host.number}   ${describe(call)}`);
  }

  answer(call: Call, { result, valueBlock }: CallAnswer): void {
    const block = valueBlock === undefined ? "" : ` version ${valueBlock.resourceVersion}`;
    const outcome = result < 0 ? errnoName(result) : result;
    this.say(`  h${call.daemon.host.number}   ${describe(call)} = ${outcome}${block}`);
  }

  asked({ session, client, id, request }: Asked): void {
    const { op, resourceType, vgName, lvUuid, mode, flags, version } = request;
    const about = [nameOf(ResourceType, resourceType), vgName, shortened(lvUuid)].join(" ");
    this.say(
      `  h${session.host.number} ${session.name} ${client}/${id || "new"}: ${
        nameOf(Op, op)
      } ${about} ` +
        `${nameOf(Mode, mode)} flags ${flags.toString(16)} version ${version}`,
    );
  }

  replied({ session, client, request }: Asked, { result }: Reply): void {
    const outcome = result < 0 ? errnoName(result) : result;
    this.say(
      `  h${session.host.number} ${session.name} ${client}: ${nameOf(Op, request.op)} = ${outcome}`,
    );
  }

  last(lines: number): string[] {
    return this.#lines.slice(-lines);
  }
}

const shortened = (uuid: string) => uuid.replaceAll("-", "").replace(/0+$/, "");

function describe({ name, lockspace, resource, mode, version, force, freeVg }: Call): string {
  const words = [name, lockspace];
  if (resource !== "") words.push(resource.length > 4 ? shortened(resource) : resource);
  if (mode !== Mode.iv) words.push(nameOf(Mode, mode));
  if (version !== 0) words.push(`v${version}`);
  if (force) words.push("force");
  if (freeVg) words.push("free");
  return words.join(" ");
}
