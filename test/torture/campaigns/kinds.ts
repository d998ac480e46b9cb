import type { HostRequest } from '../../../actors/wire.js';
import type { Changes, FaultDocument } from '../scenario.js';
import type { Dice } from './dice.js';
import type { Flow } from './flows.js';

/** What a fault leaves behind when it is over: nothing; work that a host lost, or may have lost, so that a step that is tried once fails; or a failure for good. */
type Leaves = 'nothing' | 'lost work' | 'failure';

/** A kind of fault that a campaign draws. */
export interface Kind {
  readonly name: string;
  readonly leaves: Leaves;
  readonly draw: (dice: Dice, flow: Flow) => FaultDocument;
}

const seconds = (n: number): string => `${n}s`;

/** At a moment while the flow is under way. */
const moment = (dice: Dice, { lastsMs }: Flow): string => `${dice.between(1_000, Math.round(lastsMs * 1.2))}ms`;

const refused = (name: string, code: number): Kind => ({
  name,
  leaves: 'nothing',
  draw: (dice, { tasks }) => ({ failTask: { verb: dice.oneOf(tasks), nth: dice.between(1, 4), code, when: 'refuse' } }),
});

const lostMessage = (name: string, which: { readonly op: HostRequest['op']; readonly reply?: boolean }): Kind => ({
  name,
  leaves: 'nothing',
  draw: (dice) => ({ dropMessage: { ...which, nth: dice.between(1, 3) } }),
});

/** Every fault that there is. Each run draws some of them. */
export const KINDS: readonly Kind[] = [
  { name: 'engine crash', leaves: 'nothing', draw: (dice, flow) => ({ crashEngine: { at: moment(dice, flow), down: seconds(dice.between(0, 120)) } }) },
  { name: 'engine crash at a port operation', leaves: 'nothing', draw: (dice, { operations }) => ({ crashEngine: { afterPortOperation: dice.between(1, operations), down: '0s' } }) },
  refused('not the SPM (654)', 654),
  refused('recovering (99)', 99),
  refused('full queue (9003)', 9003),
  { name: 'crash of the SPM', leaves: 'lost work', draw: (dice, flow) => ({ crashHost: { host: 'spm', at: moment(dice, flow), down: seconds(dice.between(0, 300)) } }) },
  { name: 'crash of a host', leaves: 'lost work', draw: (dice, flow) => ({ crashHost: { host: dice.oneOf(flow.hosts), at: moment(dice, flow), down: seconds(dice.between(0, 300)) } }) },
  { name: 'crash of the SPM with a task', leaves: 'lost work', draw: (dice, { tasks }) => ({ crashHost: { host: 'spm', when: { task: dice.oneOf(tasks), is: dice.oneOf(['placed', 'running', 'ended'] as const) } } }) },
  { name: 'hanging SPM', leaves: 'lost work', draw: (dice, flow) => ({ hangHost: { host: 'spm', at: moment(dice, flow), for: seconds(dice.between(1, 300)) } }) },
  { name: 'hanging host', leaves: 'lost work', draw: (dice, flow) => ({ hangHost: { host: dice.oneOf(flow.hosts), at: moment(dice, flow), for: seconds(dice.between(1, 300)) } }) },
  { name: 'lease lost', leaves: 'lost work', draw: (dice, flow) => ({ loseLease: { at: moment(dice, flow) } }) },
  { name: 'moved SPM', leaves: 'lost work', draw: (dice, flow) => ({ moveSpm: { at: moment(dice, flow) } }) },
  { name: 'partition of the SPM', leaves: 'nothing', draw: (dice, flow) => ({ partition: { isolate: 'spm', at: moment(dice, flow), for: seconds(dice.between(1, 60)), oneWay: dice.oneOf([true, false]) } }) },
  lostMessage('lost submission', { op: 'submitTask' }),
  lostMessage('lost answer to a submission', { op: 'submitTask', reply: true }),
  lostMessage('lost list of tasks', { op: 'getAllTasksStatuses', reply: true }),
  lostMessage('lost clearing', { op: 'clearTask' }),
  { name: 'submission that arrives twice', leaves: 'nothing', draw: (dice) => ({ duplicateMessage: { op: 'submitTask', nth: dice.between(1, 3), after: seconds(dice.between(0, 60)) } }) },
  { name: 'submission that is late', leaves: 'nothing', draw: (dice) => ({ delayMessage: { op: 'submitTask', nth: dice.between(1, 3), by: seconds(dice.between(1, 200)) } }) },
  { name: 'failing task', leaves: 'failure', draw: (dice, { tasks }) => ({ failTask: { verb: dice.oneOf(tasks), nth: dice.between(1, 4), code: 261 } }) },
  { name: 'failing call', leaves: 'failure', draw: (dice, { calls }) => ({ failCall: { verb: dice.oneOf(calls), nth: dice.between(1, 4), code: 40 } }) },
  { name: 'lost task', leaves: 'failure', draw: (dice, { tasks }) => ({ loseTask: { verb: dice.oneOf(tasks), nth: dice.between(1, 4), when: dice.oneOf(['atStart', 'atEnd'] as const) } }) },
];

/** The faults of a run: of those that leave nothing behind alone; with those that take hosts, and the SPM's role, away; or of all kinds. */
export type Mix = 'faults that heal' | 'hosts that die' | 'all faults';
export const MIXES: readonly Mix[] = ['faults that heal', 'hosts that die', 'all faults'];

const LEFT: Readonly<Record<Mix, readonly Leaves[]>> = {
  'faults that heal': ['nothing'],
  'hosts that die': ['nothing', 'lost work'],
  'all faults': ['nothing', 'lost work', 'failure'],
};

/** What a run of a flow is put through; `kinds` by the faults' places. */
export interface Ordeal extends Changes {
  readonly kinds: readonly string[];
}

export function ordeal(flow: Flow, mix: Mix, dice: Dice): Ordeal {
  const usable = KINDS.filter(({ name, leaves }) => LEFT[mix].includes(leaves) && !(name === 'failing call' && flow.calls.length === 0));
  const kinds = Array.from({ length: dice.between(1, 5) }, () => dice.oneOf(usable));
  const faults = kinds.map((kind) => kind.draw(dice, flow));
  const healAt = seconds(dice.between(10, Math.round((2 * flow.lastsMs) / 1000)));
  const fenceAgent = dice.oneOf(['null', '{}', '{"failureRate":0.5}']);
  return { scenario: flow.scenario, faults, settings: [`healAt=${healAt}`, `fenceAgent=${fenceAgent}`], kinds: kinds.map(({ name }) => name) };
}
