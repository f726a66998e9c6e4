/** Test mode only: pretends that another host holds an LV, to see what commands make of it. */
import { Action } from "./action";
import { copyOf } from "./bytes";
import { reply } from "./effects";
import { inputLength, inputText, LV_UUID } from "./frame";
import { release } from "./grants";
import { Lockspace } from "./lockspace";
import { sweep } from "./sweep";
import { EX, SH, UN } from "./vocabulary";

/** sh and ex set the mark and drop a persistent lock held here; any other mode clears it. */
export function setRemote(lockspace: Lockspace, action: Action): void {
  const length = inputLength(LV_UUID);
  const found = lockspace.lvs.find(inputText(LV_UUID), length);
  const lv = found != null ? found : lockspace.addLv(copyOf(inputText(LV_UUID), length));
  const mode = action.mode;
  lv.remote = mode == SH || mode == EX ? mode : UN;
  const kept = lv.kept;
  if (lv.remote != UN && kept != null && lv.call == null) release(lv, kept);
  reply(action, 0);
  sweep(lv);
}
