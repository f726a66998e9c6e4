/**
 * All targets, in the order in which they are run.
 *
 * @module
 */
import type { Target } from "../engine/target.ts";
import { ctlText, stateListing } from "./ctl_text.ts";
import { environmentVariables } from "./environment.ts";
import { adoptFile, dlmStatus, idmRecords } from "./files.ts";
import { httpApp } from "./http_app.ts";
import { httpSocket } from "./http_socket.ts";
import { nativeSocket } from "./native_socket.ts";
import { nativeFrame, nativeText } from "./native_text.ts";
import { sanlockFormats } from "./sanlock.ts";
import { table } from "./table.ts";

/** A target, and how many inputs of it the tests run. */
export interface Listed {
  target: Target;
  testRuns: number;
}

export const targets: readonly Listed[] = [
  { target: nativeText, testRuns: 12_000 },
  { target: nativeFrame, testRuns: 8000 },
  { target: nativeSocket, testRuns: 600 },
  { target: stateListing, testRuns: 1000 },
  { target: ctlText, testRuns: 8000 },
  { target: httpApp, testRuns: 800 },
  { target: httpSocket, testRuns: 500 },
  { target: adoptFile, testRuns: 10_000 },
  { target: idmRecords, testRuns: 6000 },
  { target: dlmStatus, testRuns: 2000 },
  { target: sanlockFormats, testRuns: 6000 },
  { target: environmentVariables, testRuns: 2000 },
  { target: table, testRuns: 1500 },
];
