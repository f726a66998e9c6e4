/** The fast reader against the parser of the whole grammar. @module */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { ConfigTextError, parseConfigText } from "./config_text.ts";
import { Buffer } from "node:buffer";
import { type Key, Slot } from "./fields.ts";
import { readPlain } from "./plain_text.ts";
import { requestOf, toRequest } from "./request.ts";

const SENT = 'request="lock_lv"\ncmd ="lvchange"\npid =8132\nmode ="ex"\nopts ="persistent"\n' +
  'vg_name ="capvg"\nlv_name ="lv2"\nlv_uuid ="MtdEX2-GA2c-QSQF-qZJm-6EZK-o1We-aYbmhd"\n' +
  'vg_lock_type ="dlm"\nvg_lock_args ="1.0.0:test"\nlv_lock_args ="dlm"\n';

/** Other bytes follow, as in a buffer that is used again and again. */
function read(text: string) {
  return readPlain(Buffer.from(text + '"1"=\nx', "latin1"), text.length);
}

Deno.test("readPlain() reads what lvm and lvmlockctl send", () => {
  for (const text of [SENT, 'request = "hello"\n', 'request = "info"', SENT + "\n"]) {
    const plain = read(text);
    assert(plain, text);
    assertEquals(requestOf(plain), toRequest(parseConfigText(text)), text);
  }
});

Deno.test("readPlain() leaves the rest of the grammar alone", () => {
  const unusual = [
    'request="hello"\nrequest="quit"\n',
    'request="hello" pid=1\n',
    'request="hello" # comment\n',
    'request="hello"\nother="x"\n',
    'request="a\\"b"\n',
    'request="a\0b"\n',
    "request=hello\n",
    "request='hello'\n",
    'request="hello\n',
    'request="hello\n##\n"\n',
    'request="hello',
    'request="hello"\npid=',
    'request="hello"\npid',
    "pid=012\n",
    "pid=0x10\n",
    "pid=-1\n",
    "pid=1.5\n",
    "pid=12345678901\n",
    "pid=\n",
    "pid\n",
    'pid\t="1"\n',
    'section { pid="1" }\n',
    "}",
  ];
  for (const text of unusual) assertEquals(read(text), undefined, text);
});

Deno.test("readPlain() agrees with parseConfigText() wherever it answers", () => {
  const key = often(["request", "pid", "mode", "lv_uuid", "version"], ["x", "path[0]", ""]);
  const word = often(["ex", "a b", "#", "=", "{", "17"], ['"', "\\", "\0", "\n"]);
  const value = fc.oneof(
    fc.array(word, { maxLength: 3 }).map((words) => `"${words.join("")}"`),
    fc.integer().map(String),
    fc.nat({ max: 99 }).map(String),
    word,
  );
  const blank = often(["", " "], ["  ", "\t", "\n", "\r"]);
  const equals = often(["="], ["==", ""]);
  const end = often([""], [" ", "\n", "#"]);
  const pair = fc.tuple(key, blank, equals, blank, value, end)
    .map((parts) => parts.join("") + "\n");
  let answers = 0;
  fc.assert(
    fc.property(fc.array(pair, { maxLength: 4 }), (pairs) => {
      const text = pairs.join("");
      const plain = read(text);
      if (plain === undefined || text === "") return;
      answers++;
      const whole = parsed(text);
      for (const name of ["request", "pid", "mode", "lv_uuid", "version"] satisfies Key[]) {
        assertEquals(plain.values[Slot[name]], whole.get(name));
      }
    }),
    { numRuns: 20_000 },
  );
  assert(answers > 100, `only ${answers} plain texts`);
});

/** Mostly one of the usual ones, so that many texts are plain. */
function often(usual: string[], unusual: string[]) {
  const weighted = { arbitrary: fc.constantFrom(...usual), weight: 9 };
  return fc.oneof(weighted, { arbitrary: fc.constantFrom(...unusual), weight: 1 });
}

function parsed(text: string) {
  try {
    return parseConfigText(text);
  } catch (error) {
    if (error instanceof ConfigTextError) throw new Error(`readPlain() accepted ${text}`);
    throw error;
  }
}
