import { expect } from 'vitest';
import { changedRecoveries } from '../../../../sim/world/verbs/recovery-list.js';
import { grantSpm, LoneHost, SECOND } from '../../../actors/lone-host.js';
import type { Section } from '../row.js';

const TASKS = 'test/actors/spm-host-tasks.test.ts';

const recoveriesOf = (host: LoneHost): readonly string[] | undefined => host.storage.tasks('pool1')[0]?.recoveries;
const hasImage = (host: LoneHost, volume = 'v'): boolean => host.storage.content.images.find('domain1', `disk-of-${volume}`) !== undefined;

export const vdsm5Tasks: Section = {
  title: 'Pinning tests: tasks',
  page: 'vdsm-facts.md',
  rows: [
    {
      id: 'vdsm-5.prepare',
      source: 'task_test.py: test_task_prepare',
      fact: 'A task without jobs is finished as soon as it is prepared.',
      doesNotApply: 'A task of ours has one job, which is its verb\'s. What a step does without tasks is a step without work, which ends at once.',
    },
    {
      id: 'vdsm-5.abort',
      source: 'task_test.py: test_task_abort',
      fact: 'A task that is stopped while it is prepared, and is not to be rolled back by itself, is failed, with code 0.',
      doesNotApply: 'A submission is accepted or refused in one instant, so there is no task yet that could be stopped; and every task is rolled back by itself.',
    },
    {
      id: 'vdsm-5.queued',
      source: 'task_test.py: test_task_queued',
      given: 'an SPM whose workers are busy',
      when: 'a task is submitted, and then a worker is free',
      then: 'it is queued, and nothing of it is done; then it runs, and is finished',
      proof: () => {
        const host = new LoneHost({ config: { workers: 1 } });
        host.submitVolume('first');
        host.submitVolume('v');
        host.advance(SECOND - 1);
        const state = () => host.storage.tasks('pool1').find(({ id }) => id === 'v')?.state;
        expect([state(), hasImage(host)]).toEqual(['queued', false]);
        host.advance(1);
        expect([state(), hasImage(host)]).toEqual(['running', true]);
        host.advance(SECOND);
        expect(host.status('v')).toMatchObject({ taskState: 'finished', taskResult: 'success', code: 0 });
      },
    },
    {
      id: 'vdsm-5.rollback',
      source: 'task_test.py: test_task_rollback',
      given: 'a task that has registered two recoveries',
      when: 'it is stopped, and its job returns',
      then: 'both are run, and it is recovered',
      proof: () => {
        const host = new LoneHost();
        host.submitVolume('v');
        host.stop('v');
        host.advance(SECOND);
        expect([recoveriesOf(host)?.length, hasImage(host)]).toEqual([2, true]);
        host.advance(SECOND / 2);
        expect([recoveriesOf(host), hasImage(host), host.storage.tasks('pool1')[0]?.state]).toEqual([[], false, 'recovered']);
      },
    },
    {
      id: 'vdsm-5.save-load',
      source: 'task_test.py: test_task_save_load',
      given: 'a task that runs when its host dies',
      when: 'another has loaded and recovered it',
      then: 'it is recovered, and says "Task is initializing"',
      proof: () => {
        const before = new LoneHost();
        before.submitVolume('v');
        const host = new LoneHost({ storage: before.storage, config: { incarnation: 2 } });
        host.advance(SECOND);
        expect([host.storage.tasks('pool1')[0]?.state, host.status('v')?.message]).toEqual(['recovered', 'Task is initializing']);
      },
    },
    {
      id: 'vdsm-5.recovery-list',
      source: 'task_test.py: test_recovery_list',
      given: 'a list of recoveries',
      when: 'one is pushed; all are cleared; those behind a sentinel are replaced; the last is run',
      then: 'it is last; there is none; the one that replaces stands behind the sentinel, and what is before that stays; it is struck off',
      proof: () => {
        expect(changedRecoveries(['a'], [{ do: 'push', name: 'b' }])).toEqual(['a', 'b']);
        expect(changedRecoveries(['a', 'b'], [{ do: 'clear' }])).toEqual([]);
        expect(changedRecoveries(['a', 'sentinel', 'b', 'c'], [{ do: 'replaceAfter', sentinel: 'sentinel', name: 'd' }])).toEqual(['a', 'sentinel', 'd']);
        const host = new LoneHost();
        host.submitVolume('v');
        host.stop('v');
        host.advance(2 * SECOND);
        expect(recoveriesOf(host)).toEqual([]);
      },
    },
    {
      id: 'vdsm-5.persistent-job',
      source: 'taskmanager_test.py: test_persistent_job',
      given: 'a running task, and an SPM whose lease another takes',
      when: 'that one has loaded and recovered it',
      then: 'its recoveries are run, with the arguments of the task',
      proof: () => {
        const first = new LoneHost();
        for (const volume of ['v', 'w']) first.submitVolume(volume);
        first.advance(SECOND / 2);
        expect([hasImage(first, 'v'), hasImage(first, 'w')]).toEqual([true, true]);
        grantSpm(first.storage, 'host2');
        const second = new LoneHost({ node: 'host2', storage: first.storage, config: { incarnation: 2, beginsAsSpm: true } });
        second.advance(SECOND);
        expect(['v', 'w'].map((id) => [second.status(id)?.taskResult, hasImage(second, id)])).toEqual([['cleanSuccess', false], ['cleanSuccess', false]]);
      },
    },
    {
      id: 'vdsm-5.revert',
      source: 'taskmanager_test.py: test_revert_task, whose last line lacks its `assert`',
      given: 'a task that has finished',
      when: 'it is reverted',
      then: 'its recovery is run, and it is recovered',
      proof: () => {
        const host = new LoneHost();
        host.submitVolume('v');
        host.advance(SECOND);
        expect([host.revert('v'), host.status('v')?.taskState, hasImage(host)]).toEqual([0, 'cleaning', true]);
        host.advance(SECOND);
        expect([host.status('v')?.taskResult, host.storage.tasks('pool1')[0]?.state, hasImage(host)]).toEqual(['cleanSuccess', 'recovered', false]);
      },
    },
    {
      id: 'vdsm-5.stop-clear',
      source: 'taskmanager_test.py: test_stop_clear_task, whose last line lacks its `assert`',
      given: 'a running task',
      when: 'it is stopped, its job returns, and it is cleared',
      then: 'its recovery is run, it is recovered, and then its id is gone',
      proof: () => {
        const host = new LoneHost();
        host.submitVolume('v');
        host.stop('v');
        host.advance(2 * SECOND);
        expect([host.storage.tasks('pool1')[0]?.state, hasImage(host), host.clear('v')]).toEqual(['recovered', false, 0]);
        expect([host.storage.tasks('pool1'), host.status('v'), host.clear('v')]).toEqual([[], undefined, 401]);
      },
    },
    {
      id: 'vdsm-5.clear-running',
      source: 'blocksd_test.py: clear-running (no test there)',
      given: 'a running task',
      when: 'it is to be cleared',
      then: '410, and it runs on',
      proof: [{ file: TASKS, test: 'is refused with 410 while the task waits or runs, and then forgets it' }],
    },
    {
      id: 'vdsm-5.pool',
      source: 'threadpool_test.py: 10 workers + 20 tasks: the last 10 wait',
      given: 'ten workers',
      when: 'there are 20 tasks and more',
      then: 'the first ten run, and the others when these are over',
      proof: [{ file: TASKS, test: 'runs ten tasks at once, the rest in the order of their arrival' }],
    },
    {
      id: 'vdsm-5.pool-raising',
      source: 'threadpool_test.py: a raising task doesn\'t kill its worker',
      given: 'one worker, and a task that fails, at its start or at its end; one that is lost; one that waits',
      when: 'the first are over',
      then: 'the last one runs',
      proof: () => {
        const host = new LoneHost({
          config: { workers: 1 },
          rules: [
            { verb: 'createVolume', nth: 1, code: 397, when: 'atStart' },
            { verb: 'createVolume', nth: 2, code: 397, when: 'atEnd' },
            { verb: 'createVolume', nth: 3, lost: 'atEnd' },
          ],
        });
        for (const id of ['a', 'b', 'c', 'd']) host.submitVolume(id);
        host.advance(10 * SECOND);
        expect(['a', 'b', 'c', 'd'].map((id) => host.status(id)?.taskResult)).toEqual(['cleanSuccess', 'cleanSuccess', undefined, 'success']);
      },
    },
  ],
};
