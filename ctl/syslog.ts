/**
 * Messages to the system log as `lvmlockctl`, through libc so that they look as those of the stock
 * tool: facility user, no process id.
 *
 * @module
 */

/** Priorities as libc numbers them; facility user is `1 << 3`. */
export const Priority = { emergency: 0, warning: 4, info: 6 } as const;
export type Priority = typeof Priority[keyof typeof Priority];

const facilityUser = 1 << 3;

const symbols = {
  openlog: { parameters: ["buffer", "i32", "i32"], result: "void" },
  syslog: { parameters: ["i32", "buffer", "buffer"], result: "void" },
} as const;

const cString = (text: string) => new TextEncoder().encode(`${text}\0`);

/** libc keeps the pointer to the name, so these bytes must stay for the life of the process. */
const identity = cString("lvmlockctl");
const format = cString("%s");
let libc: Deno.DynamicLibrary<typeof symbols>["symbols"] | undefined;

/** Writes one message. Without a system logger it is lost, as with every libc program. */
export function syslog(priority: Priority, text: string): void {
  if (!libc) {
    libc = Deno.dlopen("libc.so.6", symbols).symbols;
    libc.openlog(identity, 0, facilityUser);
  }
  libc.syslog(facilityUser | priority, format, cString(text));
}
