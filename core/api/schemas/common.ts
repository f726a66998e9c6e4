/**
 * Schemas that several calls share: names as LVM allows them, deadlines, times, modes.
 *
 * @module
 */
import { z } from "@hono/zod-openapi";
import { lockTypeWords, modeWords, resourceTypeWords } from "../words.ts";

/** Time a call may take when it does not say, milliseconds. */
export const DEADLINE_DEFAULT_MS = 30_000;
/** Longest time a call may ask for, milliseconds. */
export const DEADLINE_MAX_MS = 600_000;

export const VgName = z.string()
  .regex(
    /^(?!-)(?!\.{1,2}$)[A-Za-z0-9+_.-]{1,59}$/,
    "Expected a VG name: 1 to 59 of A-Z a-z 0-9 + _ . - and no - in front",
  )
  .openapi({ description: "Name of a volume group", example: "vg0" });

export const LvName = z.string()
  .regex(
    /^(?!-)(?!\.{1,2}$)[A-Za-z0-9+_.-]{1,127}$/,
    "Expected an LV name: 1 to 127 of A-Z a-z 0-9 + _ . - and no - in front",
  )
  .openapi({ description: "Name of a logical volume, for messages only", example: "lvol0" });

export const Uuid = z.string()
  .regex(
    /^[A-Za-z0-9]{6}(-[A-Za-z0-9]{4}){5}-[A-Za-z0-9]{6}$/,
    "Expected an LVM UUID: 38 characters in groups of 6-4-4-4-4-4-6",
  )
  .openapi({
    description: "UUID as LVM prints it",
    example: "r03T0f-4xM8-rPIV-8XqI-hwv3-h8Y7-xRWjMr",
  });

export const LockArgs = z.string()
  .regex(
    /^[!#-[\]-~]{1,64}$/,
    'Expected lock args: 1 to 64 printable ASCII characters without space, " and \\',
  )
  .openapi({
    description: "Lock args as `vgs -o lock_args` shows them",
    example: "1.0.0:cluster1",
  });

export const PvPaths = z.array(
  z.string().regex(/^\/[^\p{Cc}"\\]{1,1023}$/u, "Expected an absolute path"),
).min(1).max(511).openapi({
  description: "idm only: paths of the devices that hold the lock",
  example: ["/dev/sda"],
});

export const ModeName = z.enum(modeWords).openapi({
  description: "Lock mode: un (none), sh (shared) or ex (exclusive)",
});
export const HeldMode = z.enum(["sh", "ex"]).openapi({
  description: "Lock mode: sh (shared) or ex (exclusive)",
});
export const TypeName = z.enum(resourceTypeWords).openapi({
  description: "What is locked: gl (the global lock), vg or lv",
});
export const LockTypeName = z.enum(lockTypeWords).openapi({
  description: "Kind of lock manager, as in `vgs -o lock_type`",
});

export const Timestamp = z.iso.datetime().openapi({
  description: "RFC 3339 time, UTC",
  example: "2026-01-31T12:00:00.000Z",
});
export const AgeSeconds = z.number().min(0).openapi({
  description: "Seconds since then, to the millisecond",
});

export const DeadlineMs = z.string()
  .regex(/^[1-9][0-9]{0,5}$/, `Expected whole milliseconds, 1 to ${DEADLINE_MAX_MS}`)
  .transform(Number)
  .refine((ms) => ms <= DEADLINE_MAX_MS, `Expected at most ${DEADLINE_MAX_MS} milliseconds`)
  .optional()
  .openapi({
    type: "integer",
    minimum: 1,
    maximum: DEADLINE_MAX_MS,
    default: DEADLINE_DEFAULT_MS,
    description: "The call is answered within this many milliseconds; see 504",
  });

/** Query of every call that is answered once; calls with more parameters extend it. */
export const CallQuery = z.strictObject({ deadlineMs: DeadlineMs });

export const VgParam = z.object({ vg: VgName });

/** The same time twice: for programs and for people. */
export interface Since {
  since: string;
  ageSeconds: number;
}

/** Clocks may be set back: an age is never negative. */
export function sinceOf(ms: number, nowMs: number): Since {
  const ageSeconds = Math.max(0, nowMs - ms) / 1000;
  return { since: new Date(ms).toISOString(), ageSeconds };
}
