/** Tests of the server and the client over a real socket. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { connectApi, ProblemError, resultOf } from "./client.ts";
import { type ApiServer, serveApi, type ServeOptions } from "./server.ts";
import { TestService } from "./test_service.ts";

interface Served {
  service: TestService;
  server: ApiServer;
  path: string;
}

async function serving(
  options: ServeOptions,
  test: (served: Served) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir();
  const path = `${dir}/api.socket`;
  const service = new TestService();
  const report = (error: unknown) => {
    throw error;
  };
  const server = await serveApi(service, { path, report, ...options });
  try {
    await test({ service, server, path });
  } finally {
    await server.stop();
    await Deno.remove(dir, { recursive: true });
  }
}

/** Sends text as it is and reads all that comes until the server closes. */
async function talk(path: string, ...parts: string[]): Promise<string> {
  using connection = await Deno.connect({ transport: "unix", path });
  const encoder = new TextEncoder();
  for (const part of parts) await connection.write(encoder.encode(part));
  return await new Response(connection.readable).text();
}

Deno.test("the socket is there for its owner only, and is gone after the stop", async () => {
  await serving({}, async ({ path, server }) => {
    const info = Deno.lstatSync(path);
    assert(info.isSocket);
    assertEquals(info.mode! & 0o777, 0o600);
    await server.stop();
    await assertRejects(() => Deno.lstat(path), Deno.errors.NotFound);
  });
});

Deno.test("a second server does not take the socket of the first", async () => {
  await serving({}, async ({ path, service }) => {
    await assertRejects(() => serveApi(service, { path }), Error, "another daemon serves it");
    using client = connectApi(path);
    assertEquals((await resultOf(client.api.v1.status.$get({ query: {} }))).version, "1.2.3");
  });
});

Deno.test("a directory that does not exist is a clear error", async () => {
  const path = "/nonexistent/api.socket";
  await assertRejects(
    () => serveApi(new TestService(), { path }),
    Error,
    `Cannot listen on "${path}"`,
  );
});

Deno.test("a stop leaves alone a socket that someone else has put there", async () => {
  await serving({}, async ({ path, server }) => {
    await Deno.remove(path);
    using _other = Deno.listen({ transport: "unix", path });
    await server.stop();
    assert(Deno.lstatSync(path).isSocket);
  });
});

