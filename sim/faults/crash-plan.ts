import type { Probe } from '../../actors/probe.js';
import type { SimNode } from '../kernel/node.js';
import { watchFor } from '../scenario/condition.js';
import type { CrashEngine, CrashPoint, Fault } from '../scenario/schema.js';
import { tableOfData, type Table } from '../world/table.js';
import { TrackedMap } from '../world/tracked-map.js';
import { describePoint } from './describe.js';

/** A crash that is due: how long the engine then is down, µs, and where it was planned. */
export interface PlannedCrash {
  readonly down: number;
  readonly cause: string;
  /** The fault's place in the scenario. */
  readonly place: number;
}

/** The engine's crashes as a scenario plans them. */
export class CrashPlan {
  readonly #engine: SimNode;
  readonly #faults: readonly Fault[];
  /** By the fault's place in the scenario: `seen/N` counts the moments that fitted its condition, `done/N` the crashes. */
  readonly #counts = new TrackedMap<string, number>();
  readonly #conditions: { readonly met: (probe: Probe) => boolean; readonly crash: PlannedCrash }[] = [];
  #remembering = false;
  #healed = false;
  #current: PlannedCrash | null = null;

  constructor(engine: SimNode, faults: readonly Fault[]) {
    this.#engine = engine;
    this.#faults = faults;
  }

  table(): Table {
    return tableOfData('crash', this.#counts);
  }

  /**
   * Plans what has not happened yet.
   * @throws SeatbeltError `BAD_TIME`, `SCHEDULE_IN_PAST`
   */
  begin(): void {
    this.#faults.forEach((fault, i) => {
      if (fault.kind === 'crashEngine') this.#plan(fault, i);
    });
  }

  /** To be told, when a run goes on, of each command on the engine's disk: only its submission, which is over, tells its type. */
  remember(commandId: string, commandType: string, parentId: string | null): void {
    this.#remembering = true;
    for (const { met } of this.#conditions) met({ type: 'commandSubmitted', commandId, commandType, parentId });
    this.#remembering = false;
  }

  #plan({ point, down }: CrashEngine, place: number): void {
    const crash = { down, cause: describePoint(point), place };
    if (point.at === 'condition') {
      this.#conditions.push({ met: watchFor(point.condition, () => (this.#remembering ? 0 : this.#count(`seen/${place}`))), crash });
    } else if (!this.happened(place) && !this.#hasPassed(point)) {
      this.#engine.planCrash(point, () => (this.#current = crash));
    }
  }

  /** @returns how many there are now */
  #count(key: string): number {
    const n = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, n);
    return n;
  }

  /** In an earlier process, which may have found the engine down. */
  #hasPassed(point: Exclude<CrashPoint, { at: 'condition' }>): boolean {
    const { kernel, portOperations } = this.#engine;
    switch (point.at) {
      case 'time':
        return point.us < kernel.now;
      case 'event':
        return point.n <= kernel.executed;
      case 'before':
      case 'after':
        return point.portOperation <= portOperations;
    }
  }

  /** To be shown every probe, in order: crashes the engine where a condition comes true. */
  probe(probe: Probe): void {
    for (const { met, crash } of this.#conditions) {
      if (!met(probe) || this.#healed || !this.#engine.up) continue;
      this.#current = crash;
      this.#engine.crash();
    }
  }

  /** What is planned for later does not happen. */
  heal(): void {
    this.#healed = true;
    this.#engine.spare();
  }

  /** The crash that has just happened, or null if nobody planned it. */
  take(): PlannedCrash | null {
    const crash = this.#current;
    this.#current = null;
    if (crash !== null) this.#count(`done/${crash.place}`);
    return crash;
  }

  /** Whether the fault at this place of the scenario has crashed it. */
  happened(place: number): boolean {
    return this.#counts.has(`done/${place}`);
  }
}
