import { expect } from 'vitest';
import { canMove, isEnd, moved, TASK_STATES, WIRE_VALUES, type TaskState } from '../../../../actors/host/task-states.js';
import { statusOf, type HostTask } from '../../../../actors/host/task-status.js';
import { LoneHost, SECOND, STEP } from '../../../actors/lone-host.js';
import type { Row, Section } from '../row.js';

/** vdsm's table of moves: where a task may come from. */
const MOVES: readonly (readonly [TaskState, readonly TaskState[]])[] = [
  ['preparing', ['init', 'blocked']],
  ['blocked', ['preparing']],
  ['acquiring', ['preparing', 'acquiring']],
  ['queued', ['acquiring', 'running']],
  ['running', ['queued']],
  ['finished', ['running', 'preparing']],
  ['aborting', ['preparing', 'blocked', 'acquiring', 'queued', 'running']],
  ['waitrecover', ['aborting']],
  ['racquiring', ['aborting', 'finished', 'racquiring', 'waitrecover']],
  ['recovering', ['racquiring']],
  ['recovered', ['recovering']],
  ['raborting', ['racquiring', 'recovering', 'waitrecover']],
  ['failed', ['recovering', 'aborting', 'raborting']],
];

/** What each internal state is called on the wire. */
const WIRE: readonly (readonly [readonly TaskState[], string, string])[] = [
  [['init'], 'init', ''],
  [['preparing', 'blocked', 'acquiring', 'queued', 'running'], 'running', ''],
  [['aborting', 'raborting'], 'aborting', ''],
  [['waitrecover', 'racquiring', 'recovering'], 'cleaning', ''],
  [['finished'], 'finished', 'success'],
  [['recovered'], 'finished', 'cleanSuccess'],
  [['failed'], 'finished', 'cleanFailure'],
];

/** With the code of a failure, which is told only of what is over. */
const aTaskThatIs = (state: TaskState): HostTask => ({ id: 't', verb: 'createVolume', args: {}, step: STEP, state, stopRequested: false, recoveries: [], code: 397, message: '' });

/** Where task `t` is when it is asked; the one worker of its host may be busy with another. */
type At = 'queued' | 'running' | 'stop pending' | 'finished' | 'recovered' | 'failed' | 'absent';

function taskThatIs(at: At): LoneHost {
  const rules = at === 'failed' ? [{ verb: 'createVolume', code: 397 }, { verb: 'createVolume', rollback: 'fails' as const }] : [];
  const host = new LoneHost({ config: { workers: 1 }, rules });
  if (at === 'absent') return host;
  if (at === 'queued' || at === 'recovered') host.submitVolume('before');
  host.submitVolume('v', 't');
  if (at === 'recovered' || at === 'stop pending') host.stop('t');
  if (at === 'finished') host.advance(SECOND);
  if (at === 'failed') host.advance(2 * SECOND);
  return host;
}

const WHICH: Readonly<Record<At, string>> = {
  'queued': 'that waits for a worker',
  'running': 'whose job runs',
  'stop pending': 'whose job runs, and that was asked to stop',
  'finished': 'that has ended well',
  'recovered': 'that was rolled back',
  'failed': 'whose roll-back has failed',
  'absent': 'that the SPM does not know',
};

/** What each control verb answers. */
const CONTROL: readonly { readonly verb: 'clear' | 'stop' | 'revert'; readonly codes: readonly (readonly [At, number])[] }[] = [
  { verb: 'clear', codes: [['queued', 410], ['running', 410], ['stop pending', 410], ['finished', 0], ['recovered', 0], ['failed', 0], ['absent', 401]] },
  { verb: 'stop', codes: [['queued', 0], ['running', 0], ['stop pending', 411], ['finished', 0], ['recovered', 0], ['failed', 0], ['absent', 401]] },
  { verb: 'revert', codes: [['queued', 403], ['running', 403], ['stop pending', 403], ['finished', 0], ['recovered', 441], ['failed', 441], ['absent', 401]] },
];

const FENCES = 'There, nothing is remembered of it. Here its id is refused from then on, so that a submission that is still on its way cannot start what nobody waits for any more.';

