import type { CommandState } from '../../src/flow/state.js';
import type { Scene } from './invariant.js';
import { isInDoubt } from './lost-commits.js';

export type InvariantName = 'liveness' | 'callback-order' | 'exactly-once' | 'locks' | 'spm-lease' | 'disk-data' | 'at-rest' | 'task-status' | 'truth' | 'determinism';

/** A fault of the specification (semantics, section 6), and what of the invariants it exempts. */
export interface FaultRow {
  readonly of: 'engine' | 'host' | 'network' | 'task' | 'SPM' | 'engine disk' | 'clock' | 'input' | 'beyond the model';
  readonly fault: string;
  /** How a scenario, or a caller, lets it happen: keys of its `faults` or settings. Empty: nobody can yet. */
  readonly by: readonly string[];
  /** Of an invariant that does not hold for all: for what it does. Of any other, it holds for all commands. */
  readonly exempts: { readonly [name in InvariantName]?: string };
  /** For which commands the invariants that are named do not speak of their status. Default: for none. */
  readonly covers?: (scene: Scene, state: CommandState) => boolean;
}

const OLDER_STORE = {
  'callback-order': 'all commands, from what the copy has',
  'exactly-once': 'all commands, from what the copy has; the batch that takes it up makes one jump beyond all that hosts have seen',
  locks: 'all commands, from what the copy has',
  liveness: 'all commands but those in doubt, whose causes only an operator can remove',
  'disk-data': 'all disks but those that lost commits, or commands in doubt before they were taken up, have worked on',
  'at-rest': 'all commands; one that is still parked for it may wait for tasks that are gone',
  truth: 'commands that were over in the copy, in full; those submitted since, but for objects that lost commits have worked on; of commands in doubt, that what is done for them has a cause and happens once',
} as const;

/** Every fault of the specification, in its order. What a row does not name is not exempt from anything. */
export const FAULT_TABLE: readonly FaultRow[] = [
  { of: 'engine', fault: 'crash and restart: at a time, at an event, at a named point, at random', by: ['crashEngine'], exempts: {} },
  { of: 'engine', fault: 'pause', by: ['pauseEngine'], exempts: {} },
  { of: 'host', fault: 'crash and restart', by: ['crashHost'], exempts: {} },
  { of: 'host', fault: 'hang', by: ['hangHost'], exempts: {} },
  { of: 'host', fault: 'slow', by: ['verbs', 'profile', 'slowTask'], exempts: {} },
  { of: 'host', fault: 'unkillable task', by: ['hangTask'], exempts: {} },
  { of: 'network', fault: 'delay', by: ['delayMessage', 'network'], exempts: {} },
  { of: 'network', fault: 'loss', by: ['dropMessage', 'network'], exempts: {} },
  { of: 'network', fault: 'duplication', by: ['duplicateMessage', 'network'], exempts: {} },
  { of: 'network', fault: 'reordering', by: ['delayMessage', 'network'], exempts: {} },
  { of: 'network', fault: 'partition, also one-way', by: ['partition'], exempts: {} },
  { of: 'network', fault: 'lost reply', by: ['dropMessage'], exempts: {} },
  { of: 'task', fault: 'fails with a code', by: ['failTask', 'failCall', 'verbs'], exempts: {} },
  { of: 'task', fault: 'hangs', by: ['hangTask'], exempts: {} },
  { of: 'task', fault: 'is lost', by: ['loseTask'], exempts: {} },
  { of: 'task', fault: 'finishes late', by: ['slowTask'], exempts: {} },
  { of: 'task', fault: 'fails its roll-back', by: ['failRollback'], exempts: {} },
  { of: 'SPM', fault: 'lease lost', by: ['loseLease'], exempts: {} },
  { of: 'SPM', fault: 'moved by an operator', by: ['moveSpm'], exempts: {} },
  { of: 'SPM', fault: 'split brain: two that take themselves for it', by: ['hangHost', 'partition'], exempts: {} },
  { of: 'SPM', fault: 'empty-list window after a take-over', by: ['spm'], exempts: {} },
  { of: 'engine disk', fault: 'slow', by: ['disk'], exempts: {} },
  { of: 'engine disk', fault: 'unsynced writes lost at power loss', by: ['crashEngine'], exempts: {} },
  { of: 'engine disk', fault: 'failed write, failed sync, full', by: [], exempts: {} },
  { of: 'engine disk', fault: 'corrupted value', by: [], exempts: { liveness: 'none: the engine refuses the store until it is put right' } },
  { of: 'clock', fault: 'jump at one node', by: [], exempts: {} },
  { of: 'input', fault: 'bad input at any interface', by: ['commands'], exempts: {} },
  {
    of: 'beyond the model',
    fault: 'task ids made by hosts (`clientTaskIds: false`), without a `probe` or with one that is wrong',
    by: ['pools'],
    exempts: { truth: 'all commands but those with a task that is `unknown` or `lost`, or that a repeated submission has run twice: what these have left is named', 'at-rest': 'all tasks, but that one that counts as lost is over instead of fenced' },
  },
  {
    of: 'beyond the model',
    fault: '`unfencedWriters`: jobs of an SPM that has lost its lease go on writing',
    by: [],
    exempts: { 'disk-data': 'disks that no such job works on', truth: 'commands without such a job', 'spm-lease': 'leases, but not what is written under older ones' },
  },
  {
    of: 'beyond the model',
    fault: '`persistAfterReport`: a host reports an end before that is on storage',
    by: [],
    exempts: { 'task-status': 'tasks whose end was on storage when it was told', truth: 'commands with such tasks alone' },
  },
  { of: 'beyond the model', fault: 'truncated log: the tail of the engine\'s store is lost', by: [], exempts: OLDER_STORE, covers: isInDoubt },
  { of: 'beyond the model', fault: 'older copy of the engine\'s store put back, and accepted by an operator', by: ['acceptOlderStore'], exempts: OLDER_STORE, covers: isInDoubt },
];

/** Whether some fault exempts the status of this command from what the invariant says of it. */
export function isExempt(scene: Scene, invariant: InvariantName, state: CommandState): boolean {
  return (COVERS.get(invariant) ?? []).some((covers) => covers(scene, state));
}

const COVERS: ReadonlyMap<string, readonly NonNullable<FaultRow['covers']>[]> = coversByName();

function coversByName(): ReadonlyMap<string, readonly NonNullable<FaultRow['covers']>[]> {
  const byName = new Map<string, Set<NonNullable<FaultRow['covers']>>>();
  for (const { exempts, covers } of FAULT_TABLE) {
    if (covers === undefined) continue;
    for (const name of Object.keys(exempts)) byName.set(name, (byName.get(name) ?? new Set()).add(covers));
  }
  return new Map([...byName].map(([name, covers]) => [name, [...covers]]));
}
