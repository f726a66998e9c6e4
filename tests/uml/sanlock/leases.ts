/**
 * Reads sanlock's leases from a copy of a disk and describes them in lines of text, leaving out what
 * must differ between two disks with the same history: times, checksums over them, and UUIDs.
 *
 * @module
 */

const LEASE = 1024 * 1024;
const SECTOR = 512;

/** The sector of a lease with the value that goes with the lock. */
const VALUE_SECTOR = 2002;

/** First 32-bit word of the sector with requests to the owner, and its bytes that are ever written. */
const REQUEST = { magic: 0x08292011, bytes: 20 };

/** What a host has voted, from sector 2 of a lease: where the time is and the checksum over it. */
const BALLOT = { time: [32, 40], checksum: [48, 52], bytes: 160 } as const;

/** First 32-bit word of a lease. */
const magics: Record<number, string> = {
  0x12212010: "host",
  0x06152010: "resource",
  0x11282016: "cleared",
};

/**
 * A line for each sector that holds anything. Leases have 1 MiB and sectors 512 bytes.
 *
 * @param lvs LV UUIDs, which are the names of resources, with the names of the LVs.
 */
export function describeLeases(bytes: Uint8Array, lvs: Map<string, string>): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += SECTOR) {
    const sector = bytes.subarray(at, at + SECTOR);
    if (sector.every((byte) => byte === 0)) continue;
    const number = at % LEASE / SECTOR;
    lines.push(`${at - at % LEASE}+${number}: ${describeSector(sector, at, lvs)}`);
  }
  return lines.join("\n");
}

function describeSector(sector: Uint8Array, at: number, lvs: Map<string, string>): string {
  const view = new DataView(sector.buffer, sector.byteOffset, SECTOR);
  const number = at % LEASE / SECTOR;
  const magic = view.getUint32(0, true);
  const kind = magics[magic];
  if (kind) return describeLeader(kind, view, sector, lvs);
  if (magic === REQUEST.magic) return `request ${hex(sector.subarray(0, REQUEST.bytes))}`;
  if (number === VALUE_SECTOR) return `value ${hex(sector.subarray(0, 8))}`;
  const ballot = sector.slice(0, BALLOT.bytes);
  for (const [from, to] of [BALLOT.time, BALLOT.checksum]) ballot.fill(0, from, to);
  return `ballot ${hex(ballot)}`;
}

/** The numbers of a leader that do not depend on the time: offset, size. */
const fields: Record<string, [offset: number, bytes: 2 | 4 | 8]> = {
  version: [4, 4],
  flags: [8, 4],
  sector: [12, 4],
  hosts: [16, 8],
  maxHosts: [24, 8],
  owner: [32, 8],
  generation: [40, 8],
  lver: [48, 8],
  ioTimeout: [174, 2],
  writer: [176, 8],
  writerGeneration: [184, 8],
};

function describeLeader(
  kind: string,
  view: DataView,
  sector: Uint8Array,
  lvs: Map<string, string>,
): string {
  const text = (at: number) =>
    new TextDecoder().decode(sector.subarray(at, at + 48)).replace(/\0.*$/s, "");
  const name = text(104);
  const numbers = Object.entries(fields).map(([field, [at, size]]) => {
    const value = size === 8
      ? view.getBigUint64(at, true)
      : size === 4
      ? view.getUint32(at, true)
      : view.getUint16(at, true);
    return `${field} ${value}`;
  });
  const held = view.getBigUint64(152, true) === 0n ? "free" : "held";
  return [kind, text(56), lvs.get(name) ?? name, held, ...numbers].join(" ");
}

function hex(bytes: Uint8Array): string {
  return bytes.toHex().replace(/(..)(?=.)/g, "$1 ").replace(/( 00)+$/, "");
}
