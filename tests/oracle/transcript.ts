/**
 * What running a script against one daemon gave, as plain data.
 *
 * @module
 */

/** A reply as it was received: by which script client, to which step. */
export interface ReplyRecord {
  client: number;
  /** Index of the step that sent the request. */
  toStep: number;
  text: string;
}

export interface StepRecord {
  /** Index of the step. */
  step: number;
  /** `waiting`: the client had a request waiting. `guard`: see the step's guard. */
  skipped?: "waiting" | "guard";
  /** Replies that arrived up to the end of this step, by client. */
  replies: ReplyRecord[];
  /** Clients whose requests wait after this step. */
  waiting: number[];
  /** For `info` steps: the listing, with client ids made relative (see {@link Transcript}). */
  info?: string;
}

export interface Transcript {
  steps: StepRecord[];
  /** Id the daemon gave the driver's own connection; script clients follow in order of opening. */
  controlId: number;
  /** Script clients in order of opening their (n-th) connection. */
  opened: number[];
  /** Step at which a client died while its request waited; the script ends there. */
  death?: number;
  /** Listing after all clients whose requests do not wait have gone, one after the other. */
  final: string;
  /** Replies during that. */
  finalReplies: ReplyRecord[];
  /** Clients that were still waiting then. */
  stuck: number[];
  /** Listing after those died too; only of daemons that notice it. */
  afterDeath?: string;
  /** The daemon failed: what happened. */
  failure?: string;
}
