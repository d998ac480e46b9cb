import type { Probe } from '../../actors/probe.js';
import type { SimNode } from '../kernel/node.js';
import { watchFor, type Condition } from '../scenario/condition.js';
import type { CrashEngine, CrashPoint, Fault } from '../scenario/schema.js';

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
    const crash = { down, cause: describe(point), fault };
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

/** Where a crash is planned, in words. */
export function describe(point: CrashPoint): string {
  switch (point.at) {
    case 'time':
      return `at ${point.us} µs`;
    case 'event':
      return `before event ${point.n}`;
    case 'before':
    case 'after':
      return `${point.at} port operation ${point.portOperation}`;
    case 'condition':
      return `when ${describeCondition(point.condition)}`;
  }
}

function describeCondition(condition: Condition): string {
  const nth = condition.nth === 1 ? '' : `, number ${condition.nth}`;
  switch (condition.of) {
    case 'task':
      return `task ${condition.verb} is ${condition.is}${nth}`;
    case 'command':
      return `command ${condition.type} is ${condition.is}${nth}`;
    case 'callback':
      return `${condition.handler === null ? '' : `${condition.handler}.`}${condition.callback} is ${condition.is}${nth}`;
  }
}
