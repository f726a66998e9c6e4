/**
 * All parts beside the load by name.
 *
 * @module
 */
import { http } from "./http.ts";
import { idle } from "./idle.ts";
import { listing } from "./listing.ts";
import { lockspaces } from "./lockspaces.ts";
import { memory } from "./memory.ts";
import type { Section, SectionName, SectionOptions } from "./names.ts";
import { soak } from "./soak.ts";
import { start } from "./start.ts";
import { table } from "./table.ts";

export const sections: Record<SectionName, (options: SectionOptions) => Promise<Section>> = {
  memory,
  listing,
  lockspaces,
  http,
  start,
  idle,
  table,
  soak,
};
