/**
 * What is measured besides requests a second: the names of the parts, and what each gives.
 *
 * @module
 */
import type { Site } from "../daemons.ts";

export const sectionNames = [
  "memory",
  "listing",
  "lockspaces",
  "http",
  "start",
  "idle",
  "table",
  "soak",
] as const;
export type SectionName = typeof sectionNames[number];

/** What one part found. */
export interface Section {
  title: string;
  /** For people. */
  lines: string[];
  /** For programs: everything that the lines say, unrounded. */
  figures: unknown;
}

export interface SectionOptions {
  site: Site;
  rounds: number;
  seconds: number;
  requests: number;
  idleSeconds: number;
  tableSteps: number;
  /** A line before each step. */
  tell(line: string): void;
}

/** V8 gives memory back when nothing was asked for half a minute. */
export const SETTLE_MS = 45_000;

export function settle(): Promise<void> {
  return new Promise((wake) => setTimeout(wake, SETTLE_MS));
}

/** Columns of equal width, the first one left-aligned. */
export function columns(rows: readonly (readonly string[])[], first = 12, width = 13): string[] {
  return rows.map(([name = "", ...cells]) =>
    `  ${name.padEnd(first)}${cells.map((cell) => cell.padStart(width)).join("")}`
  );
}

/** A number with its thousands marked. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString("en");
}

export function mib(kib: number): string {
  return (kib / 1024).toFixed(1);
}
