import type { Probe } from '../../actors/probe.js';
import type { SimNode } from '../kernel/node.js';
import { watchFor } from '../scenario/condition.js';
import type { CrashEngine, Fault } from '../scenario/schema.js';

/** The engine's crashes as a scenario plans them: where each happens, and how long the engine is down. */
export class CrashPlan {
  readonly #engine: SimNode;
  readonly #conditions: { readonly met: (probe: Probe) => boolean; readonly down: number }[] = [];
  readonly #afterFault: number;
  #down: number | null = null;

  /** @throws SeatbeltError `BAD_TIME`, `SCHEDULE_IN_PAST` */
  constructor(engine: SimNode, faults: readonly Fault[], defaultDownUs: number) {
    this.#engine = engine;
    this.#afterFault = defaultDownUs;
    for (const fault of faults) if (fault.kind === 'crashEngine') this.#plan(fault);
  }

  #plan({ point, down }: CrashEngine): void {
    switch (point.at) {
      case 'condition':
        this.#conditions.push({ met: watchFor(point.condition), down });
        return;
      case 'before':
      case 'after':
      case 'time':
      case 'event':
        this.#engine.planCrash(point, () => (this.#down = down));
        return;
    }
  }

  /** To be shown every probe, in order: crashes the engine where a condition comes true. */
  probe(probe: Probe): void {
    for (const { met, down } of this.#conditions) {
      if (!met(probe)) continue;
      this.#down = down;
      this.#engine.crash();
    }
  }

  /** How long the engine stays down after the crash that has just happened, µs. */
  downTime(): number {
    const down = this.#down ?? this.#afterFault;
    this.#down = null;
    return down;
  }
}
