/**
 * A node of the cluster.
 *
 * @module
 */
import { Host } from "../shared.ts";

export class DlmHost extends Host {
  /** It is about to be fenced. */
  fencing = false;
}
