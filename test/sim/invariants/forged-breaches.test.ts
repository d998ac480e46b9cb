import { describe, expect, it } from 'vitest';
import { placeholder } from '../../../actors/command/batch.js';
import type { CommandState, HistoryEntry, MigrationEntry, StepState, TaskItem } from '../../../src/flow/state.js';
import type { OperatorAction } from '../../../src/model/operator.js';
import type { Outcome } from '../../../src/model/outcome.js';
import type { Change } from '../../../src/store/change.js';
import { Careful, Child, Leaving, OneWay, Parent, ThreeSteps } from './definitions.js';
import { Family } from './family.js';
import { ERROR, LEAF, Life } from './life.js';
import { Watched } from './watched.js';

// What no engine should do with families, clean-ups, operators and its own past, each against all the invariants: the one that sees it, and what it says.

const FAILED = { kind: 'failed', code: 261, message: 'no', takeOver: false } as const;
const LEAF_ARGS = { domain: 'hdd', disk: 'd1', volume: 'leaf', parent: 'd1-base', format: 'cow', sizeBytes: 1 };

function begin(definition = ThreeSteps): Life {
  return new Life(new Watched([ThreeSteps, OneWay, Child, Careful]), definition).admitted();
}

/** One breach: what happens, and `invariant where: detail` of what is then broken. */
type Breach = readonly [breach: string, happen: () => Life, seen: RegExp];

// Families.

const rollingBack = { status: 'ROLLING_BACK', executionReason: 'ROLLBACK_FLOW', executionIndex: 0, error: ERROR, fence: 2, phase: { at: 'callback', callback: 'compensate', attempt: 1, failures: 0, notBefore: null } } as const;
const succeeded = { status: 'SUCCEEDED', phase: { at: 'ended' } } as const;
const held = { status: 'STUCK', error: ERROR } as const;

const FAMILIES: readonly Breach[] = [
  [
    'a parent that leaves a child completed',
    () => new Family().parent.returns().returns().forge({ ...succeeded, executionIndex: 3 }, [{ index: 2, callback: 'endSuccessfully' }]),
    /^callback-order c1: it is SUCCEEDED, and its child c1!\S+ is still COMPLETED/,
  ],
  ['a root that is completed, as children are', () => begin(Child).returns().returns().forge({ status: 'COMPLETED' }), /^callback-order c1: it is COMPLETED, and depends on nobody/],
  ['a child that succeeds by itself', () => new Family().first.forge(succeeded), /^callback-order c1!\S+: it is SUCCEEDED, and that is not the batch in which c1 ends/],
  ['a child that succeeds before it is completed', () => new Family(Parent, { completed: false }).first.forge(succeeded), /^callback-order c1!\S+: it is SUCCEEDED, and was RUNNING/],
  [
    'a rollback of what has no parent',
    () => begin(Child).returns().returns().forge({ status: 'COMPLETED', phase: { at: 'completed' }, endedAt: null }).forge(rollingBack),
    /^callback-order c1: it is rolled back, and has no parent/,
  ],
  ['a child that is rolled back while its parent goes forward', () => new Family().first.forge(rollingBack), /^callback-order c1!\S+: it is rolled back, and its parent c1 goes forward/],
  [
    'a child that is rolled back before it is its step’s turn',
    () => {
      const { parent, second } = new Family();
      parent.returns().throws();
      return second.forge(rollingBack);
    },
    /^callback-order c1!\S+: it is rolled back, and its parent c1 is at step 2/,
  ],
  ['children that are rolled back in the order in which they were started', () => new Family().rollsBack().first.forge(rollingBack), /^callback-order c1!\S+: it is rolled back before c1!\S+, which was started later/],
  [
    'a child that is rolled back though its step leaves it',
    () => {
      const family = new Family(Leaving);
      family.parent.returns().throws();
      return family.second.forge(rollingBack);
    },
    /^callback-order c1!\S+: it is rolled back, and step 0 of c1 leaves what it did/,
  ],
  ['a step that is undone before its children', () => new Family().rollsBack().parent.forge({}, [{ index: 1, callback: 'compensate' }]), /^callback-order c1: compensate\(1\) was committed .* the rules allow the rollback of the children of step 1/],
  ['a child that counts as done and is not', () => new Family(Parent, { completed: false }).claims({ outcome: { kind: 'succeeded' } }), /^truth c1: it counts c1!\S+ as succeeded, which is RUNNING/],
  ['a child that counts as failed and is not', () => new Family(Parent, { completed: false }).claims({ outcome: { kind: 'childFailed', error: ERROR } }), /^truth c1: it counts c1!\S+ as childFailed, which is RUNNING/],
  ['a child that counts as rolled back and is not', () => new Family().rollsBack().claims({ undo: 'rolledBack' }), /^truth c1: it counts c1!\S+ as rolled back, which is COMPLETED/],
  ['a child that counts as held and never was', () => new Family(Parent, { completed: false }).claims({ held }), /^truth c1: it counts c1!\S+ as STUCK, which it never was/],
  [
    'an effect for a child that is completed',
    () => {
      const { first } = new Family();
      first.run.perform('k', 'createVolume', LEAF_ARGS, { commandId: first.state.id, executionIndex: 0 });
      return first;
    },
    /^truth k: createVolume took effect on host1 after c1!\S+ was COMPLETED/,
  ],
  [
    'a rollback that leaves what a completed child has done',
    () => {
      const { parent, first } = new Family(Parent, { completed: false });
      first.returns({ work: [LEAF] });
      const [task] = first.open();
      first.run.perform(task?.id ?? '', 'createVolume', LEAF_ARGS, { commandId: first.state.id, executionIndex: 0 });
      first.ends().returns();
      return parent.forge({ status: 'ROLLED_BACK', executionIndex: -1, phase: { at: 'ended' }, endedAt: 1 });
    },
    /^truth c1: it is ROLLED_BACK, and there remains: createVolume volume:hdd\/d1\/leaf/,
  ],
  [
    'a parent that waits for a child that has told it of its end',
    () => {
      const family = new Family(Parent, { completed: false });
      family.first.returns().returns().run.rest();
      return family.parent;
    },
    /^at-rest c1: at rest it waits for command c1!\S+, which is COMPLETED/,
  ],
  ['a child that is forgotten', () => new Family().parent.forge({ steps: [] }), /^exactly-once c1: step 1 was reached, and is forgotten/],
  ['a child whose end changes', () => new Family().claims({ outcome: { kind: 'childFailed', error: ERROR } }), /^exactly-once c1: the end of child c1!\S+ has changed/],
  [
    'a child that is no more of the family',
    () => {
      const { parent } = new Family();
      return parent.forge({ steps: parent.state.steps.map((step) => ({ ...step, work: [] })) });
    },
    /^exactly-once c1: child c1!\S+ of step 1 is forgotten/,
  ],
];

