/**
 * What a value block read with a newly granted lock means, as a table of cases: first match wins.
 * The version says how often a GL was released, or which metadata a VG had; other hosts read it.
 */
import { Resource } from "./resource";
import { EINVAL, EREMOVED } from "./vocabulary";

/** Format number of the block is 0x0101; another major is not understood. */
const FORMAT_MAJOR: i32 = 0xff00;
const KNOWN_MAJOR: i32 = 0x0100;
const FLAG_REMOVED: i32 = 0x0001;

/**
 * Takes over what the block says. 0, or a negative errno with which the lock is answered although it
 * is held: EINVAL for an unknown format, EREMOVED if another host removed the VG.
 */
export function readValueBlock(r: Resource, format: i32, flags: i32, found: u32): i32 {
  if (!r.usesValueBlock) return 0;
  if (format != 0 && (format & FORMAT_MAJOR) > KNOWN_MAJOR) return -EINVAL;
  takeVersion(r, found);
  const removed = format != 0 && found != 0 && (flags & FLAG_REMOVED) != 0;
  return removed ? -EREMOVED : 0;
}

function takeVersion(r: Resource, found: u32): void {
  if (found != 0 && found == r.version) return;
  if (found != 0) { // newer, first seen, back after a loss, or gone backwards
    r.version = found;
    r.versionZero = false;
    return;
  }
  // Never written, or lost: what we remember stays, and zero is no surprise from now on.
  r.versionZero = true;
}
