/**
 * A host with its IDM manager, and what outlives a daemon process on it.
 *
 * @module
 */
import { Host } from "../shared.ts";
import type { Connection } from "./connection.ts";
import { Records } from "./records.ts";

export class IdmHost extends Host {
  readonly connections = new Set<Connection>();
  /** Counts the starts of the manager. */
  managerLife = 0;
  /** The file in which daemons of this host note the drives of their locks. */
  records = new Records();

  /** Whether it reaches its drives has changed. */
  look(): void {
    for (const connection of [...this.connections]) connection.look();
  }

  /** The manager, or all of the host, is gone: nothing is renewed, no drive is told. */
  loseConnections(): void {
    for (const connection of this.connections) connection.close(false);
    this.connections.clear();
    this.managerLife++;
  }
}
