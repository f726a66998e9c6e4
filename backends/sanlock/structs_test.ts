/**
 * Tests of the structures: what goes in comes out, at its place; what does not fit is refused.
 *
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { NAME_LENGTH, PATH_LENGTH } from "./constants.ts";
import * as structs from "./structs.ts";
import { FieldError, layout } from "./structs.ts";

/** Texts of bytes without NUL. */
const text = (maxLength: number) =>
  fc.array(fc.integer({ min: 1, max: 255 }), { maxLength })
    .map((codes) => String.fromCharCode(...codes));
const name = text(NAME_LENGTH);
const path = text(PATH_LENGTH - 1);
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const u53 = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

const lockspace = { name: "lvm_vg", hostId: 1, path: "/dev/x", flags: 0x110 };
const resource = { lockspace: "lvm_vg", name: "VGLK", path: "/dev/x", offset: 0, flags: 0x110 };

Deno.test("a lockspace comes back as it was, from any place among others", () => {
  fc.assert(fc.property(
    fc.array(fc.record({ name, hostId: u53, path, flags: u32 }), { maxLength: 3 }),
    (lockspaces) => {
      const bytes = structs.alloc(lockspaces.length * layout.lockspace.size);
      lockspaces.forEach((one, i) =>
        bytes.set(structs.encodeLockspace(one), i * layout.lockspace.size)
      );
      const decoded = structs.decodeArray(bytes, layout.lockspace.size, structs.decodeLockspace);
      assertEquals(decoded, lockspaces);
    },
  ));
});

Deno.test("a resource comes back as it was, with its disk", () => {
  fc.assert(fc.property(
    fc.record({ lockspace: name, name, path, offset: u53, flags: u32 }),
    (one) => {
      const bytes = structs.encodeResource(one);
      assertEquals(bytes.length, 1168);
      assertEquals(structs.decodeResourceHead(bytes), {
        lockspace: one.lockspace,
        name: one.name,
        lver: 0,
        flags: one.flags,
      });
      assertEquals(structs.decodeDisk(bytes, layout.resource.disks), {
        path: one.path,
        offset: one.offset,
      });
      assertEquals(new DataView(bytes.buffer).getUint32(layout.resource.num_disks, true), 1);
    },
  ));
});

Deno.test("a disk comes back as it was", () => {
  fc.assert(fc.property(path, u53, (path, offset) => {
    assertEquals(structs.decodeDisk(structs.encodeDisk(path, offset)), { path, offset });
  }));
});

Deno.test("hosts are read from their fields", () => {
  const entry = fc.record({
    hostId: u53,
    generation: u53,
    timestamp: u53,
    ioTimeout: u32,
    state: fc.integer({ min: 0, max: 15 }),
  });
  fc.assert(fc.property(fc.array(entry, { maxLength: 4 }), (hosts) => {
    const bytes = structs.alloc(hosts.length * layout.host.size);
    const view = new DataView(bytes.buffer);
    hosts.forEach((host, i) => {
      const start = i * layout.host.size;
      view.setBigUint64(start + layout.host.host_id, BigInt(host.hostId), true);
      view.setBigUint64(start + layout.host.generation, BigInt(host.generation), true);
      view.setBigUint64(start + layout.host.timestamp, BigInt(host.timestamp), true);
      view.setUint32(start + layout.host.io_timeout, host.ioTimeout, true);
      view.setUint32(start + layout.host.flags, host.state | 0xabc0, true); // other bits are not state
    });
    assertEquals(structs.decodeArray(bytes, layout.host.size, structs.decodeHost), hosts);
  }));
});

Deno.test("a name of 48 bytes has no NUL, a longer one is cut, a shorter one is zero-filled", () => {
  const full = "n".repeat(NAME_LENGTH);
  const bytes = structs.encodeResource({ ...resource, lockspace: full + "more", name: full });
  assertEquals(structs.decodeResourceHead(bytes).lockspace, full);
  assertEquals(structs.decodeResourceHead(bytes).name, full);
  assertEquals(structs.encodeOptions("lvmlockd").slice(8), new Uint8Array(48));
  assertEquals(structs.cText("lvm_" + full, NAME_LENGTH).length, NAME_LENGTH + 1);
  assertEquals(structs.cText("ab"), new Uint8Array([97, 98, 0]));
});

Deno.test("a path may have 1023 bytes", () => {
  const longest = "/" + "p".repeat(PATH_LENGTH - 2);
  assertEquals(
    structs.decodeLockspace(structs.encodeLockspace({ ...lockspace, path: longest })).path,
    longest,
  );
  const refused = assertThrows(() => structs.encodeDisk(longest + "p", 0), FieldError, "1024");
  assertEquals(refused.result, -22);
});

Deno.test("characters that are not bytes, and NUL, are refused", () => {
  for (const bad of ["a\0b", "VG\u0100"]) {
    assertThrows(() => structs.encodeDisk(bad, 0), FieldError, "character");
    assertThrows(() => structs.encodeLockspace({ ...lockspace, name: bad }), FieldError);
    assertThrows(() => structs.encodeOptions(bad), FieldError);
    assertThrows(() => structs.cText(bad), FieldError);
  }
});

Deno.test("numbers that do not fit are refused", () => {
  for (const offset of [-1, 0.5, 2 ** 53, NaN]) {
    assertThrows(() => structs.encodeResource({ ...resource, offset }), FieldError, "2^53");
    assertThrows(() => structs.encodeLockspace({ ...lockspace, hostId: offset }), FieldError);
  }
  for (const flags of [-1, 0.5, 2 ** 32, NaN]) {
    assertThrows(() => structs.encodeResource({ ...resource, flags }), FieldError, "32 bit");
  }
});

Deno.test("a number read that is too large is no rounded one", () => {
  const bytes = structs.alloc(layout.host.size);
  new DataView(bytes.buffer).setBigUint64(layout.host.generation, 2n ** 53n, true);
  const refused = assertThrows(() => structs.decodeHost(bytes), FieldError, "2^53 or more");
  assertEquals(refused.result, -75);
});
