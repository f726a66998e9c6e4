/**
 * Nothing that the lock table remembers is forgotten in the canonical form of a state: every field
 * is written down there, or is named here with the reason why it need not be.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";

const leftOut: Record<string, string> = {
  id: "a name; what it names is written where it is come by",
  request: "a name; requests for one resource are ranked by it",
  takenBy: "listed for people, never looked at",
  since: "the clock",
  now: "the clock",
  startFlags: "never looked at",
  served: "every world begins with a request",
  test: "options, the same in all states of a world",
  supported: "options",
  forgets: "options",
  lastLockspaceId: "the next name",
  lastTimer: "the next name",
  timers: "each is written where it is referred to",
  clients: "each is written where it is referred to, or as one that is idle",
  lockspaces: "an index of what is listed",
  lvs: "an index of what is listed",
  lastLockspace: "the end of a list that is written from its beginning",
  lastLock: "the end of a list",
  lastResource: "the end of a list",
  last: "the end of a list",
  clientPrev: "a list backwards",
  listPrev: "a list backwards",
  ownerGeneration: "told in the answer that follows at once",
  ownerTimestamp: "told in the answer that follows at once",
  ownerName: "told in the answer that follows at once",
  ownerState: "told in the answer that follows at once",
  others: "counted from what is listed",
  shCount: "counted from what is listed",
  orphans: "counted from what is listed",
  lvLockCount: "counted from what is listed",
  gl: "one of the resources listed",
  vg: "one of the resources listed",
  vgName: "the name again",
  name: "its hash is written; worlds have few names",
  isGlobal: "by its name",
};

/** Names of the fields that classes of a source declare, parameters of constructors among them. */
function fieldsOf(source: string): string[] {
  const declared = [...source.matchAll(/^ {2}(?:private )?(\w+): [^(\n]*?(?:;$| = )/gm)];
  const parameters = [...source.matchAll(/(?:public|private) (\w+):/g)];
  return [...declared, ...parameters].map(([, name]) => name!);
}

Deno.test("every field of the table is part of a state, or named as one that is not", async () => {
  const read = (name: string) => Deno.readTextFile(new URL(name, import.meta.url));
  const canonical = await read("canonical.as");
  const files = ["table", "client", "action", "lock", "resource", "lockspace", "calls"];
  const fields: string[] = [];
  for (const file of files) fields.push(...fieldsOf(await read(`../../wasm/${file}.ts`)));
  assert(fields.length > 90, `${fields.length} fields`);
  const written = (field: string) => new RegExp(`\\.${field}\\b`).test(canonical);
  assertEquals(fields.filter((field) => !written(field) && leftOut[field] === undefined), []);
});
