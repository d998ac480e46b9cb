import { expect } from 'vitest';
import type { EngineRig } from '../../../actors/engine-rig.js';
import { aTaskManager } from '../../../actors/task-manager/a-task-manager.js';
import { aTask } from '../../../src/store/fixtures.js';
import { afterTaking, runs, well } from '../driven.js';
import type { Row, RowWithoutEqual, Section } from '../row.js';

const FAILED = ['h2.beforeTask', 'h2.createTask', 'h2 task', 'h2 task ended badly', 'h2.endWithFailure'];
const REVERTED = ['h1.compensate', 'h1 revert task', 'h1 revert task ended well'];
const REVERT = { from: 'compensate', ends: 'well' } as const;

/** Where something is among all that was told. */
const at = (rig: EngineRig, type: 'lockReleased' | 'taskEnded'): number => rig.probes.findLastIndex((probe) => probe.type === type);

const bugs: readonly Row[] = [
  {
    id: 'ovirt-4.1',
    source: 'Historical bugs: 1, 94ac428c029: a revert task is never polled',
    given: 'two steps, of which the first has a revert task',
    when: 'the task of the second fails',
    then: 'the revert task is polled, and the rollback goes on when it has ended',
    proof: () => runs([{ tasks: ['well'], revertTask: REVERT }, { tasks: ['badly'] }], { happens: [...well('h1'), ...FAILED, ...REVERTED], status: 'ROLLED_BACK' }),
  },
  {
    id: 'ovirt-4.2',
    source: 'Historical bugs: 2, 807647a6506: an end or a retry arrives when the index is -1',
    given: 'a command that has been rolled back to -1',
    when: 'the engine starts anew, and somebody wants to cancel it',
    then: 'nothing of it is called again, and it is rolled back still',
    proof: () =>
      runs([{ throws: 'createTask', tasks: ['well'] }], { happens: ['h1.createTask threw', 'h1.endWithFailure'], status: 'ROLLED_BACK' }, async (rig) => {
        const before = await rig.history();
        expect((await rig.command()).executionIndex).toBe(-1);
        rig.restart();
        await rig.run();
        rig.ask({ op: 'cancelCommand', commandId: 'c1' });
        await rig.run();
        expect([await rig.history(), (await rig.command()).status]).toEqual([before, 'ROLLED_BACK']);
      }),
  },
  {
    id: 'ovirt-4.4',
    source: 'Historical bugs: 4, f480075b305: an end that always throws is called again every 10 s',
    given: 'a step whose endSuccessfully always throws, and that has one attempt',
    when: 'its task has ended well',
    then: 'it is called once, and the step is undone',
    proof: () => runs([{ tasks: ['well'], throws: 'endSuccessfully' }], { happens: [...well('h1').slice(0, -1), 'h1.endSuccessfully threw', 'h1.compensate'], status: 'ROLLED_BACK' }),
  },
  {
    id: 'ovirt-4.6',
    source: 'Historical bugs: 6, b36ff9cb077: the whole group is cleared, with the task that the end has started',
    given: 'a step that is over, and the task of the next, which is placed with it',
    when: 'the first is cleared',
    then: 'the second is offered, and not cleared',
    proof: () => {
      const { polled, tell, asked } = aTaskManager({ recovered: [aTask('t1', { state: 'Submitted' })] });
      polled({});
      tell({ type: 'place', task: aTask('t2', { executionIndex: 1 }) });
      tell({ type: 'clear', taskId: 't1' });
      expect(asked().map((body) => [body.op, 'taskId' in body ? body.taskId : null])).toEqual([
        ['submitTask', 't2'],
        ['clearTask', 't1'],
      ]);
    },
  },
  {
    id: 'ovirt-4.11',
    source: 'Historical bugs: 11, 10eebcec5d9: a restart when two of four tasks are submitted',
    given: 'a step with four tasks, of which a host has taken two',
    when: 'the engine dies',
    then: 'all four are done, each once, before the step ends',
    proof: () =>
      runs(
        [{ tasks: ['well', 'well', 'well', 'well'] }],
        {
          happens: ['h1.beforeTask', 'h1.createTask', ...Array<string>(4).fill('h1 task'), 'crash', ...Array<string>(4).fill('h1 task ended well'), 'h1.endSuccessfully'],
          status: 'SUCCEEDED',
        },
        (rig) => expect(new Set(rig.host.submissions.map(({ taskId }) => taskId)).size).toBe(4),
        afterTaking(2, 4),
      ),
    differs: 'oVirt forces the two that were submitted to failure',
  },
  {
    id: 'ovirt-4.13',
    source: 'Historical bugs: 13, b4f1d2baae5: a placeholder that is not yet committed cannot be seen',
    given: 'a step that is begun',
    when: 'its placeholders are written',
    then: 'they are in one batch with what it has changed, and are offered when that is on disk',
    proof: [{ file: 'test/actors/one-batch.test.ts', test: 'what beforeTask and createTask changed, the phase, and a placeholder of each task and child' }],
  },
  {
    id: 'ovirt-4.14',
    source: 'Historical bugs: 14, 84e04d993d1: what cleans up throws, and hides the first error',
    given: 'a step whose task fails, and whose endWithFailure throws',
    when: 'the rollback ends',
    then: 'the error of the command is that of the task',
    proof: () =>
      runs([{ tasks: ['badly'], throws: 'endWithFailure' }], { happens: ['h1.beforeTask', 'h1.createTask', 'h1 task', 'h1 task ended badly', ...Array<string>(5).fill('h1.endWithFailure threw')], status: 'ROLLBACK_INCOMPLETE' }, async (rig) =>
        expect((await rig.command()).error?.message).toMatch(/261/),
      ),
  },
  {
    id: 'ovirt-4.15',
    source: 'Historical bugs: 15, 38ad0a4d8aa: one of several fails, and placeholders of the others leak',
    given: 'a step with three tasks, of which the first is refused',
    when: 'the step has failed',
    then: 'no record and no task is left of any of them',
    proof: () =>
      runs(
        [{ tasks: ['refused', 'well', 'well'] }],
        { happens: ['h1.beforeTask', 'h1.createTask', 'h1 task', 'h1 task', 'h1 task', 'h1 task ended badly', 'h1 task ended well', 'h1 task ended well', 'h1.endWithFailure'], status: 'ROLLED_BACK' },
      ),
  },
];

