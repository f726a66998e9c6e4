/**
 * Names of the cluster's nodes, for people. They are asked for in the background and known later, or
 * never: nothing waits for a name that was asked for a short time ago.
 *
 * @module
 */

/** A node without a name is looked for again after this many milliseconds. */
const AGAIN_MS = 30_000;

export class NodeNames {
  #names = new Map<number, string>();
  #asked = -Infinity;
  #asking: Promise<void> | undefined;

  constructor(
    private readonly ask: () => Promise<Map<number, string>>,
    private readonly againMs = AGAIN_MS,
  ) {}

  /** `""` if it is not known. */
  known(node: number): string {
    return this.#names.get(node) ?? "";
  }

  /** Asks for the names of these nodes, if one is not known. */
  async learn(nodes: readonly number[]): Promise<void> {
    if (nodes.every((node) => this.#names.has(node))) return;
    if (performance.now() - this.#asked >= this.againMs) {
      this.#asked = performance.now();
      this.#asking = this.ask().then((names) => {
        if (names.size > 0) this.#names = names;
      });
    }
    await this.#asking;
  }

  /** "node 2 (node-b)" */
  describe(node: number): string {
    const name = this.known(node);
    return name === "" ? `node ${node}` : `node ${node} (${name})`;
  }
}