// Retries, and clean-ups before them.

const task = ({ state }: Life): TaskItem => {
  const item = state.steps[0]?.work[0];
  if (item?.kind !== 'task') throw new Error('there is no task');
  return item;
};

/** Its task has failed, and has another attempt; `beforeRetry` is due. */
function retrying(definition = Careful): Life {
  const life = begin(definition).returns({ work: [LEAF] });
  life.happens({ type: 'workEnded', id: task(life).id, outcome: FAILED });
  return life.happens({ type: 'retryDue', id: task(life).id });
}

/** `beforeRetry` returns, and asks for this. */
function prepared(life: Life, work: Parameters<Life['returns']>[0] = {}): Life {
  const { id } = task(life);
  const entry: HistoryEntry = { t: 0, handler: 'careful', index: 0, callback: 'beforeRetry', task: id, attempt: 1, outcome: 'ok' };
  const requests = (work.work ?? []).flatMap((item) => (item.kind === 'task' ? [item.request] : []));
  return life.happens({ type: 'prepared', run: { index: 0, attempt: 1, task: id }, work: requests, sent: false }, [entry]);
}

const cleansUp = (life: Life, entry: Partial<HistoryEntry> = {}): Life => life.forge({}, [{ index: 0, callback: 'beforeRetry', task: task(life).id, ...entry }]);

/** The next attempt is placed, whatever else there is to do. */
function placed(life: Life): Life {
  const item = task(life);
  const change: Change = { type: 'task', task: placeholder(life.state, item, 0) };
  return life.forge({}, [], [change]);
}

const withPast = (life: Life, outcome: Outcome): Life => life.forge({ steps: life.state.steps.map((step) => ({ ...step, work: [{ ...task(life), past: [{ id: 'c1$0.w1.1.0', outcome }] }] })) });

