import { expect } from 'vitest';
import type { TaskStatus } from '../../../../actors/wire.js';
import type { StopReason } from '../../../../src/flow/state.js';
import type { Outcome } from '../../../../src/model/outcome.js';
import { aTaskManager, POLL, statusOf, withSubmitted } from '../../../actors/task-manager/a-task-manager.js';
import { aTask } from '../../../src/store/fixtures.js';
import { ending, withCopy } from '../one-copy.js';
import type { Row, Section } from '../row.js';

type Said = Partial<TaskStatus>;

/** What the command is told of an acknowledged task when a poll says this of it. */
function told(said: Said, stop: StopReason | null): Outcome | null {
  const { tell, answer, pollAgain, owner } = withSubmitted();
  if (stop !== null) {
    tell({ type: 'stop', taskId: 't1', reason: stop });
    answer('stopTask');
  }
  pollAgain(said);
  return owner.take().flatMap((message) => (message.type === 'taskEnded' ? [message.outcome] : []))[0] ?? null;
}

const over = (taskResult: TaskStatus['taskResult'], code = 0): Said => ({ taskState: 'finished', taskResult, code });
const failed = (code: number, takeOver = false): Outcome => ({ kind: 'failed', code, message: '', takeOver });

/** By id: what is said, what is then so. Nobody has asked for the task to be stopped. */
const UNASKED: readonly (readonly [id: string, given: string, said: Said, then: string, outcome: Outcome | null])[] = [
  ['success', 'finished/success', over('success'), 'it has ended well', { kind: 'succeeded' }],
  ['success-with-error', 'finished/success with an error code', over('success', 261), 'it has failed: with an error there is no success', failed(261)],
  ['clean-success', 'finished/cleanSuccess', over('cleanSuccess', 261), 'it has failed, with the code', failed(261)],
  ['clean-failure', 'finished/cleanFailure', over('cleanFailure', 261), 'it has failed, with the code', failed(261)],
  ['clean-success-0', 'finished/cleanSuccess without a code', over('cleanSuccess'), 'it has failed, by the roll-back of an SPM that took over', failed(0, true)],
  ['clean-failure-0', 'finished/cleanFailure without a code', over('cleanFailure'), 'it has failed, in the roll-back of an SPM that took over', failed(0, true)],
  ['init', 'init', { taskState: 'init', taskResult: '' }, 'it is not over', null],
  ['running', 'running', { taskState: 'running', taskResult: '' }, 'it is not over', null],
  ['aborting', 'aborting', { taskState: 'aborting', taskResult: '' }, 'it is not over', null],
  ['cleaning', 'cleaning', { taskState: 'cleaning', taskResult: '' }, 'it is not over', null],
  ['unknown', 'unknown', { taskState: 'unknown', taskResult: '' }, 'it is not over: only absence from a settled SPM makes it lost', null],
];

const REASONS: readonly StopReason[] = ['cancelled', 'timeout', 'zombie', 'sibling'];

const unasked = UNASKED.map(
  ([id, given, said, then, outcome]): Row => ({
    id: `semantics-4.outcome-${id}`,
    source: 'Host status to outcome',
    given: 'a task that nobody has asked to stop',
    when: `its host says ${given}`,
    then,
    proof: () => expect(told(said, null)).toEqual(outcome),
  }),
);

const asked = REASONS.flatMap((reason): readonly Row[] => [
  ...(['cleanSuccess', 'cleanFailure'] as const).map(
    (result): Row => ({
      id: `semantics-4.outcome-${reason}-${result === 'cleanSuccess' ? 'clean-success' : 'clean-failure'}`,
      source: 'Host status to outcome: cleanSuccess or cleanFailure: aborted if we asked for it',
      given: `a task that was asked to stop: ${reason}`,
      when: `its host says finished/${result}, with 411 or with any other code`,
      then: `it is aborted (${reason})`,
      proof: () => expect([411, 261, 0].map((code) => told(over(result, code), reason))).toEqual(Array(3).fill({ kind: 'aborted', reason })),
    }),
  ),
  {
    id: `semantics-4.outcome-${reason}-success`,
    source: 'Host status to outcome: finished/success: ended well',
    given: `a task that was asked to stop: ${reason}`,
    when: 'its host says finished/success: it was over first',
    then: 'it has ended well',
    proof: () => expect(told(over('success'), reason)).toEqual({ kind: 'succeeded' }),
  },
]);

type Poll = NonNullable<Parameters<ReturnType<typeof aTaskManager>['answer']>[1]> | null;
const list = (more: object = {}, reply: object = {}): Poll => ({ result: { generation: 1, settled: true, tasks: [], ...more }, ...reply });

/** A task of which these are the answers to the polls; how often its id was to be fenced after each. */
function fences(...polls: readonly Poll[]): readonly number[] {
  const { ports, answer, asked: askedFor } = withSubmitted();
  return polls.map((poll) => {
    ports.advance(POLL);
    answer('getAllTasksStatuses', poll);
    return askedFor('fenceTask').length;
  });
}

const times = (n: number, poll: Poll): readonly Poll[] => Array.from({ length: n }, () => poll);

/** What makes the wait begin anew: the first poll that says so begins the next wait, if it says anything at all. */
const ANEW: readonly (readonly [id: string, when: string, between: Poll, then: Poll, since: 'this poll' | 'the next poll'])[] = [
  ['not-settled', 'has not loaded its tasks', list({ settled: false }), list(), 'the next poll'],
  ['another-term', 'is in another term', list({ generation: 2 }), list({ generation: 2 }), 'this poll'],
  ['another-incarnation', 'has started anew', list({}, { incarnation: 2 }), list({}, { incarnation: 2 }), 'this poll'],
  ['another-host', 'is another host', list({}, { from: 'host2' }), list({}, { from: 'host2' }), 'this poll'],
  ['listed-again', 'lists it again', list({ tasks: [statusOf({ taskState: 'running', taskResult: '' })] }), list(), 'the next poll'],
];

