import type { Probe } from '../../actors/probe.js';
import type { SimNode } from '../kernel/node.js';
import { matcher } from '../scenario/condition.js';
import type { Trigger } from '../scenario/trigger.js';
import { tableOfData, type Table } from '../world/table.js';
import { TrackedMap } from '../world/tracked-map.js';
import type { FaultPart } from './fault-part.js';
import { HeardNews, type Durable } from './heard-news.js';

/** How a command or a task began. */
type Begun = Extract<Probe, { type: 'commandSubmitted' | 'hostTaskAccepted' }>;

/** Lets a fault happen. False: it cannot now, since what it is about is down already. */
export type FaultAct = () => boolean;

/** The faults that a scenario plans for a moment: each happens once, over all processes that work on the run. */
export class FaultPlan implements FaultPart {
  /** By the fault's place in the scenario: `seen/N` counts the moments that fitted its condition, `done/N` is there when it has happened. */
  readonly #counts = new TrackedMap<string, number>();
  readonly #news = new HeardNews();
  readonly #conditions: { readonly fits: (probe: Probe) => boolean; readonly moment: () => void }[] = [];
  #healed = false;

  tables(): readonly Table[] {
    return [tableOfData('planned-fault', this.#counts), this.#news.table()];
  }

  /**
   * Plans a fault, if it has not happened yet. One that cannot happen at its moment never does; where the moment is a condition, it waits for the next that fits.
   * @param place its place in the scenario
   * @param node whose port operations count: the engine
   * @throws SeatbeltError `BAD_TIME`, `SCHEDULE_IN_PAST`
   */
  plan(place: number, point: Trigger, node: SimNode, act: FaultAct): void {
    const happen = (): void => {
      if (!this.#healed && !this.happened(place) && act()) this.#count(`done/${place}`);
    };
    if (point.at === 'condition') {
      const { condition } = point;
      this.#conditions.push({ fits: matcher(condition), moment: () => void (this.#count(`seen/${place}`) >= condition.nth && happen()) });
    } else if (!this.happened(place) && !hasPassed(point, node)) {
      node.plan(point, happen);
    }
  }

  /** To be told, when a run goes on, of each command and task that there is: only how they began, which is over, tells their types and verbs. */
  remember(begun: Begun): void {
    for (const { fits } of this.#conditions) fits(begun);
  }

  /**
   * To be told, whenever an engine has recovered, what is on its disk. An engine, or a process, may have died after a batch and before anybody was told of it: what nobody
   * has heard of happens now, as far as the plan is concerned.
   */
  catchUp(durable: Durable): void {
    if (this.#conditions.length === 0) return;
    for (const probe of this.#news.missed(durable)) this.probe(probe);
  }

  /** To be shown every probe, in order. */
  probe(probe: Probe): void {
    if (this.#conditions.length > 0) this.#news.heard(probe);
    for (const { fits, moment } of this.#conditions) if (fits(probe)) moment();
  }

  /** Whether the fault at this place of the scenario has happened. */
  happened(place: number): boolean {
    return this.#counts.has(`done/${place}`);
  }

  heal(): void {
    this.#healed = true;
  }

  /** @returns how many there are now */
  #count(key: string): number {
    const n = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, n);
    return n;
  }
}

/** In an earlier process, which may have found the node down. */
function hasPassed(point: Exclude<Trigger, { at: 'condition' }>, { kernel, portOperations }: SimNode): boolean {
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