Deno.test("a body may come with its headers or piece by piece; an answer tells its length", async () => {
  await serving({}, async ({ path }) => {
    const body = JSON.stringify({ lockType: "dlm", lockArgs: "1.0.0:test" });
    const headers = "POST /v1/lockspaces/vg0/start HTTP/1.1\r\nhost: x\r\nconnection: close\r\n" +
      `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
    const answers = [
      await talk(path, headers + body),
      await talk(path, headers, body.slice(0, 5), body.slice(5)),
    ];
    for (const answer of answers) {
      const [head, text] = answer.split("\r\n\r\n", 2) as [string, string];
      assertStringIncludes(head, "HTTP/1.1 200");
      assertStringIncludes(head.toLowerCase(), `content-length: ${text.length}`);
      assertEquals(JSON.parse(text).vg, "vg0");
    }
  });
});

Deno.test("a body in chunks and what is pipelined behind it are read whole", async () => {
  await serving({}, async ({ path, service }) => {
    const args = "1.0.0:" + "x".repeat(20_000);
    const head = "POST /v1/lockspaces/vg0/start HTTP/1.1\r\nhost: x\r\n" +
      "content-type: application/json\r\n";
    const body = JSON.stringify({ lockType: "dlm", lockArgs: "1.0.0:test" });
    const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
    const chunked = `${head}transfer-encoding: chunked\r\n\r\n` + chunk(body.slice(0, 5)) +
      chunk(body.slice(5)) + chunk("");
    const long = JSON.stringify({ lockType: "dlm", lockArgs: args });
    const whole = `${head}content-length: ${long.length}\r\n\r\n${long}`;
    const last = "GET /v1/status HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    const answer = await talk(path, chunked + whole + chunked + last);
    const status = [...answer.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, code]) => Number(code));
    assertEquals(status, [200, 422, 200, 200]);
    assertEquals(service.lockspaces.size, 1);
  });
});

Deno.test("an answer to HEAD has no length that GET would not have", async () => {
  await serving({}, async ({ path }) => {
    const answer = await talk(
      path,
      "HEAD /v1/status HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
    );
    assertStringIncludes(answer, "HTTP/1.1 200");
    assertEquals(answer.toLowerCase().includes("content-length"), false);
  });
});

Deno.test("the typed client makes calls and gets problems as errors", async () => {
  await serving({}, async ({ path, service }) => {
    using client = connectApi(path);
    const start = client.api.v1.lockspaces[":vg"].start;
    const json = { lockType: "dlm", lockArgs: "1.0.0:test" } as const;
    const started = await resultOf(start.$post({ param: { vg: "vg0" }, query: {}, json }));
    assertEquals(started.state, "starting");
    service.joined("vg0");
    const lock = { type: "vg", vg: "vg1", mode: "ex", persistent: true } as const;
    const call = client.api.v1.locks.$post({ query: { deadlineMs: "5000" }, json: lock });
    const error = await assertRejects(() => resultOf(call), ProblemError, '"vg1"');
    assertEquals([error.problem.code, error.problem.status], ["ENOLS", 404]);
  });
});

Deno.test("a session lives as long as its connection", async () => {
  await serving({}, async ({ path, service }) => {
    using client = connectApi(path);
    const start = client.api.v1.lockspaces[":vg"].start;
    const json = { lockType: "dlm", lockArgs: "1.0.0:test" } as const;
    await resultOf(start.$post({ param: { vg: "vg0" }, query: {}, json }));
    service.joined("vg0");
    const session = await client.openSession({ command: "test", pid: 1 });
    const lock = { type: "vg", vg: "vg0", mode: "ex", session: session.id } as const;
    await resultOf(client.api.v1.locks.$post({ query: {}, json: lock }));
    const freed = Promise.withResolvers<void>();
    service.onChange(() => [...service.clients()].length === 0 && freed.resolve());
    session.close();
    await freed.promise;
    assertEquals(service.inspect().filter(({ kind }) => kind === "lock"), []);
  });
});

Deno.test("a caller that hangs up while it waits is noticed", async () => {
  await serving({}, async ({ path, service }) => {
    service.holdBack = true;
    const connection = await Deno.connect({ transport: "unix", path });
    const asked = Promise.withResolvers<void>();
    const cancelled = Promise.withResolvers<void>();
    service.onChange(() => asked.resolve());
    service.cancel = () => cancelled.resolve();
    const body = '{"type":"gl","mode":"ex","persistent":true}';
    await connection.write(new TextEncoder().encode(
      "POST /v1/locks HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n" +
        `content-length: ${body.length}\r\n\r\n${body}`,
    ));
    await asked.promise;
    connection.close();
    await cancelled.promise;
    service.proceed();
  });
});

Deno.test("a body that is announced too large is refused unread", async () => {
  await serving({}, async ({ path }) => {
    const head = "POST /v1/locks HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    const answer = await talk(path, `${head}content-length: 20971520\r\n\r\n{`);
    assertStringIncludes(answer, "HTTP/1.1 413");
    assertStringIncludes(answer, '"code":"body-too-large"');
  });
});

Deno.test("a body that stops arriving is answered and cut off", async () => {
  await serving({ limits: { bodyTimeoutMs: 20 } }, async ({ path }) => {
    const head = "POST /v1/locks HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    const answer = await talk(path, `${head}content-length: 50\r\n\r\n{`);
    assertStringIncludes(answer, "HTTP/1.1 408");
    assertStringIncludes(answer, '"code":"slow-body"');
  });
});

Deno.test("headers that stop arriving are answered and cut off", async () => {
  await serving({ headersTimeoutMs: 20 }, async ({ path }) => {
    const answer = await talk(path, "GET /v1/status HTTP/1.1\r\nhost: x\r\n");
    assertStringIncludes(answer, "HTTP/1.1 408");
    assertStringIncludes(answer, '"code":"slow-request"');
  });
});

for (
  const [what, text, status, code] of [
    ["text that is not HTTP", 'request="hello"\n##\n\r\n\r\n', 400, "bad-request"],
    ["a NUL byte in a header", "GET / HTTP/1.1\r\nhost: x\0\r\n\r\n", 400, "bad-request"],
    [
      "huge headers",
      `GET / HTTP/1.1\r\nx: ${"y".repeat(20_000)}\r\n\r\n`,
      431,
      "headers-too-large",
    ],
    [
      "both ways of telling the length",
      "POST / HTTP/1.1\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
      400,
      "bad-request",
    ],
    ["no Host header", "GET /v1/status HTTP/1.1\r\n\r\n", 400, "bad-request"],
    [
      "an expectation",
      "GET /v1/status HTTP/1.1\r\nhost: x\r\nexpect: more\r\n\r\n",
      417,
      "expectation-failed",
    ],
    [
      "an address that is no path",
      "OPTIONS * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
      404,
      "no-such-route",
    ],
  ] as const
) {
  Deno.test(`${what} is answered with ${code}`, async () => {
    await serving({}, async ({ path }) => {
      const answer = await talk(path, text);
      assertStringIncludes(answer, `HTTP/1.1 ${status}`);
      assertStringIncludes(answer, `"code":"${code}"`);
    });
  });
}

Deno.test("a stop ends streams and answers calls that wait", async () => {
  await serving({}, async ({ path, service, server }) => {
    using client = connectApi(path);
    const session = await client.openSession({ command: "test" });
    service.holdBack = true;
    const json = { type: "gl", mode: "ex", persistent: true } as const;
    const asked = Promise.withResolvers<void>();
    service.onChange(() => asked.resolve());
    const call = client.api.v1.locks.$post({ query: {}, json });
    await asked.promise;
    const stopped = server.stop();
    const error = await assertRejects(() => resultOf(call), ProblemError);
    assertEquals(error.problem.code, "shutting-down");
    const kinds = [];
    for await (const { event } of session.events) kinds.push(event);
    assertEquals(kinds, ["end"]);
    service.proceed();
    await stopped;
  });
});

Deno.test("a follower that goes away is forgotten", async () => {
  await serving({}, async ({ path, service }) => {
    using client = connectApi(path);
    for await (const event of client.events()) {
      assertEquals([event.event, service.listeners], ["sync", 1]);
      break;
    }
    while (service.listeners > 0) await client.api.v1.status.$get({ query: {} });
  });
});