const latent: readonly (Row | RowWithoutEqual)[] = [
  {
    id: 'ovirt-4.l1',
    source: 'Latent defects: L1: a failure of execute stops the revert task that was just created',
    given: 'a step whose createTask throws, and that has a revert task for its own partial work',
    when: 'that runs',
    then: 'nobody stops it, and the rollback waits for it',
    proof: () =>
      runs(
        [{ throws: 'createTask', tasks: ['well'], revertTask: { from: 'endWithFailure', ends: 'well' } }],
        { happens: ['h1.createTask threw', 'h1.endWithFailure', 'h1 revert task', 'h1 revert task ended well'], status: 'ROLLED_BACK' },
        (rig) => expect(rig.host.stopped).toEqual([]),
      ),
  },
  {
    id: 'ovirt-4.l3',
    source: 'Latent defects: L3: the lock is freed while revert tasks run, and freed again, of a rival',
    given: 'two steps, of which the first has a revert task',
    when: 'the second fails',
    then: 'the lock is released once, when the revert task has ended and all is undone',
    proof: () =>
      runs([{ tasks: ['well'], revertTask: REVERT }, { tasks: ['badly'] }], { happens: [...well('h1'), ...FAILED, ...REVERTED], status: 'ROLLED_BACK' }, (rig) => {
        expect([rig.told('lockReleased').length, at(rig, 'lockReleased') > at(rig, 'taskEnded')]).toEqual([1, true]);
      }),
  },
  {
    id: 'ovirt-4.l4',
    source: 'Latent defects: L4: snapshots of commands with handlers linger, and are applied at the next restart',
    fact: 'What a command had changed is put back at a restart, though handlers have gone on since',
    doesNotApply: 'there are no snapshots of records beside the flow: a restart puts nothing back',
  },
];

export const ovirt4Callbacks: Section = { title: 'Historical bugs and latent defects: the order of things', page: 'ovirt-facts.md', rows: [...bugs, ...latent] };
