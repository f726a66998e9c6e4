/** Tests of what all calls share: errors of the interface itself, bodies, and the description. */
import { assert, assertEquals, assertExists, assertStringIncludes } from "@std/assert";
import { assertProblem, lvUuid, startBody, TestApi } from "./test_tools.ts";

const json = { "content-type": "application/json" };

Deno.test("an unknown address is a 404 problem", async () => {
  const problem = assertProblem(await new TestApi().get("/v2/status"), 404, "no-such-route");
  assertStringIncludes(problem.detail, "/v2/status");
  assertEquals(problem.type, "urn:lvmlockd:problem:no-such-route");
});

Deno.test("a wrong method is a 405 problem that names the right ones", async () => {
  const api = new TestApi();
  const answer = await api.post("/v1/status");
  assertProblem(answer, 405, "method-not-allowed");
  assertEquals(answer.headers.get("allow"), "GET");
  assertEquals((await api.get("/v1/locks/release")).headers.get("allow"), "POST");
  const both = await api.app.request("/v1/locks", { method: "DELETE" });
  assertEquals([both.status, both.headers.get("allow")], [405, "GET, POST"]);
  await both.body?.cancel();
});

for (
  const [what, body] of [
    ["text that is no JSON", "{"],
    ["a NUL byte", '{"a":"\0"}'],
    ["bytes that are not UTF-8", new Uint8Array([0x22, 0xff, 0x22])],
  ] as const
) {
  Deno.test(`${what} is a 400 problem`, async () => {
    const answer = await new TestApi().post("/v1/locks", null, { body });
    const problem = assertProblem(answer, 400, "invalid-json");
    assert(problem.detail.length > 0 && !problem.retryable);
  });
}

for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonp"]) {
  Deno.test(`content type ${type} is a 415 problem`, async () => {
    const headers = { "content-type": type };
    const answer = await new TestApi().post("/v1/locks", {}, { headers });
    assertProblem(answer, 415, "unsupported-content-type");
  });
}

Deno.test("a body without a content type is a 415 problem", async () => {
  const body = new TextEncoder().encode("{}");
  const answer = await new TestApi().post("/v1/locks", {}, { headers: {}, body });
  assertProblem(answer, 415, "unsupported-content-type");
});

Deno.test("a content type with a charset is accepted", async () => {
  const api = new TestApi();
  const headers = { "content-type": "Application/JSON; charset=utf-8" };
  assertEquals((await api.post("/v1/lockspaces/vg0/start", startBody, { headers })).status, 200);
});

Deno.test("a body that may be left out may be left out", async () => {
  const api = new TestApi();
  await api.start("vg0");
  const response = await api.app.request("/v1/lockspaces/vg0/stop", { method: "POST" });
  assertEquals([response.status, (await response.json()).changed], [200, true]);
});

Deno.test("each field that is wrong is named", async () => {
  const body = { type: "lv", vg: "-rf", lvUuid: "x", mode: "nl", extra: 1 };
  const answer = await new TestApi().post("/v1/locks", body);
  const { errors } = assertProblem(answer, 422, "invalid-request");
  const fields = errors!.map(({ field, in: place }) => `${place}${field}`);
  assertEquals(fields.sort(), ["body", "body/lvUuid", "body/mode", "body/vg"]);
  assertStringIncludes(errors!.find(({ field }) => field === "")!.message, "extra");
});

Deno.test("a transient lock without a session is refused by name of the field", async () => {
  const answer = await new TestApi().post("/v1/locks", { type: "gl", mode: "sh" });
  const { errors } = assertProblem(answer, 422, "invalid-request");
  assertEquals(errors!.map(({ field }) => field), ["/session"]);
});

const hostileVgs = ["..%2f", "-x", "a%00b", "a%0ab", "a%20b", "%ff", "v".repeat(60), "vg%2f0", "é"];
for (const vg of hostileVgs) {
  Deno.test(`VG name ${vg.slice(0, 12)} is refused before the table sees it`, async () => {
    const api = new TestApi();
    const answer = await api.post(`/v1/lockspaces/${vg}/start`, startBody);
    const { errors } = assertProblem(answer, 422, "invalid-request");
    assertEquals(errors!.map(({ in: place, field }) => [place, field]), [["path", "vg"]]);
    assertEquals(api.service.lockspaces.size, 0);
  });
}

