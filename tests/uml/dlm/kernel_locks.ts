/**
 * The locks that the kernel of a host has at one moment, in words that can be compared.
 *
 * @module
 */
import type { Guest } from "../guest.ts";
import { helper } from "./program.ts";

/** Starts the program that asks; it runs until the host ends. */
export const START_ASKING = `mkfifo /run/question
${helper("probe_locks.ts")} < /run/question > /run/answers 2>&1 &
sleep infinity > /run/question &`;

/** LVs of vg0, then a line for each lock. */
const READ = `
lvs --noheadings --nolocking --readonly -o lv_uuid,lv_name vg0 2> /dev/null | tee /run/lvs
lines=$(wc -l < /run/answers)
echo lvm_global:GLLK lvm_vg0:VGLK \\
  $(while read -r uuid _; do echo lvm_vg0:$uuid; done < /run/lvs) > /run/question
until [ "$(tail -n +$((lines + 1)) /run/answers | tail -n 1)" = . ]; do
  grep -q -i error /run/answers && { cat /run/answers >&2; exit 1; }
  sleep 0.05
done
tail -n +$((lines + 1)) /run/answers`;

/** `LOCKSPACE RESOURCE MODE [VALUE]` for each lock that may be held, by the names of the LVs. */
export async function kernelLocks(guest: Guest): Promise<string[]> {
  const { code, stdout, stderr } = await guest.run(READ);
  if (code !== 0) throw new Error(`the locks cannot be seen: ${stdout}${stderr}`);
  const names = new Map<string, string>();
  const found: string[] = [];
  for (const words of stdout.split("\n").map((line) => line.trim().split(/ +/))) {
    const [first = "", second = ""] = words;
    if (first.startsWith("lvm_")) {
      found.push([first, names.get(second) ?? second, ...words.slice(2)].join(" "));
    } else names.set(first, second);
  }
  return found.toSorted();
}
