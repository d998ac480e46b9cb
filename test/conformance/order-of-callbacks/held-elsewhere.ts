import type { HeldRow } from './row.js';

/** What oVirt's own tests pin down beside the order of callbacks, and where ours do. */
export const HELD_ELSEWHERE: readonly HeldRow[] = [
  {
    source: 'CommandBaseTest.testExecuteNoTaskHandlers, testNoHandlersInEndSuccessful',
    given: 'a command without handlers',
    when: 'it is executed, and its tasks end well',
    then: 'executeAction is called, then the command\'s own endSuccessfully',
    heldBy: { file: 'test/src/model/entire-command.test.ts', test: 'is one step that starts %i tasks itself' },
  },
  {
    source: 'CommandBaseTest.testNoHandlersInEndWithFailure',
    given: 'a command without handlers',
    when: 'its end fails',
    then: 'its own undo is called; without one it does not count as undone',
    heldBy: { file: 'test/src/model/entire-command.test.ts', test: 'undoes itself if its end fails, and has an undo' },
    differs: 'oVirt counts the empty compensate of the wrapping handler as an undo',
  },
  {
    source: 'BackwardCompatibilityTaskCreationTest: pool and id are kept, status init, state Initializing',
    given: 'a step that asks for a task',
    when: 'its callbacks are committed',
    then: 'the task is on disk as a placeholder, with verb, arguments and pool as asked for',
    heldBy: { file: 'test/actors/task-manager/life.test.ts', test: 'placeholder, submitted, polled, ended, cleared' },
  },
  {
    source: 'AsyncTaskDAOTest: find by id, by entity, by pool',
    given: 'tasks of several commands, pools and entities',
    when: 'they are looked up',
    then: 'each look-up finds those that are there, and none that were cleared',
    heldBy: { file: 'test/src/store/tasks.test.ts', test: 'are found by command, step, entity and pool, and never by what only begins alike' },
  },
  {
    source: 'InMemoryLockManagerTest: shared and shared go together, exclusive and any do not',
    given: 'a lock that is held in one mode',
    when: 'it is asked for in another',
    then: 'shared beside shared is granted, all else is not',
    heldBy: { file: 'test/actors/locks.test.ts', test: 'have any number of owners, if they are shared, and then no exclusive one' },
  },
  {
    source: 'InMemoryLockManagerTest: several keys all or nothing',
    given: 'a command that needs two locks, of which one is held',
    when: 'it asks',
    then: 'it gets neither, and is told what is in the way',
    heldBy: { file: 'test/actors/locks.test.ts', test: 'are granted all together, or none of them' },
  },
  {
    source: 'InMemoryLockManagerTest: release enables the next',
    given: 'a command that waits for a lock',
    when: 'its holder releases it',
    then: 'it is granted',
    heldBy: { file: 'test/actors/locks.test.ts', test: 'ends when the last of its locks is free, and not before' },
  },
  {
    source: 'LiveMigrateVmDisksCommandTest: params that do not fit are rejected before anything is done',
    given: 'a live migration to where a disk is already, or of no disk',
    when: 'it is submitted',
    then: 'it is refused, naming the field',
    heldBy: { file: 'test/src/commands/live-migration.test.ts', test: 'params' },
    differs: 'templates, stateless VMs and plugged snapshots are not in our model, so neither are their refusals',
  },
];
