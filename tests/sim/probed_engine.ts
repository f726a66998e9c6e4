/**
 * The real lock table, with a look at what goes in and out.
 *
 * @module
 */
import { type EffectRecord, Engine, type Fill } from "../../core/engine.ts";
import type { Input } from "../../core/records.ts";

export type Probe = (kind: Input, effects: EffectRecord[]) => void;

export class ProbedEngine extends Engine {
  constructor(
    module: WebAssembly.Module,
    checked: boolean,
    /** Told of every input that was handled. */
    private readonly probe: Probe,
  ) {
    super(module, checked);
  }

  override submit(kind: Input, nowMs: number, fill?: Fill): EffectRecord[] {
    const effects = super.submit(kind, nowMs, fill);
    this.probe(kind, effects);
    return effects;
  }
}
