import type { Section } from '../row.js';

const MANAGER = 'test/actors/task-manager';
const LOAD = 'test/sim/scenario/load.test.ts';

export const ovirt2: Section = {
  title: 'AsyncTaskManager and tasks',
  page: 'ovirt-facts.md',
  rows: [
    {
      id: 'ovirt-2.task-states',
      source: 'AsyncTaskState: Initializing, Polling, Ended, AttemptingEndAction, Cleared | ClearFailed',
      given: 'a task of a command',
      when: 'it is placed, acknowledged, polled until it ends, consumed and cleared',
      then: 'Placeholder, Submitted and Ending are on disk; that it is polled, or has ended and is with its command, is between two commits and so in memory alone',
      proof: [{ file: `${MANAGER}/life.test.ts`, test: 'placeholder, submitted, polled, ended, cleared' }],
    },
    {
      id: 'ovirt-2.config',
      source: 'Configuration table',
      given: 'a scenario that says nothing of the engine',
      when: 'it is read',
      then: 'the settings that have an equal have the defaults of oVirt; docs/settings.md lists them, and those without an equal',
      proof: [{ file: LOAD, test: 'is read into whole µs, bytes and bytes per second, with every default filled in' }],
    },
    {
      id: 'ovirt-2.poll-error',
      source: 'Poll: pool error: its tasks untouched',
      given: 'tasks of a pool',
      when: 'a poll goes unanswered',
      then: 'that says nothing of them, and it is repeated',
      proof: [{ file: `${MANAGER}/life.test.ts`, test: 'a poll that fails says nothing, and is repeated' }],
    },
    {
      id: 'ovirt-2.poll-absent',
      source: 'Poll: task absent from a valid reply: unknown, treated as failure',
      given: 'an acknowledged task',
      when: 'a list does not have it',
      then: 'that alone ends nothing: it must be missing for unknownGrace from one term of a settled SPM, and is then fenced; that answered, it is lost',
      proof: [{ file: `${MANAGER}/missing.test.ts`, test: 'is fenced when it has been so for the whole grace, and is lost when that is answered, not before' }],
      differs: 'a new SPM lists nothing for a moment (vdsm-facts.md, section 1, trap a), which oVirt takes for the failure of every task',
    },
    {
      id: 'ovirt-2.clear-unknown',
      source: 'clearTask: UnknownTask counts as success',
      given: 'a task whose outcome is consumed',
      when: 'the host answers its clearing with 401',
      then: 'it is cleared',
      proof: [{ file: `${MANAGER}/clearing.test.ts`, test: 'an absent task is a cleared one' }],
    },
    {
      id: 'ovirt-2.clear-failed',
      source: 'clearTask: failure: ClearFailed; TaskStateError leaves the state unchanged (L9)',
      given: 'a task whose outcome is consumed',
      when: 'its clearing is refused, whatever the code',
      then: 'it is asked for again after the next poll, until it succeeds',
      proof: [{ file: `${MANAGER}/clearing.test.ts`, test: 'that fails is tried again after the next poll, until it succeeds' }],
    },
    {
      id: 'ovirt-2.stop',
      source: 'stopTask: refused if unknown, aborting or past Ended',
      given: 'a task that is over, or that this engine does not know',
      when: 'it is to be stopped',
      then: 'nobody is asked',
      proof: [{ file: `${MANAGER}/stopping.test.ts`, test: 'does nothing to what is over or unknown' }],
    },
    {
      id: 'ovirt-2.poll-unknown-id',
      source: 'pollTasks on an id not in memory returns finished/success',
      given: 'an answer about a task that this engine does not know',
      when: 'it arrives, late, twice or from the past',
      then: 'it changes nothing',
      proof: [{ file: `${MANAGER}/from-the-past.test.ts`, test: 'whatever comes late, twice or from the past' }],
      differs: 'of what it does not know, oVirt says that it succeeded',
    },
    {
      id: 'ovirt-2.zombie',
      source: 'Zombie: older than the limit: running: stop by force; finished or unknown: clear by force, row deleted',
      given: 'an acknowledged task that is older than zombieAfter',
      when: 'it is polled',
      then: 'its command asks it to stop; it goes on being polled until it is over, and is then aborted (zombie)',
      proof: [{ file: `${MANAGER}/stopping.test.ts`, test: 'since it was acknowledged, is told to its command at each poll until it is asked to stop' }],
      differs: 'a task that is stopped by force is not over; oVirt even took it for a success once (section 4, 10)',
    },
    {
      id: 'ovirt-2.unknown-task',
      source: 'Unknown task: cleared when finished, no endAction',
      given: 'a task on a host that this engine does not know',
      when: 'it is listed',
      then: 'it is reported, left to run, and cleared when it is over',
      proof: [{ file: `${MANAGER}/clearing.test.ts`, test: 'is left to run, and looked at until it is over' }],
    },
  ],
};
