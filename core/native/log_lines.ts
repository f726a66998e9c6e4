/**
 * The lines that requests leave in the log, worded as those of the stock daemon.
 *
 * @module
 */
import type { MakeLine } from "../log_ring.ts";
import { type Mode, type Op, ResourceType } from "../types.ts";
import { opWord, resourceWord } from "./info.ts";
import { modeWord } from "./reply.ts";

/** A request has come. Of: client, VG, LV, LV UUID; operation, resource, mode, flags. */
export const receivedLine: MakeLine = ([who, vgName, lvName, lvUuid], [op, type, mode, flags]) => {
  const what = type === ResourceType.lv ? `${vgName}/${lvName} ${lvUuid}` : vgName;
  return `recv ${who}${opWord(op as Op)} ${resourceWord(type as ResourceType)} ${what} ` +
    `mode ${modeWord(mode as Mode)} flags ${(flags >>> 0).toString(16)}`;
};

/** It is answered. Of: client; operation, result. */
export const sentLine: MakeLine = ([who], [op, result]) =>
  `send ${who}${opWord(op as Op)} result ${result}`;

/** A VG is killed. Of: VG. */
export const killedLine: MakeLine = ([vgName]) => `S lvm_${vgName} kill_vg`;