const RETRIES: readonly Breach[] = [
  ['a clean-up that its handler has not', () => cleansUp(begin().returns({ work: [LEAF] })), /^callback-order c1: beforeRetry\(0\) was committed \(ok\) for c1\$\S+, but its handler has none/],
  ['a clean-up for a task that there is not', () => cleansUp(retrying(), { task: 'c1$0.w1.9.9' }), /^callback-order c1: beforeRetry\(0\) .*, but no such task is to be tried again/],
  ['a clean-up for no task at all', () => retrying().runs('beforeRetry'), /^callback-order c1: beforeRetry\(0\) runs for no task, but no such task is to be tried again/],
  ['a clean-up for an attempt that is placed', () => cleansUp(prepared(retrying()), { attempt: 2 }), /^callback-order c1: .*, but that attempt is placed already/],
  ['a clean-up after an attempt that did not fail', () => cleansUp(withPast(retrying(), { kind: 'succeeded' })), /^callback-order c1: .*, but the attempt before it ended as succeeded/],
  ['a clean-up after what was stopped on purpose', () => cleansUp(withPast(retrying(), { kind: 'aborted', reason: 'sibling' })), /^callback-order c1: .*, but the attempt before it ended as aborted/],
  ['a clean-up that begins with its second attempt', () => cleansUp(retrying(), { attempt: 2 }), /^callback-order c1: .*, but its last attempt before that was 0/],
  ['a clean-up that is done twice', () => cleansUp(cleansUp(retrying()), { attempt: 2 }), /^callback-order c1: .*, but it was done already/],
  [
    'one attempt of a clean-up more than the policy has',
    () => [1, 2, 3, 4].reduce((life, attempt) => cleansUp(life, { attempt, outcome: 'X' }), retrying()),
    /^callback-order c1: beforeRetry\(0\) attempt 4 .*, but its attempts are used up/,
  ],
  ['a clean-up for a command that is being cancelled', () => cleansUp(retrying().forge({ cancel: { requestedAt: 0, during: null } })), /^callback-order c1: .*, but the step is being stopped/],
  [
    'a clean-up that does not wait for its next attempt',
    () => {
      const life = retrying();
      const { id } = task(life);
      life.happens({ type: 'beforeRetryThrew', run: { index: 0, attempt: 1, task: id }, error: ERROR, sent: false });
      return life.runs('beforeRetry', 0, 2, id);
    },
    /^callback-order c1: beforeRetry\(0\) attempt 2 runs, and is not due before \d+ µs/,
  ],
  ['a callback that does not wait for its next attempt', () => begin().returns().returns().throws().runs('beforeTask', 1, 2), /^callback-order c1: beforeTask\(1\) attempt 2 runs, and is not due before \d+ µs/],
  [
    'a task that does not wait for its next attempt',
    () => {
      const life = begin(Careful).returns({ work: [LEAF] });
      life.happens({ type: 'workEnded', id: task(life).id, outcome: FAILED });
      return changed(life, 0, { work: [{ ...task(life), notBefore: null }] });
    },
    /^callback-order task c1\$\S+: it is tried again before its back-off is over/,
  ],
  ['an attempt without the clean-up before it', () => placed(retrying()), /^callback-order task c1\$\S+: it was placed without the clean-up before it/],
  ['an attempt that does not await the tasks of its clean-up', () => placed(prepared(retrying(), { work: [LEAF] })), /^callback-order task c1\$\S+: it was placed, and clean-up task c1\$\S+ had not ended well/],
];

// Operators.

const operate = (life: Life, action: OperatorAction): Life => life.happens({ type: 'operate', request: { requestId: action, action }, unfit: null, called: [] });
const throwing = (life: Life, times: number): Life => (times === 0 ? life : throwing(life.throws(), times - 1));

/** Held at the undo of step 1; step 0 is blocked, and step 2 was undone. */
const cannotUndo = (): Life => throwing(begin().returns().returns().returns().returns().throws().returns(), 5);
/** Held at the end of step 0, behind the point of no return. */
const cannotEnd = (): Life => throwing(begin(OneWay).returns({ work: [LEAF] }).ends(), 5);
/** The same, but the leaf was made and step 0 has ended well: held at step 1. */
const made = (): Life => {
  const life = begin().returns({ work: [LEAF] });
  life.run.perform(task(life).id, 'createVolume', LEAF_ARGS, { commandId: 'c1', executionIndex: 0 });
  return throwing(life.ends().returns().returns().returns().throws().returns(), 5);
};
const closed = { status: 'CLOSED_BY_OPERATOR', phase: { at: 'ended' }, heldBy: null, endedAt: 1 } as const;

