/**
 * The version in a value block never goes back, unless the block was lost. Who adopts a lock may not know the
 * version, and may write an older one. With idm
 * every host has versions of its own.
 *
 * @module
 */
import { LockType } from "../../../core/types.ts";
import type { Call, MakeChecker } from "../checker.ts";

export const valueBlock: MakeChecker = (scene, object) => {
  /** By lockspace and resource. */
  const versions = new Map<string, number>();
  /** Resources whose holder was not told the version. */
  const unread = new Set<string>();
  const keyOf = ({ lockspace, resource, daemon }: Call) =>
    `${scene.kind === LockType.idm ? `host ${daemon.host.number} ` : ""}${lockspace}/${resource}`;
  return {
    name: "value block",
    called(call) {
      const { resource, version, daemon, vgName } = call;
      if (version === 0 || resource === "" || scene.isLost(daemon.host.number, vgName)) return;
      const key = keyOf(call);
      const known = versions.get(key) ?? 0;
      if (version >= known || unread.has(key)) return;
      object(`host ${daemon.host.number} writes ${version} to ${key} after ${known}`);
    },
    answered(call, { result, lmResult = 0, valueBlock }) {
      const { name, resource, version, daemon, vgName } = call;
      if (result < 0 || resource === "" || scene.isLost(daemon.host.number, vgName)) return;
      const key = keyOf(call);
      const known = versions.get(key) ?? 0;
      if (name === "lock") {
        if (valueBlock === undefined) return void unread.add(key);
        unread.delete(key);
        const found = valueBlock.resourceVersion;
        if (found !== 0 && found < known) object(`${key} is read as ${found} after ${known}`);
        versions.set(key, found);
      } else if (version !== 0) {
        // A release that failed counts as done; whether the version was written is not known.
        const isSure = lmResult >= 0 && !unread.has(key);
        versions.set(key, isSure ? Math.max(version, known) : Math.min(version, known));
      }
    },
  };
};
