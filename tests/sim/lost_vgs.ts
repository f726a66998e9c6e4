/**
 * VGs whose locks a host has lost, as its lock manager says, and has not started anew.
 *
 * @module
 */
export class LostVgs {
  readonly #lost = new Map<number, Set<string>>();

  begin(host: number, vgName: string): void {
    const known = this.#lost.get(host);
    if (known === undefined) this.#lost.set(host, new Set([vgName]));
    else known.add(vgName);
  }

  end(host: number, vgName: string): void {
    this.#lost.get(host)?.delete(vgName);
  }

  endAll(host: number): void {
    this.#lost.delete(host);
  }

  has(host: number, vgName: string): boolean {
    return this.#lost.get(host)?.has(vgName) ?? false;
  }
}