const OPERATORS: readonly Breach[] = [
  ['an undo that was given up, and runs again', () => operate(cannotUndo(), 'skip').forge({ executionIndex: 1 }).forge({}, [{ index: 1, callback: 'compensate', attempt: 6 }]), /^callback-order c1: compensate\(1\) attempt 6 was committed .* the rules allow compensate\(0\)/],
  ['an undo that was done by hand, and runs again', () => operate(cannotUndo(), 'resolve').forge({ executionIndex: 1 }).forge({}, [{ index: 1, callback: 'compensate', attempt: 6 }]), /^callback-order c1: compensate\(1\) attempt 6 was committed .* the rules allow compensate\(0\)/],
  ['an undo that is to be tried again, and is not', () => operate(cannotUndo(), 'retry').forge({ executionIndex: 0 }).forge({}, [{ index: 0, callback: 'compensate' }]), /^callback-order c1: compensate\(0\) was committed .* the rules allow compensate\(1\) attempt 6/],
  ['an undo that is tried again under a number that was used', () => operate(cannotUndo(), 'retry').forge({}, [{ index: 1, callback: 'compensate', attempt: 5 }]), /^callback-order c1: compensate\(1\) attempt 5 was committed .* the rules allow compensate\(1\) attempt 6/],
  ['a rollback in which an undo was given up', () => operate(cannotUndo(), 'skip').forge({ status: 'ROLLED_BACK', executionIndex: -1, phase: { at: 'ended' } }, [{ index: 0, callback: 'compensate' }]), /^callback-order c1: the command is ROLLED_BACK after compensate\(0\) \(ok\); the rules allow CLOSED_BY_OPERATOR/],
  ['a step that was given up, and is ended all the same', () => operate(cannotEnd(), 'skip').forge({ executionIndex: 0 }).forge({}, [{ index: 0, callback: 'endSuccessfully', attempt: 6 }]), /^callback-order c1: endSuccessfully\(0\) attempt 6 was committed .* the rules allow beforeTask\(1\)/],
  ['a step that is to be tried again, and is passed over', () => operate(cannotEnd(), 'retry').forge({ executionIndex: 1 }).forge({}, [{ index: 1, callback: 'beforeTask' }, { index: 1, callback: 'createTask' }]), /^callback-order c1: beforeTask\(1\) was committed .* the rules allow endSuccessfully\(0\) attempt 6/],
  ['success though a step was given up', () => operate(cannotEnd(), 'skip').returns().forge({ ...succeeded, executionIndex: 2 }, [{ index: 1, callback: 'endSuccessfully' }]), /^callback-order c1: the command is SUCCEEDED after endSuccessfully\(1\) \(ok\); the rules allow CLOSED_BY_OPERATOR/],
  ['an abandoned command that goes on', () => forgeAction(cannotUndo(), 'abandon', { status: 'ROLLING_BACK' }), /^callback-order c1: the command is ROLLING_BACK after .*; the rules allow CLOSED_BY_OPERATOR/],
  ['a held command that goes on by itself', () => cannotUndo().forge({ status: 'ROLLING_BACK', heldBy: null }), /^exactly-once c1: it was ROLLBACK_INCOMPLETE, and is ROLLING_BACK without an operator/],
  ['an action on a command that is not held', () => forgeAction(begin(), 'skip', {}), /^exactly-once c1: an operator acted on it while it was RUNNING/],
  ['one action that is applied twice', () => forgeAction(forgeAction(cannotUndo(), 'retry', { heldBy: ERROR }), 'retry', { heldBy: ERROR }), /^exactly-once c1: one request of an operator was applied twice/],
  ['a closed command that does not list what there is', () => made().forge(closed), /^truth c1: it is CLOSED_BY_OPERATOR, and there remains what it does not list: \+createVolume volume:hdd\/d1\/leaf \(step 0\)/],
  [
    'a closed command that lists what is not there',
    () => {
      const life = begin().returns({ work: [LEAF] }).ends().returns();
      return life.forge({ ...closed, exists: [{ index: 0, handler: 'first', why: 'completed', tasks: [], calls: [], children: [] }] });
    },
    /^truth c1: it counts task c1\$\S+ \(createVolume\) as succeeded, and it had no effect/,
  ],
  [
    'an effect after an operator has closed it',
    () => {
      const life = cannotUndo();
      operate(life, 'abandon').run.perform('k', 'createVolume', LEAF_ARGS, { commandId: 'c1', executionIndex: 1 });
      return life;
    },
    /^truth k: createVolume took effect on host1 after c1 was CLOSED_BY_OPERATOR/,
  ],
];

