import type { Probe } from '../../actors/probe.js';
import type { SimNode } from '../kernel/node.js';
import { watchFor } from '../scenario/condition.js';
import type { CrashEngine, Fault } from '../scenario/schema.js';
import { describePoint } from './describe.js';

/** A crash that is due: how long the engine then is down, µs, and where it was planned. */
export interface PlannedCrash {
  readonly down: number;
  readonly cause: string;
  readonly fault: CrashEngine;
}

/** The engine's crashes as a scenario plans them. */
export class CrashPlan {
  readonly #engine: SimNode;
  readonly #conditions: { readonly met: (probe: Probe) => boolean; readonly crash: PlannedCrash }[] = [];
  readonly #happened = new Set<CrashEngine>();
  #current: PlannedCrash | null = null;

  /** @throws SeatbeltError `BAD_TIME`, `SCHEDULE_IN_PAST` */
  constructor(engine: SimNode, faults: readonly Fault[]) {
    this.#engine = engine;
    for (const fault of faults) if (fault.kind === 'crashEngine') this.#plan(fault);
  }

  #plan(fault: CrashEngine): void {
    const { point, down } = fault;
    const crash = { down, cause: describePoint(point), fault };
    if (point.at === 'condition') this.#conditions.push({ met: watchFor(point.condition), crash });
    else this.#engine.planCrash(point, () => (this.#current = crash));
  }

  /** To be shown every probe, in order: crashes the engine where a condition comes true. */
  probe(probe: Probe): void {
    for (const { met, crash } of this.#conditions) {
      if (!met(probe) || !this.#engine.up) continue;
      this.#current = crash;
      this.#engine.crash();
    }
  }

  /** The crash that has just happened, or null if nobody planned it. */
  take(): PlannedCrash | null {
    const crash = this.#current;
    this.#current = null;
    if (crash !== null) this.#happened.add(crash.fault);
    return crash;
  }

  happened(fault: CrashEngine): boolean {
    return this.#happened.has(fault);
  }
}
