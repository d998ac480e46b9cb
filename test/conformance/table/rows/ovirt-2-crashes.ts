import { expect } from 'vitest';
import { acknowledged, afterTaking, callback, recordOf, runs, tasksTaken, well } from '../driven.js';
import type { Row, RowWithoutEqual, Section } from '../row.js';

const TWO_TASKS = [{ tasks: ['well', 'well'] }] as const;
const BOTH = ['h1.beforeTask', 'h1.createTask', 'h1 task', 'h1 task'];
const ENDED = ['h1 task ended well', 'h1 task ended well', 'h1.endSuccessfully'];

const restart: readonly (Row | RowWithoutEqual)[] = [
  {
    id: 'ovirt-2.restart-snapshots',
    source: 'Restart order: compensation snapshots are restored first',
    given: 'a step whose beforeTask has changed a record',
    when: 'the engine dies while its task runs',
    then: 'the record stays as it was changed, once, and the step goes on',
    proof: () =>
      runs([{ tasks: ['well'], changesRecordIn: 'beforeTask' }], { happens: [...well('h1').slice(0, 3), 'crash', ...well('h1').slice(3)], status: 'SUCCEEDED' }, async (rig) => expect(await recordOf(rig)).toEqual({ changes: 1 }), {
        at: acknowledged(1),
      }),
    differs: 'there are no snapshots beside the flow: a crash undoes nothing, and what is to be undone is undone by the handlers',
  },
  {
    id: 'ovirt-2.restart-jobs',
    source: 'Restart order: jobs without external step id become UNKNOWN',
    fact: 'What is shown to users of a command is a record of its own, which a restart ends as unknown',
    doesNotApply: 'what is told of a command is its snapshot, and so as true after a restart as before',
  },
  {
    id: 'ovirt-2.restart-all-empty',
    source: 'Restart order: all vdsm ids empty: endAction with failure',
    given: 'a step with two tasks, neither of which a host has acknowledged',
    when: 'the engine dies',
    then: 'both are offered again, under their ids, and the step ends well',
    proof: () => runs(TWO_TASKS, { happens: [...BOTH, 'crash', ...ENDED], status: 'SUCCEEDED' }, (rig) => expect(tasksTaken(rig)).toBe(2), afterTaking(0, 2)),
    differs: 'a task that was placed and not acknowledged is not one that failed: it can be offered again, because the engine has chosen its id',
  },
  {
    id: 'ovirt-2.restart-some-empty',
    source: 'Restart order: some vdsm ids empty: partially submitted, the others are forced to failure',
    given: 'a step with two tasks, of which a host has acknowledged one',
    when: 'the engine dies',
    then: 'the other is offered again, under its id, and the step ends well',
    proof: () => runs(TWO_TASKS, { happens: [...BOTH, 'crash', ...ENDED], status: 'SUCCEEDED' }, (rig) => expect(tasksTaken(rig)).toBe(2), afterTaking(1, 2)),
    differs: 'each task has its placeholder, so none is missing; what runs well need not fail because of a crash',
  },
  {
    id: 'ovirt-2.restart-locks',
    source: 'Restart order: command-scope locks are acquired again when the pool is up; failure only warns',
    given: 'a command with locks',
    when: 'the engine has started again',
    then: 'it holds them before anything is accepted, whether its pool is up or not',
    proof: [{ file: 'test/actors/engine.test.ts', test: 'are held again after a crash before anything is accepted, and go with the command' }],
    differs: 'who holds a lock is on disk, and nobody else is asked whether he may hold it still',
  },
  {
    id: 'ovirt-2.restart-rebuilt',
    source: 'Restart order: addStoragePoolExistingTasks: rebuilt from the list of vdsm',
    given: 'tasks on record, placed, acknowledged and being cleared',
    when: 'the engine has started again',
    then: 'each goes on where its record says, before any host has been asked',
    proof: [{ file: 'test/actors/task-manager/after-a-crash.test.ts', test: 'goes on with each task where its record says, and polls at once' }],
    differs: 'what a list does not have is not forgotten for that',
  },
  {
    id: 'ovirt-2.restart-without-tasks',
    source: 'Restart order: 3.6: command_entities.executed; 4.0: a command without tasks becomes ENDED_WITH_FAILURE',
    given: 'a step without tasks, whose beforeTask has changed a record',
    when: 'the engine dies when that is committed, or while it runs',
    then: 'the command goes on from there, and the record is changed once',
    proof: async () => {
      const callbacks = ['h1.beforeTask', 'h1.createTask', 'h1.endSuccessfully'];
      for (const [type, before] of [['callbackCommitted', 2], ['callbackRuns', 0]] as const) {
        const happens = [...callbacks.slice(0, before), 'crash', ...callbacks.slice(before)];
        await runs([{ changesRecordIn: 'beforeTask' }], { happens, status: 'SUCCEEDED' }, async (rig) => expect(await recordOf(rig)).toEqual({ changes: 1 }), { at: callback(type, 'createTask', 0) });
      }
    },
    differs: 'each command is on disk from its submission on, with its place in the flow, whether it has tasks or not',
  },
];

export const ovirt2Crashes: Section = { title: 'Restart', page: 'ovirt-facts.md', rows: restart };
