/**
 * The HTTP interface behind its real socket: any bytes.
 *
 * @module
 */
import { join } from "node:path";
import { PROBLEM_JSON } from "../../../core/api/schemas/problem.ts";
import { Wire } from "../../integration/wire.ts";
import { TestDaemon } from "../engine/daemon.ts";
import { loadProgram } from "../engine/program.ts";
import { demand, type Subject, type Target } from "../engine/target.ts";
import { demandCleanPrototypes } from "../engine/text_target.ts";
import { lv, paths, vg1, words } from "./http_app.ts";

const raw = (method: string, path: string, body: string, more = "") =>
  `${method} ${path} HTTP/1.1\r\nHost: lvmlockd\r\nContent-Type: application/json\r\n` +
  `Content-Length: ${body.length}\r\n${more}\r\n${body}`;

const rawRequests = [
  "GET /v1/status HTTP/1.1\r\nHost: lvmlockd\r\nConnection: close\r\n\r\n",
  "GET /v1/locks?vg=vg0&type=lv HTTP/1.0\r\n\r\n",
  "GET http://other/v1/status HTTP/1.1\r\nHost: other\r\n\r\n",
  "HEAD /v1/status HTTP/1.1\r\nHost: a\r\n\r\n",
  "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
  raw("POST", "/v1/lockspaces/vg1/start", JSON.stringify(vg1)),
  raw("POST", "/v1/locks?deadlineMs=100", JSON.stringify({ ...lv, mode: "ex" })),
  raw("POST", "/v1/sessions", '{"command":"fuzz"}', "Expect: 100-continue\r\n"),
  'POST /v1/sessions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"a":\r\n2\r\n1}\r\n0\r\n\r\n',
  raw("GET", "/v1/status", "", "Upgrade: h2c\r\nConnection: Upgrade\r\n"),
];

const rawWords = words.concat([
  "\r\n",
  "\r\n\r\n",
  "\n",
  ":",
  "0\r\n",
  "HTTP/1.1",
  "chunked",
  "\0",
  " ",
])
  .concat([
    "Content-Length: 5\r\n",
    "Transfer-Encoding: ",
    "Host: a\r\n",
    "ffffffffffffffff\r\n",
    "\t",
  ]);

/** The head of the answer; undefined if the connection is closed instead. */
async function talk(path: string, text: string): Promise<string | undefined> {
  using wire = await Wire.open(path);
  try {
    await wire.send(text);
    await wire.finish();
    return await wire.upTo("\r\n\r\n");
  } catch (error) {
    // It may close before it has read everything.
    if (error instanceof Deno.errors.BrokenPipe) return undefined;
    if (error instanceof Deno.errors.ConnectionReset) return undefined;
    if (error instanceof Deno.errors.NotConnected) return undefined;
    throw error;
  }
}

function checkHead(head: string): void {
  const [first = "", ...lines] = head.split("\r\n");
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1]);
  demand(status >= 100 && status < 600 && status !== 500, "not an answer", () => head);
  const type = lines.map((line) => /^content-type: (.*)$/i.exec(line)?.[1]).find(Boolean);
  // 501 and the like would be Node's own, without a body.
  demand(status < 400 || type === PROBLEM_JSON, "an error is no problem+json", () => head);
}

export const httpSocket: Target = {
  name: "http-socket",
  about: "any bytes to the socket of the HTTP interface",
  seeds: () => rawRequests,
  words: rawWords,
  maxLength: 3000,
  async open(): Promise<Subject> {
    const program = await loadProgram();
    const daemon = new TestDaemon(program.modules);
    const folder = await Deno.makeTempDir({ dir: "/dev/shm" });
    const path = join(folder, "api");
    const server = await program.modules.apiServer.serveApi(daemon.service, {
      path,
      report: (error) => daemon.failed(error),
    });
    return {
      coverage: program.coverageOf(paths),
      words: program.wordsOf(paths),
      async run(input) {
        daemon.renew();
        const head = await talk(path, input);
        if (head !== undefined) checkHead(head);
        const next = await talk(path, rawRequests[0]!);
        demand(next?.startsWith("HTTP/1.1 200 "), "the next client is not served", () => next);
        daemon.demandHealth();
        demandCleanPrototypes();
      },
      async close() {
        await server.stop();
        await Deno.remove(folder, { recursive: true });
      },
    };
  },
};
