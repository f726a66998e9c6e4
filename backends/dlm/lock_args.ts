/**
 * Lock args of VGs: `1.0.0:<cluster name>`. LVs have the word `dlm`, which LVM itself puts there.
 *
 * @module
 */

const ARGS_VERSION = "1.0.0";
/** Versions that are understood begin with this number or a smaller one. */
const MAJOR = 1;
/** Longest lock args, bytes. */
const MAX_LENGTH = 63;

export const LV_ARGS = "dlm";

/** The lock args of a new VG; undefined if the cluster's name is too long. */
export function vgArgsOf(cluster: string): string | undefined {
  const args = `${ARGS_VERSION}:${cluster}`;
  return args.length > MAX_LENGTH ? undefined : args;
}

/** The cluster that a VG belongs to; undefined if the args are not understood. */
export function clusterOf(vgArgs: string): string | undefined {
  // Between version and cluster there may be more, for versions to come.
  const match = /^([0-9]+)\.[0-9]+\.[0-9]+:(?:.*:)?([^:]+)$/.exec(vgArgs);
  if (match === null || Number(match[1]) > MAJOR) return undefined;
  return match[2];
}

/** Text of a client, for a message of one line. */
export const shown = (text: string) => text.replace(/[^\x20-\x7e]/g, "?");