// What a command's snapshot says of its past.

const changed = (life: Life, index: number, change: Partial<StepState>): Life => life.forge({ steps: life.state.steps.map((step, i) => (i === index ? { ...step, ...change } : step)) });
const again = { at: 'callback', callback: 'start', attempt: 2, failures: 1, notBefore: null } as const;

const SNAPSHOTS: readonly Breach[] = [
  ['a rollback under the old fence number', () => begin().returns().forge({ ...rollingBack, fence: 1 }), /^exactly-once c1: a rollback began without a new fence number/],
  ['a further attempt under the old fence number', () => begin().forge({ phase: again }), /^exactly-once c1: an attempt that had sent something was given up without a new fence number/],
  ['a step that is completed no more', () => changed(begin().returns().returns(), 0, { completed: false }), /^exactly-once c1: step 0 was completed, and is not any more/],
  ['a point of no return that is behind no more', () => changed(cannotEnd(), 0, { pivot: 'none' }), /^exactly-once c1: step 0 was past its point of no return, and is not any more/],
  ['an output that changes', () => changed(begin().returns().returns(), 0, { output: 'another' }), /^exactly-once c1: what step 0 left to later steps has changed/],
  ['a child that was rolled back, and is not', rolledBackNoMore, /^exactly-once c1: child c1!\S+ was rolled back, and is not any more/],
  ['more steps than there are', () => changed(begin(Child).returns(), 0, { completed: true }).forge({ executionIndex: 1 }).forge({ executionIndex: 2 }), /^exactly-once c1: its executionIndex is 2, and it has 1 steps/],
  ['a migration that is not logged', () => begin().forge({ version: 2 }), /^exactly-once c1: its version went from 1 to 2, and its log of migrations does not say so/],
  ['a migration that is logged otherwise', () => migrated(begin(), {}, { from: 7 }), /^exactly-once c1: its migration from version 1 to 2 is logged as one from 7 to 2/],
  ['a migration that changes more than the steps', () => migrated(begin(), { submittedAt: 99 }), /^exactly-once c1: its submittedAt has changed with its version/],
  ['a migration that forgets what was given up', () => migrated(begin().throws(), { fence: 1 }), /^exactly-once c1: its fence went from 2 to 1, with 0 runs given up/],
  ['a migration that gives an attempt up in silence', () => migrated(begin(), { phase: again }), /^exactly-once c1: its phase has changed with its version/],
  ['a migration that gives up what was not due', () => migrated(begin(), { fence: 2 }, { givenUp: [{ callback: 'endSuccessfully', number: 0, attempt: 1 }] }), /^exactly-once c1: its migration gives up endSuccessfully of step 0, attempt 1, which was not due/],
  ['a migration that gives up a clean-up that was not due', () => migrated(retrying(), { fence: 9 }, { givenUp: [{ callback: 'beforeRetry', number: 0, attempt: 2, task: task(retrying()).id }] }), /^exactly-once c1: its migration gives up beforeRetry of step 0, attempt 2, which was not due/],
  [
    'a migration that drops what could not be undone',
    (life = cannotUndo()) => migrated(life, { steps: life.state.steps.slice(0, 1) }, { dropped: [{ index: 1, number: 1, handler: 'second', tasks: [], calls: [], children: [] }] }),
    /^exactly-once c1: step 1 could not be undone, or an operator has closed it, and it is forgotten/,
  ],
  ['a callback that runs with a program that cannot continue its command', () => ofAnotherVersion().runs('beforeTask'), /^callback-order c1: beforeTask\(0\) runs, and this program cannot continue ThreeSteps version 2/],
  ['a callback that is committed with such a program', () => ofAnotherVersion().forge({}, [{ index: 0, callback: 'beforeTask' }]), /^callback-order c1: beforeTask\(0\) was committed \(ok\), and this program cannot continue ThreeSteps version 2/],
  ['a task that is placed with such a program', () => placed(changed(ofAnotherVersion(), 0, { work: [task(begin().returns({ work: [LEAF] }))] })), /^callback-order c1: task c1\$\S+ was placed, and this program cannot continue ThreeSteps version 2/],
  ['a migration that forgets a step', () => migrated(begin().returns().returns(), { steps: [], executionIndex: 0 }), /^exactly-once c1: step 0 was begun, and is forgotten/],
  ['a migration that undoes a step', (life = begin().returns().returns()) => migrated(life, { steps: life.state.steps.map((step) => ({ ...step, completed: false })) }), /^exactly-once c1: what was done in step 0 has changed with its version/],
  ['a migration that brings a step from nowhere', (life = begin().returns()) => migrated(life, { steps: [...life.state.steps, { ...life.state.steps[0], number: 5 }] as CommandState['steps'] }), /^exactly-once c1: step 1 has come from nowhere/],
  ['a migration into another step', () => migrated(begin().returns(), { executionIndex: 1 }), /^exactly-once c1: it was in step 0, and is in step 1/],
  ['a task that may cross the point of no return, and nobody knows', () => placed(changed(begin(OneWay), 0, { work: [task(begin(OneWay).returns({ work: [LEAF] }))] })), /^callback-order task c1\$\S+: it may cross the point of no return, and that was not committed with it/],
  ['a callback of a command that is not on disk', unknown, /^callback-order c9: beforeTask\(0\) runs, but the command is not on disk/],
  ['a callback under the name of another step', () => begin().forge({}, [{ index: 0, callback: 'beforeTask', handler: 'second', outcome: 'X' }]), /^callback-order c1: beforeTask\(0\) was committed \(X\), but step 0 is first/],
];