const anew = ANEW.map(
  ([id, when, between, then, since]): Row => ({
    id: `semantics-4.lost-${id}`,
    source: 'Host status to outcome: absent for unknownGrace from a settled SPM; settled: the same incarnation has said that its tasks are loaded',
    given: 'a task that has been missing for 50 s',
    when: `whoever answers the next poll ${when}`,
    then: 'the grace of 60 s begins anew',
    proof: () => {
      const again = fences(...times(6, list()), between, ...times(since === 'this poll' ? 6 : 7, then));
      expect(again).toEqual([...Array<number>(again.length - 1).fill(0), 1]);
    },
  }),
);

export const semantics4Outcomes: Section = {
  title: 'Task manager: from what a host says to how a task ended',
  page: 'semantics.md',
  rows: [
    ...unasked,
    ...asked,
    {
      id: 'semantics-4.outcome-storage',
      source: 'Host status to outcome: neither says that storage is clean',
      given: 'tasks that failed, were rolled back well or badly, by themselves or because they were asked to stop',
      when: 'the step fails',
      then: 'its endWithFailure is told how each ended and undoes what may be there: what a host calls clean is not believed',
      proof: [
        { file: 'test/sim/embed/task-faults.test.ts', test: 'leaves what the task has done, which its undo takes back' },
        { file: 'test/src/commands/live-migration.test.ts', test: '%s: nothing is left of it' },
        { file: 'test/actors/command.test.ts', test: 'endWithFailure is told what became of each, in order' },
      ],
    },
    {
      id: 'semantics-4.lost',
      source: 'Host status to outcome: acknowledged, then absent for unknownGrace (60 s) from a settled SPM: lost',
      given: 'an acknowledged task',
      when: 'a settled SPM does not list it for 60 s',
      then: 'its id is fenced then, and not before',
      proof: () => expect(fences(...times(7, list()))).toEqual([0, 0, 0, 0, 0, 0, 1]),
    },
    {
      id: 'semantics-4.lost-answered',
      source: 'Host status to outcome: lost',
      given: 'a task whose id is to be fenced',
      when: 'the SPM says that it does not know it, or not any more',
      then: 'it is lost; until that is answered it is not',
      proof: () => {
        for (const code of [401, 9002]) {
          const { pollAgain, owner, answer } = withSubmitted();
          for (let i = 0; i < 20; i += 1) pollAgain();
          expect(owner.take()).toEqual([]);
          answer('fenceTask', { code });
          expect(owner.take()).toMatchObject([{ outcome: { kind: 'lost' } }]);
        }
      },
    },
    ...anew,
    {
      id: 'semantics-4.lost-never-acknowledged',
      source: 'Host status to outcome: acknowledged, then absent',
      given: 'a task that was offered, and that nobody has acknowledged',
      when: 'no list has it, for as long as one likes',
      then: 'that says nothing: it goes on being offered',
      proof: () => {
        const { polled, tell, pollAgain, owner, asked: askedFor } = aTaskManager();
        polled();
        tell({ type: 'place', task: aTask('t1') });
        for (let i = 0; i < 20; i += 1) pollAgain();
        expect([owner.take(), askedFor('fenceTask'), askedFor('submitTask').length]).toEqual([[], [], 1]);
      },
    },
    {
      id: 'semantics-4.lost-earlier-poll',
      source: 'Host status to outcome: acknowledged, then absent',
      given: 'a poll that was begun before an acknowledgement was on disk',
      when: 'its list does not have the task',
      then: 'that says nothing: the list may be older than the task',
      proof: [{ file: 'test/actors/task-manager/missing.test.ts', test: 'is missing only if a poll says so that was begun when it was known to be on a host' }],
    },
    {
      id: 'semantics-4.lost-silence',
      source: 'Host status to outcome: from a host that does not answer, absence says nothing',
      given: 'an acknowledged task',
      when: 'polls are not answered, however many',
      then: 'that says nothing of it, and its end is told when one is',
      proof: () => {
        const { ports, answer, owner, asked: askedFor, pollAgain } = withSubmitted();
        for (let i = 0; i < 30; i += 1) {
          ports.advance(POLL);
          answer('getAllTasksStatuses', null);
        }
        expect([owner.take(), askedFor('fenceTask')]).toEqual([[], []]);
        pollAgain({});
        expect(owner.take()).toMatchObject([{ outcome: { kind: 'succeeded' } }]);
      },
    },
    {
      id: 'semantics-4.lost-not-spm',
      source: 'Host status to outcome: from a host that is not SPM, absence says nothing',
      given: 'an acknowledged task, on a host that says that it is not the SPM',
      when: 'it is polled for ten minutes',
      then: 'nothing is fenced and nobody is told an end; when it is the SPM again, the task ends as it says',
      proof: () =>
        withCopy({}, async (rig) => {
          await rig.runUntil(({ type }) => type === 'taskSubmitted');
          rig.host.script = { isSpm: () => false };
          await rig.runFor(600_000_000);
          expect([(await ending(rig)).outcome, rig.host.fences]).toEqual([null, []]);
          rig.host.script = {};
          await rig.run();
          expect(await ending(rig)).toMatchObject({ status: 'SUCCEEDED', offers: 1, left: [0, 0] });
        }),
    },
  ],
};
