/** The lockspace name of a request's VG: `lvm_` and the VG name, made in place. */
import { Bytes, copyOf, sameBytes } from "./bytes";
import { GLOBAL_NAME } from "./global_lock";
import { inputLength, inputText, VG_NAME } from "./frame";
import { Lockspace } from "./lockspace";
import { MAX_TEXT } from "./limits";
import { table } from "./table";

const PREFIX: i32 = 4;
const buffer: usize = memory.data(PREFIX + MAX_TEXT);

/** Address of the name; valid until the next call. */
export function lockspaceName(): usize {
  store<u32>(buffer, 0x5f6d766c); // "lvm_", little endian
  memory.copy(buffer + PREFIX, inputText(VG_NAME), inputLength(VG_NAME));
  return buffer;
}

export function lockspaceNameLength(): i32 {
  return PREFIX + inputLength(VG_NAME);
}

export function lockspaceNameBytes(): Bytes {
  return copyOf(lockspaceName(), lockspaceNameLength());
}

/** The lockspace of the request's VG. `lvm_global` is no VG's, whatever the VG is called. */
export function lockspaceOfRequest(): Lockspace | null {
  const found = table.lockspaces.find(lockspaceName(), lockspaceNameLength());
  return found != null && found.isGlobal ? null : found;
}

/** Would the VG's lockspace be called as the global one? */
export function isReservedName(): bool {
  return sameBytes(GLOBAL_NAME, lockspaceName(), lockspaceNameLength());
}