const control: readonly Row[] = CONTROL.flatMap(({ verb, codes }) =>
  codes.map(([at, code]): Row => {
    const fences = at === 'absent' && verb !== 'revert';
    return {
      id: `vdsm-1.${verb}-${at.replace(' ', '-')}`,
      source: `Control verbs by state: ${verb}Task, ${at}`,
      given: `a task ${WHICH[at]}`,
      when: `${verb}Task is asked`,
      then: `the answer is ${code}${code === 0 ? ', done' : ''}${fences ? ', and its id is fenced' : ''}`,
      proof: () => {
        const host = taskThatIs(at);
        expect(host.storage.tasks('pool1').find(({ id }) => id === 't')?.state).toBe(at === 'absent' ? undefined : at === 'stop pending' ? 'running' : at);
        expect(host[verb]('t')).toBe(code);
        if (fences) expect(host.submitVolume('v', 't').code).toBe(9002);
      },
      ...(fences ? { differs: FENCES } : {}),
    };
  }),
);

export const vdsm1States: Section = {
  title: 'Tasks: states, wire values, control verbs, codes',
  page: 'vdsm-facts.md',
  rows: [
    ...MOVES.map(
      ([to, from]): Row => ({
        id: `vdsm-1.to-${to}`,
        source: `States and transitions: ${to}`,
        given: 'a task in any state',
        when: `it is to become ${to}`,
        then: `it can only from ${from.join(', ')}`,
        proof: () => expect(TASK_STATES.filter((state) => canMove(state, to))).toEqual(TASK_STATES.filter((state) => from.includes(state))),
      }),
    ),
    {
      id: 'vdsm-1.done',
      source: 'States: done = finished, recovered, failed',
      given: 'a task in any state',
      when: 'it is asked whether it is over',
      then: 'it is if it is finished, recovered or failed, and on the wire all of these are `finished`',
      proof: () => {
        expect(TASK_STATES.filter(isEnd)).toEqual(['finished', 'recovered', 'failed']);
        expect(TASK_STATES.filter((state) => WIRE_VALUES[state].taskState === 'finished')).toEqual(TASK_STATES.filter(isEnd));
      },
    },
    {
      id: 'vdsm-1.illegal-move',
      source: 'States: illegal move: 441',
      given: 'a host that would let a task move as no table allows',
      when: 'it does',
      then: 'that is a defect, which ends the run with both states and 441; a request that would come to it is answered with 441 before',
      proof: () => {
        expect(() => moved<{ readonly id: string; readonly state: TaskState }>({ id: 't', state: 'queued' }, 'finished')).toThrow(/from queued to finished \(441\)/);
        expect(taskThatIs('recovered').revert('t')).toBe(441);
      },
    },
    {
      id: 'vdsm-1.force-failed',
      source: 'States: _doAbort force-fails any task that exits non-terminal',
      fact: 'Whatever goes wrong while a task ends, it is failed at last, by force.',
      doesNotApply: 'Nothing goes wrong between two states here: each is on storage before the next is entered, and when storage refuses one, the host is not SPM any more.',
    },
    ...WIRE.map(
      ([states, taskState, taskResult]): Row => ({
        id: `vdsm-1.wire-${states.join('-')}`,
        source: `Wire values: ${states.join(', ')}`,
        given: `a task that is ${states.join(' or ')}`,
        when: 'its status is asked for',
        then: `taskState is ${taskState}, taskResult '${taskResult}'`,
        proof: () => expect(states.map((state) => statusOf(aTaskThatIs(state)))).toMatchObject(states.map(() => ({ taskState, taskResult, code: taskState === 'finished' ? 397 : 0 }))),
      }),
    ),
    {
      id: 'vdsm-1.wire-unknown',
      source: 'Wire values: unknown',
      fact: 'A task can be in a state that is called unknown, inside and on the wire.',
      doesNotApply: 'A host here knows the state of each task that it has, and none is called so. What the engine makes of it when a host says it all the same: semantics-4.outcome-unknown.',
    },
    {
      id: 'vdsm-1.failed-is-clean-success',
      source: 'Wire values: every ordinary failed SPM task ends finished/cleanSuccess',
      given: 'a task whose job fails',
      when: 'it is rolled back',
      then: 'it is finished/cleanSuccess with the code of its failure: finished alone is no success',
      proof: [{ file: 'test/actors/spm-host-tasks.test.ts', test: 'that fails ends rolled back, with the code' }],
    },
    ...control,
    {
      id: 'vdsm-1.stop-queued-at-once',
      source: 'Control verbs by state: stopTask, queued: at once recovered, code 0',
      given: 'a task that waits for a worker',
      when: 'it is stopped',
      then: 'it is finished/cleanSuccess at once, with code 0 and "Task is initializing"',
      proof: () => {
        const host = taskThatIs('queued');
        host.stop('t');
        expect(host.status('t')).toEqual({ taskId: 't', taskState: 'finished', taskResult: 'cleanSuccess', code: 0, message: 'Task is initializing' });
      },
    },
    {
      id: 'vdsm-1.stop-co-operative',
      source: 'Stop is cooperative; even a job that succeeded then becomes cleanSuccess/411',
      given: 'a task whose job runs',
      when: 'it is stopped, and the job returns',
      then: 'it is running until then, cleaning while it is rolled back, and finished/cleanSuccess with 411 in the end',
      proof: () => {
        const host = taskThatIs('running');
        host.stop('t');
        expect(host.status('t')).toMatchObject({ taskState: 'running', taskResult: '', code: 0 });
        host.advance(SECOND);
        expect(host.status('t')).toMatchObject({ taskState: 'cleaning', taskResult: '' });
        host.advance(SECOND);
        expect(host.status('t')).toMatchObject({ taskState: 'finished', taskResult: 'cleanSuccess', code: 411 });
      },
    },
    {
      id: 'vdsm-1.stop-callbacks',
      source: 'Stop is cooperative: it sets a flag and fires abort callbacks',
      given: 'a task whose job runs',
      when: 'it is stopped when half of its time is over',
      then: 'its job takes the other half all the same',
      proof: () => {
        const host = taskThatIs('running');
        host.advance(SECOND / 2);
        host.stop('t');
        host.advance(SECOND / 2 - 1);
        expect(host.status('t')?.taskState).toBe('running');
        host.advance(1);
        expect(host.status('t')?.taskState).toBe('cleaning');
      },
      differs: 'There, some jobs have callbacks that cut them short when they are stopped: of a copy, the process that copies is killed. Here every job goes on to its end, as in the older vdsm whose jobs did not look; so a cancel can take as long as the copy.',
    },
    {
      id: 'vdsm-1.empty-id',
      source: 'Empty id or id containing "."',
      given: 'an SPM',
      when: 'a task without a name is asked about',
      then: 'the answer is 1000',
      proof: () => {
        const host = new LoneHost();
        expect([host.clear(''), host.stop(''), host.revert('')]).toEqual([1000, 1000, 1000]);
      },
      differs: 'There, an id with a "." is refused too. The ids that the engine gives its tasks have dots.',
    },
    {
      id: 'vdsm-1.code-in-job',
      source: 'Failure codes: only storage exceptions keep their code in a job',
      given: 'a job that fails with a code that is no storage exception: busy, children, not shareable, resource time-out, bad parameter',
      when: 'it has ended',
      then: 'its code is 100; any other code is kept',
      proof: () => {
        const codes = [203, 204, 214, 851, 1000, 261, 397].map((code) => {
          const host = new LoneHost({ rules: [{ verb: 'createVolume', code }] });
          host.submitVolume('v', 't');
          host.advance(3 * SECOND);
          return host.status('t')?.code;
        });
        expect(codes).toEqual([100, 100, 100, 100, 100, 261, 397]);
      },
    },
    {
      id: 'vdsm-1.code-at-submission',
      source: 'Failure codes: the same error at submission keeps its code and leaves no task',
      given: 'a verb that is refused when it is submitted',
      when: 'it is',
      then: 'the answer has the code as it is, and there is no task',
      proof: () => {
        const host = new LoneHost({ rules: [{ verb: 'createVolume', code: 203, when: 'refuse' }] });
        expect([host.submitVolume('v', 't').code, host.status('t')]).toEqual([203, undefined]);
      },
    },
  ],
};
