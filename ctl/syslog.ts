/**
 * Messages to the system log as `lvmlockctl`, through libc so that they look as those of the stock
 * tool: facility user, no process id.
 *
 * @module
 */
import { cString, libc } from "../core/os/libc.ts";

/** Priorities as libc numbers them; facility user is `1 << 3`. */
export const Priority = { emergency: 0, warning: 4, info: 6 } as const;
export type Priority = typeof Priority[keyof typeof Priority];

const facilityUser = 1 << 3;

/** libc keeps the pointer to the name, so these bytes must stay for the life of the process. */
const identity = cString("lvmlockctl");
const format = cString("%s");
let opened = false;

/** Writes one message. Without a system logger it is lost, as with every libc program. */
export function syslog(priority: Priority, text: string): void {
  if (!opened) libc().openlog(identity, 0, facilityUser);
  opened = true;
  libc().syslog(facilityUser | priority, format, cString(text));
}
