/**
 * The global lock of sanlock: a lease in one of the VGs. Where it is found, how it moves from one VG to
 * another, and what is said when there are two.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { Hosts } from "./daemon_hosts.ts";
import { HELD, resultOf, type VgClient } from "./daemon_vg.ts";

const [EINVAL, ENOLS] = [-22, -210];

type Pair = [VgClient, VgClient];

/** Not even a second time. */
const ONCE = { max_retries: -1 };

/** Result and flags of a request for the global lock, without trying again. */
async function askGl(client: VgClient, mode: string): Promise<string> {
  const reply = await client.ask("lock_gl", { mode, opts: "none", ...ONCE });
  return `${resultOf(reply)} ${reply.get("result_flags")}`;
}

/** Both hosts have the global lock in turns, never at the same time. */
async function bothUseIt(a: VgClient, b: VgClient): Promise<void> {
  for (const [one, other] of [[a, b], [b, a]] as const) {
    assertEquals(await one.gl("ex"), 0);
    assertEquals(await other.gl("sh", ONCE), HELD);
    assertEquals(await other.gl("ex", ONCE), HELD);
    assertEquals(await one.gl("un"), 0);
  }
  assertEquals(await Promise.all([a.gl("sh"), b.gl("sh")]), [0, 0]);
  assertEquals(await Promise.all([a.gl("un"), b.gl("un")]), [0, 0]);
}

async function moved(one: Pair, two: Pair): Promise<void> {
  const [[a, b], [c, d]] = [one, two];
  assertEquals(await a.gl("ex"), 0);
  assertEquals(await a.result("disable_gl"), EINVAL); // it is held here
  assertEquals(await a.gl("un"), 0);
  assertEquals(await c.result("enable_gl"), EINVAL); // there is one
  assertEquals(await a.result("disable_gl"), 0);
  assertEquals(await askGl(a, "ex"), `${ENOLS} NO_GL_LS,`);
  assertEquals(await askGl(b, "sh"), `${ENOLS} NO_GL_LS,`); // finds out by itself
  assertEquals(await c.result("enable_gl"), 0);
  await bothUseIt(a, b);
  await bothUseIt(d, c);
}

/** Each host enables another one, which the other host does not know of yet. */
async function doubled(one: Pair, two: Pair): Promise<void> {
  const [[a, b], [c, d]] = [one, two];
  assertEquals(await c.result("disable_gl"), 0);
  assertEquals(await Promise.all([a.stop(), b.stop(), d.stop()]), [0, 0, 0]);
  assertEquals(await b.start(), 0);
  assertEquals(await b.result("enable_gl"), 0);
  assertEquals(await c.result("enable_gl"), 0);
  assertEquals(await Promise.all([a.start(), d.start()]), [0, 0]);
  assertEquals(await askGl(d, "ex"), "0 DUP_GL_LS,");
  assertEquals(await d.gl("un"), 0);
  const flags = async (client: VgClient) =>
    (await client.ask("lock_vg", { mode: "sh", opts: "none" })).get("result_flags");
  assertEquals([await flags(b), await flags(d)], ["DUP_GL_LS,", "DUP_GL_LS,"]);
  assertEquals(await Promise.all([b.lock("un"), d.lock("un")]), [0, 0]);
  // The one that is not in use is disabled: by the other host, which has just this one.
  assertEquals(await c.result("disable_gl"), 0);
  assertEquals(await flags(d), "none");
  assertEquals(await flags(b), "none");
  assertEquals(await askGl(d, "ex"), "0 none");
  assertEquals(await d.gl("un"), 0);
  assertEquals(await Promise.all([b.lock("un"), d.lock("un")]), [0, 0]);
  await bothUseIt(a, b);
}

async function retired([a, b]: Pair): Promise<void> {
  assertEquals(await b.gl("sh"), 0);
  assertEquals(await a.result("disable_gl", { opts: "ex_disable" }) < 0, true);
  assertEquals(await b.gl("un"), 0);
  await bothUseIt(a, b); // it is as it was
  assertEquals(await a.result("disable_gl", { opts: "ex_disable" }), 0);
  assertEquals(await askGl(b, "ex"), `${ENOLS} NO_GL_LS,`);
}

async function removed(last: VgClient, [a, b]: Pair, [c, d]: Pair): Promise<void> {
  assertEquals(await last.result("enable_gl"), 0);
  const reply = await last.ask("free_vg");
  assertEquals([resultOf(reply), reply.get("result_flags")], [0, "WARN_GL_REMOVED,"]);
  const next = await c.ask("lock_vg", { mode: "sh", opts: "none" });
  assertStringIncludes(next.get("result_flags") as string, "WARN_GL_REMOVED");
  assertEquals(await c.lock("un"), 0);
  assertEquals(await a.result("enable_gl"), 0);
  assertEquals((await c.ask("lock_vg", { mode: "sh", opts: "none" })).get("result_flags"), "none");
  await bothUseIt(a, b);
  assertEquals(await d.lock("sh"), 0);
}

Deno.test("the global lock is in one VG", async (t) => {
  await using hosts = await Hosts.start(2);
  const vgs = await Promise.all(["one", "two", "three"].map((name) => hosts.vg(name)));
  const [one, two, [last]] = await Promise.all([
    vgs[0]!.started(2, "enable"),
    vgs[1]!.started(2, "disable"),
    vgs[2]!.started(1, "disable"),
  ]) as [Pair, Pair, [VgClient]];
  await t.step("both hosts use it", () => bothUseIt(...one));
  await t.step("it moves to another VG", () => moved(one, two));
  await t.step("it is in two VGs: both hosts are told", () => doubled(one, two));
  await t.step(
    "it is disabled for good, but not under a host that holds it",
    () => retired(one),
  );
  await t.step("it goes with its VG", () => removed(last, one, two));
});
