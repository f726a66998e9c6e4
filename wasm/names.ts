/** The lockspace name of a request's VG: `lvm_` and the VG name, made in place. */
import { Bytes, copyOf } from "./bytes";
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

export function lockspaceOfRequest(): Lockspace | null {
  return table.lockspaces.find(lockspaceName(), lockspaceNameLength());
}
