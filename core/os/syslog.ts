/** syslog(3) through libc, which copes with a syslog that is absent or restarted. @module */
import { cString, libc } from "./libc.ts";

const LOG_PID = 0x01;
const LOG_CONS = 0x02;
const LOG_DAEMON = 3 << 3;

const format = cString("%s");
/** libc keeps the pointer given to openlog. */
let ident: Uint8Array<ArrayBuffer> | undefined;

/** Returns a function that sends one line. Text is cut at the first NUL. */
export function openSyslog(name: string): (priority: number, text: string) => void {
  ident = cString(name);
  libc().openlog(ident, LOG_PID | LOG_CONS, LOG_DAEMON);
  return (priority, text) => libc().syslog(priority, format, cString(text));
}
