import type { HostRequest } from '../../../actors/wire.js';
import type { Changes, FaultDocument } from '../scenario.js';
import type { Dice } from './dice.js';
import type { Flow } from './flows.js';

/** A kind of fault that a campaign draws. */
export interface Kind {
  readonly name: string;
  /** Whether it ends with the fault: what it hit can go on as if nothing had been. A failure is one for good. */
  readonly heals: boolean;
  readonly draw: (dice: Dice, flow: Flow) => FaultDocument;
}

const seconds = (n: number): string => `${n}s`;

/** At a moment while the flow is under way. */
const moment = (dice: Dice, { lastsMs }: Flow): string => `${dice.between(1_000, Math.round(lastsMs * 1.2))}ms`;

const refused = (name: string, code: number): Kind => ({
  name,
  heals: true,
  draw: (dice, { tasks }) => ({ failTask: { verb: dice.oneOf(tasks), nth: dice.between(1, 4), code, when: 'refuse' } }),
});

const lostMessage = (name: string, which: { readonly op: HostRequest['op']; readonly reply?: boolean }): Kind => ({
  name,
  heals: true,
  draw: (dice) => ({ dropMessage: { ...which, nth: dice.between(1, 3) } }),
});

/** Every fault that there is. Each run draws some of them. */
export const KINDS: readonly Kind[] = [
  { name: 'engine crash', heals: true, draw: (dice, flow) => ({ crashEngine: { at: moment(dice, flow), down: seconds(dice.between(0, 120)) } }) },
  { name: 'engine crash at a port operation', heals: true, draw: (dice, { operations }) => ({ crashEngine: { afterPortOperation: dice.between(1, operations), down: '0s' } }) },
  refused('not the SPM (654)', 654),
  refused('recovering (99)', 99),
  refused('full queue (9003)', 9003),
  { name: 'partition of the SPM', heals: true, draw: (dice, flow) => ({ partition: { isolate: 'spm', at: moment(dice, flow), for: seconds(dice.between(1, 60)), oneWay: dice.oneOf([true, false]) } }) },
  lostMessage('lost submission', { op: 'submitTask' }),
  lostMessage('lost answer to a submission', { op: 'submitTask', reply: true }),
  lostMessage('lost list of tasks', { op: 'getAllTasksStatuses', reply: true }),
  lostMessage('lost clearing', { op: 'clearTask' }),
  { name: 'submission that arrives twice', heals: true, draw: (dice) => ({ duplicateMessage: { op: 'submitTask', nth: dice.between(1, 3), after: seconds(dice.between(0, 60)) } }) },
  { name: 'submission that is late', heals: true, draw: (dice) => ({ delayMessage: { op: 'submitTask', nth: dice.between(1, 3), by: seconds(dice.between(1, 200)) } }) },
  { name: 'failing task', heals: false, draw: (dice, { tasks }) => ({ failTask: { verb: dice.oneOf(tasks), nth: dice.between(1, 4), code: 261 } }) },
  { name: 'failing call', heals: false, draw: (dice, { calls }) => ({ failCall: { verb: dice.oneOf(calls), nth: dice.between(1, 4), code: 40 } }) },
  { name: 'lost task', heals: false, draw: (dice, { tasks }) => ({ loseTask: { verb: dice.oneOf(tasks), nth: dice.between(1, 4), when: dice.oneOf(['atStart', 'atEnd'] as const) } }) },
];

/** A run's faults: of those that heal alone, or of all kinds. */
export type Mix = 'faults that heal' | 'all faults';
export const MIXES: readonly Mix[] = ['faults that heal', 'all faults'];

/** What a run of a flow is put through; `kinds` by the faults' places. */
export interface Ordeal extends Changes {
  readonly kinds: readonly string[];
}

export function ordeal(flow: Flow, mix: Mix, dice: Dice): Ordeal {
  const usable = KINDS.filter((kind) => (kind.heals || mix === 'all faults') && !(kind.name === 'failing call' && flow.calls.length === 0));
  const kinds = Array.from({ length: dice.between(1, 5) }, () => dice.oneOf(usable));
  const faults = kinds.map((kind) => kind.draw(dice, flow));
  const healAt = seconds(dice.between(10, Math.round((2 * flow.lastsMs) / 1000)));
  return { scenario: flow.scenario, faults, settings: [`healAt=${healAt}`], kinds: kinds.map(({ name }) => name) };
}