for (const name of [".", "..", "vg/0", "vg\0", "vg\n", "", 5, null]) {
  Deno.test(`VG name ${JSON.stringify(name)} in a body is refused`, async () => {
    const body = { type: "vg", vg: name, mode: "sh", persistent: true };
    assertProblem(await new TestApi().post("/v1/locks", body), 422, "invalid-request");
  });
}

for (const uuid of [lvUuid.slice(1), `${lvUuid}x`, lvUuid.replaceAll("-", "_"), `${lvUuid}\n`]) {
  Deno.test(`LV UUID ${JSON.stringify(uuid)} is refused`, async () => {
    const body = { type: "lv", vg: "vg0", lvUuid: uuid, mode: "sh", persistent: true };
    assertProblem(await new TestApi().post("/v1/locks", body), 422, "invalid-request");
  });
}

for (const deadline of ["0", "-1", "1.5", "600001", "1e3", "", "x", "1&deadlineMs=2"]) {
  Deno.test(`deadlineMs=${deadline} is refused`, async () => {
    const answer = await new TestApi().get(`/v1/locks?deadlineMs=${deadline}`);
    const { errors } = assertProblem(answer, 422, "invalid-request");
    assertEquals(errors!.map(({ in: place, field }) => [place, field]), [["query", "deadlineMs"]]);
  });
}

Deno.test("a parameter that does not exist is refused rather than ignored", async () => {
  assertProblem(await new TestApi().get("/v1/locks?tpye=lv"), 422, "invalid-request");
});

Deno.test("a body over the limit is a 413 problem, announced or not", async () => {
  const api = new TestApi({ limits: { bodyMaxBytes: 100 } });
  const long = JSON.stringify({ command: "x".repeat(200) });
  const announced = { ...json, "content-length": `${long.length}` };
  for (const headers of [json, announced]) {
    const answer = await api.post("/v1/sessions", null, { headers, body: long });
    assertProblem(answer, 413, "body-too-large");
    assertEquals(answer.headers.get("connection"), "close");
  }
});

Deno.test("a body that stops arriving is a 408 problem", async () => {
  const api = new TestApi({ limits: { bodyTimeoutMs: 1 } });
  const body = new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(1)) });
  assertProblem(await api.post("/v1/locks", null, { body }), 408, "slow-body");
});

Deno.test("a fault of the daemon is a 500 problem that says nothing of its inside", async () => {
  const reported: unknown[] = [];
  const api = new TestApi({ report: (error) => reported.push(error) });
  const fault = new Error("secret");
  api.service.inspect = () => {
    throw fault;
  };
  const answer = await api.get("/v1/locks");
  assertProblem(answer, 500, "internal-error");
  assert(!JSON.stringify(answer.body).includes("secret"));
  assertEquals(reported, [fault]);
});

Deno.test("every call is described, with problems and with schemas that exist", async () => {
  const api = new TestApi();
  const { body } = await api.get("/v1/openapi.json");
  assertEquals(body.openapi, "3.1.0");
  const described = Object.entries<Record<string, unknown>>(body.paths)
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`));
  const served = api.app.routes
    .filter(({ method, path }) => method !== "ALL" && path !== "/v1/openapi.json")
    .map(({ method, path }) => `${method.toLowerCase()} ${path.replace(/:(\w+)/g, "{$1}")}`);
  assertEquals(described.sort(), [...new Set(served)].sort());
  for (const [, name] of JSON.stringify(body).matchAll(/#\/components\/schemas\/(\w+)/g)) {
    assertExists(body.components.schemas[name!], name);
  }
  const responses = body.paths["/v1/locks"].post.responses;
  assertEquals(Object.keys(responses), ["200", "404", "409", "410", "503", "504", "4XX", "5XX"]);
});