/** Forges a migration to version 2. @param entry what its log says of it */
function migrated(life: Life, changes: Partial<CommandState>, entry: Partial<MigrationEntry> = {}): Life {
  const log: MigrationEntry = { t: 0, from: 1, to: 2, passedOver: [], dropped: [], givenUp: [], historyLength: life.state.historyLength, ...entry };
  return life.forge({ version: 2, migrations: [log], ...changes });
}

/** The program that watches has the first version. */
function ofAnotherVersion(): Life {
  return migrated(begin(), {});
}

/** What its parent has already counted, it takes back. */
function rolledBackNoMore(): Life {
  const family = new Family().rollsBack();
  family.claims({ undo: 'rolledBack' });
  return family.claims({ undo: 'closed' });
}

function unknown(): Life {
  const life = begin();
  life.run.probe({ type: 'callbackRuns', commandId: 'c9', index: 0, handler: 'first', callback: 'beforeTask', attempt: 1 });
  return life;
}

/** An operator's action that is logged as it should be, and changes what it should not. */
function forgeAction(life: Life, action: OperatorAction, change: Partial<CommandState>): Life {
  const { status, executionIndex: index, heldBy, historyLength, operator } = life.state;
  return life.forge({ heldBy: null, ...change, operator: [...operator, { t: 0, requestId: 'r', action, status, index, heldBy, historyLength }] });
}

describe.each<[string, readonly Breach[]]>([
  ['families', FAMILIES],
  ['retries, and clean-ups before them', RETRIES],
  ['operators', OPERATORS],
  ['snapshots', SNAPSHOTS],
])('%s', (_, breaches) => {
  it.each(breaches)('%s', (__, happen, seen) => {
    expect(happen().run.broken).toContainEqual(expect.stringMatching(seen));
  });
});

describe('what is lawful breaks nothing', () => {
  it.each<[string, () => Life]>([
    ['a family that succeeds', () => new Family().parent.returns().returns().returns()],
    [
      'a family that is rolled back, the last child first',
      () => {
        const { parent, first, second } = new Family().rollsBack();
        for (const child of [second, first]) {
          child.happens({ type: 'rollBack', error: ERROR }).returns();
          parent.happens({ type: 'childReported', id: child.state.id, report: { is: 'ended', outcome: { kind: 'childFailed', error: ERROR } } });
        }
        return parent.returns().returns();
      },
    ],
    ['an attempt after its clean-up', () => prepared(retrying())],
    ['an undo that is given up', () => operate(cannotUndo(), 'skip').returns()],
    ['an undo that is tried again', () => operate(cannotUndo(), 'retry').returns().returns()],
    ['a command that is abandoned', () => operate(cannotUndo(), 'abandon')],
  ])('%s', (_, happen) => {
    expect(happen().run.broken).toEqual([]);
  });
});
