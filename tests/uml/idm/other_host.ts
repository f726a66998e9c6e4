/**
 * Another host on the same guest: a second daemon, which the manager's double takes for one on another
 * machine. LVM commands choose a daemon by its socket; devices of active LVs are the guest's, so only
 * what the locks say tells the hosts apart.
 *
 * @module
 */
import { OTHER_HOST } from "../lock_managers/idm.ts";

const root = new URL("../../../", import.meta.url).pathname;
const AT = "/run/other";

const daemon = `env ${OTHER_HOST} DENO_DIR=/run/deno NO_COLOR=1 ${Deno.execPath()} run -A ` +
  `--cached-only ${root}main.ts --foreground -g idm -s ${AT}.socket -p ${AT}.pid ` +
  `--api-socket ${AT}-api.socket --adopt-file ${AT}.adopt --state-dir ${AT} ` +
  `--embedded-name embedded-other`;

/** Starts its daemon; ends when that answers. */
export const startOther = `mkdir -p ${AT}; ${daemon} > /run/shared/other.log 2>&1 &
until [ -S ${AT}.socket ]; do kill -0 $! || exit 1; sleep 0.05; done`;

/** A script of LVM commands that use its daemon. */
export const onOther = (script: string) =>
  `export LVM_LVMLOCKD_SOCKET=${AT}.socket
${script}`;
