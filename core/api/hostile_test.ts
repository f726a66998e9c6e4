/** Whatever is sent, the answer is a success or a problem that is the sender's own. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Problem } from "./schemas/problem.ts";
import { lvUuid, TestApi } from "./test_tools.ts";

const posts = [
  "/v1/locks",
  "/v1/locks/convert",
  "/v1/locks/release",
  "/v1/lockspaces/vg0/start",
  "/v1/lockspaces/vg0/stop",
  "/v1/lockspaces/vg0/kill",
  "/v1/lockspaces/vg0/drop",
];

/** Values near what fields expect, and any others. */
const value = fc.oneof(
  fc.constantFrom("gl", "vg", "lv", "sh", "ex", "dlm", "vg0", "1.0.0:test", lvUuid, true, 1, null),
  fc.string({ unit: "binary" }),
  fc.jsonValue(),
);
const fields = ["type", "vg", "lvUuid", "mode", "persistent", "session", "lockType", "lockArgs"];
const body = fc.oneof(
  fc.dictionary(fc.constantFrom(...fields, "wait", "force", "__proto__"), value, { maxKeys: 8 })
    .map((object) => JSON.stringify(object)),
  fc.jsonValue().map((any) => JSON.stringify(any)),
  fc.string({ unit: "binary" }),
);

async function assertSound(response: Response): Promise<void> {
  const answer = await response.json();
  if (response.status === 200) return;
  assert(response.status < 500 || [501, 503, 504].includes(response.status), answer.code);
  assertEquals(Problem.strict().parse(answer).status, response.status);
}

Deno.test("any body gets a sound answer", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.constantFrom(...posts), body)), async (calls) => {
      const api = new TestApi({ limits: { cancelGraceMs: 0 } });
      await api.start("vg0");
      for (const [path, body] of calls) {
        await assertSound(await api.send(`${path}?deadlineMs=1`, null, { body }));
      }
      // Calls of their own leave no client behind.
      await api.until(() => [...api.service.clients()].length === 0);
    }),
    { numRuns: 100 },
  );
});

Deno.test("any address gets a sound answer", async () => {
  const part = fc.oneof(
    fc.constantFrom("v1", "locks", "lockspaces", "start", "sessions", "..", "%2e", "%00", "%ff"),
    fc.string({ unit: "binary" }).map((text) => encodeURIComponent(text.toWellFormed())),
    fc.webPath(),
  );
  const query = fc.webQueryParameters();
  const api = new TestApi();
  await fc.assert(
    fc.asyncProperty(
      fc.array(part, { maxLength: 5 }),
      query,
      fc.constantFrom("GET", "POST", "PUT", "DELETE", "OPTIONS"),
      async (parts, query, method) => {
        const url = `http://x/${parts.join("/")}?${query}`;
        await assertSound(await api.app.request(new Request(url, { method })));
      },
    ),
    { numRuns: 300 },
  );
});
