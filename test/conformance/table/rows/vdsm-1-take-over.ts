import type { Section } from '../row.js';

const TAKE_OVER = 'test/actors/spm-take-over.test.ts';
const ROLE = 'test/actors/host/spm-role.test.ts';

export const vdsm1TakeOver: Section = {
  title: 'Tasks: restart and SPM move',
  page: 'vdsm-facts.md',
  rows: [
    {
      id: 'vdsm-1.take-over-running',
      source: 'Restart / SPM move: queued, running',
      given: 'tasks that were queued or running when their SPM died',
      when: 'the next SPM has loaded them',
      then: 'they are rolled back: cleanSuccess, code 0',
      proof: [{ file: TAKE_OVER, test: 'rolls back what was running or queued, and none of it has an effect' }],
    },
    {
      id: 'vdsm-1.take-over-over',
      source: 'Restart / SPM move: finished, recovered, failed',
      given: 'tasks that were over when their SPM died',
      when: 'the next SPM has loaded them',
      then: 'what finished well is success still; what was rolled back has lost its code: 0',
      proof: [{ file: TAKE_OVER, test: 'keeps the result of what has finished, and loses the code of what has failed' }],
    },
    {
      id: 'vdsm-1.take-over-empty',
      source: 'Restart / SPM move: trap (a), the empty list',
      given: 'an SPM that has the lease, and has not loaded its tasks',
      when: 'it is asked for its tasks',
      then: 'its list is empty, and says that it is not settled; all else is answered with 99',
      proof: [{ file: ROLE, test: 'is Contend until it has the lease and 3 s more, then SPM, and lists its tasks 2 s later' }],
      differs: 'vdsm\'s list does not say so, and its engine takes what is absent for failed. Hosts with `clientTaskIds: false` are like that.',
    },
    {
      id: 'vdsm-1.take-over-reload',
      source: 'Restart / SPM move: traps (b), (c), ghosts and 405',
      given: 'a host that was SPM, stopped, and becomes it again without a restart in between',
      when: 'it loads the tasks',
      then: 'it has forgotten those of its earlier term, and takes over what is on storage like any other',
      proof: [{ file: ROLE, test: 'and to start again while a job runs, never takes the time of that job for one of the new term' }],
      differs: 'vdsm keeps them in memory, which fails the start with 405, or shows ghosts. Ours is without that defect: a term begins and ends with its memory.',
    },
    {
      id: 'vdsm-1.take-over-two-answers',
      source: 'Restart / SPM move: trap (d), success here, cleanSuccess there',
      given: 'an SPM whose lease another has taken',
      when: 'a job of it is done',
      then: 'storage refuses its effect and its end, so it says no success: the host panics',
      proof: [{ file: 'test/sim/embed/host-faults.test.ts', test: 'for longer: another takes its lease when that has expired, and what it does when it wakes comes to nothing' }],
      differs: 'vdsm reports a success of which the next SPM knows nothing.',
    },
  ],
};
