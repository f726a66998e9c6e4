/** The description of leases: what it keeps and what it leaves out. */
import { assertEquals, assertNotEquals } from "@std/assert";
import { describeLeases } from "./leases.ts";

const LEASE = 1024 * 1024;
const UUID = "exxNPX-wZdO-uCNy-yiGa-aJGT-JKVl-arfcYT";
const names = new Map([[UUID, "lv0"]]);

/** One lease, with the leader of a lock on an LV. */
function lease(change: (view: DataView, bytes: Uint8Array) => void = () => {}): string {
  const bytes = new Uint8Array(LEASE);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x06152010, true);
  view.setBigUint64(48, 7n, true); // lver
  bytes.set(new TextEncoder().encode("lvm_vg0"), 56);
  bytes.set(new TextEncoder().encode(UUID), 104);
  view.setBigUint64(152, 1234n, true); // timestamp
  view.setUint32(512, 0x08292011, true); // request
  view.setUint32(1024, 1, true); // ballot of host 1
  change(view, bytes);
  return describeLeases(bytes, names);
}

Deno.test("an LV goes by its name; empty sectors are not mentioned", () => {
  const lines = lease().split("\n");
  assertEquals(lines.length, 3);
  assertEquals(lines[0]!.slice(0, 40), "0+0: resource lvm_vg0 lv0 held version 0");
  assertEquals(lines[1], "0+1: request 11 20 29 08");
  assertEquals(lines[2], "0+2: ballot 01");
});

Deno.test("times, checksums and unused bytes are left out", () => {
  const other = lease((view) => {
    view.setBigUint64(152, 999n, true); // of the leader
    view.setUint32(168, 5, true); // its checksum
    view.setUint32(512 + 20, 0x55, true); // after the request
    view.setBigUint64(1024 + 32, 999n, true); // of the ballot
    view.setUint32(1024 + 48, 5, true); // its checksum
  });
  assertEquals(other, lease());
});

Deno.test("whether it is held, versions, votes and values count", () => {
  const changes: ((view: DataView) => void)[] = [
    (view) => view.setBigUint64(152, 0n, true),
    (view) => view.setBigUint64(48, 8n, true),
    (view) => view.setBigUint64(32, 2n, true),
    (view) => view.setUint16(174, 2, true),
    (view) => view.setUint32(1024 + 40, 1, true),
    (view) => view.setUint32(1024 + 128, 1, true),
    (view) => view.setUint32(2002 * 512, 0x0101, true),
  ];
  for (const change of changes) assertNotEquals(lease(change), lease());
});
