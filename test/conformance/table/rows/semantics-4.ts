import type { Section } from '../row.js';

const MANAGER = 'test/actors/task-manager';
const POOL = 'test/actors/pool.test.ts';
const EVENTS = 'test/sim/embed/completion-events.test.ts';
const QUEUE = 'test/actors/pool/fair-queue.test.ts';

export const semantics4: Section = {
  title: 'Task manager',
  page: 'semantics.md',
  rows: [
    {
      id: 'semantics-4.poll',
      source: 'One bulk status request per pool every pollingRate',
      given: 'an engine that has started, with or without tasks',
      when: 'it has recovered',
      then: 'it asks each pool for all its tasks at once, and again every pollingRate while anything is waited for there',
      proof: [{ file: `${MANAGER}/after-a-crash.test.ts`, test: 'polls at least once, though nothing is outstanding: hosts may keep what nobody knows of' }],
    },
    {
      id: 'semantics-4.states',
      source: 'Placeholder → Submitted → Polling → Ended → Ending → Cleared | ClearFailed',
      given: 'a task',
      when: 'all goes well',
      then: 'it passes them in this order; after a crash it goes on where its record says',
      proof: [{ file: `${MANAGER}/life.test.ts`, test: 'placeholder, submitted, polled, ended, cleared' }, { file: `${MANAGER}/after-a-crash.test.ts`, test: 'goes on with each task where its record says, and polls at once' }],
    },
    {
      id: 'semantics-4.lost',
      source: 'Acknowledged, then absent for unknownGrace from a settled SPM: lost',
      given: 'an acknowledged task that no list has any more',
      when: 'another SPM answers, another term of it, another incarnation of its host, or one that has not loaded its tasks',
      then: 'it is waited for anew',
      proof: [{ file: `${MANAGER}/missing.test.ts`, test: 'is waited for anew when the SPM answers and %s' }],
    },
    {
      id: 'semantics-4.no-refusal',
      source: 'Not a refusal: 654, 99, no SPM, full queue, transport errors',
      given: 'a submission',
      when: 'it is answered with one of them, or not at all',
      then: 'the same id is offered to the current SPM again',
      proof: [
        { file: POOL, test: '654: looks for the SPM again, and offers the very same to it' },
        { file: POOL, test: '%d: offers the same to the same host, after a while' },
      ],
    },
    {
      id: 'semantics-4.refusal',
      source: 'Any other code at submission is a refusal',
      given: 'a submission',
      when: 'it is answered with any other code',
      then: 'the task is refused, and cleared like any other',
      proof: [{ file: `${MANAGER}/life.test.ts`, test: 'a refusal is an end, and is cleared like any other' }],
    },
    {
      id: 'semantics-4.stale',
      source: 'A completion that does not match where its command is changes nothing and is counted; the task is cleared all the same',
      given: 'a task whose command is over',
      when: 'its end is polled',
      then: 'that is counted, changes nothing, and the task is cleared',
      proof: [{ file: `${MANAGER}/life.test.ts`, test: 'is over: its completion changes nothing, and it is cleared all the same' }, { file: `${MANAGER}/from-the-past.test.ts`, test: 'whatever comes late, twice or from the past' }],
    },
    {
      id: 'semantics-4.zombie',
      source: 'Zombie: older than zombieAfter: stopped, aborted(zombie)',
      given: 'an acknowledged task that is older',
      when: 'it is polled, also after a crash',
      then: 'it is asked to stop, and aborted when it is over',
      proof: [{ file: `${MANAGER}/stopping.test.ts`, test: 'before a crash, is so after it; one that no host has acknowledged is not, however long it is offered' }],
    },
    {
      id: 'semantics-4.unknown',
      source: 'Tasks on a host that this engine does not know are reported, left to run, cleared when finished',
      given: 'a task on a host that no record is of',
      when: 'it is listed as finished',
      then: 'it is reported and cleared',
      proof: [{ file: `${MANAGER}/clearing.test.ts`, test: 'is reported, and cleared when it is over' }],
    },
    {
      id: 'semantics-4.events',
      source: 'completionEvents: hosts also push completions; polling stays as the safety net',
      given: 'an engine that wants to be told of ends',
      when: 'hosts tell it, or what they tell is lost, repeated, or of an SPM whose term is over',
      then: 'commands end as without, only sooner; what was lost is found by the next poll, and what is of the past is left to it',
      proof: [
        { file: EVENTS, test: 'bring commands to the same end, with less waiting' },
        { file: EVENTS, test: 'may be heard by nobody: the next poll finds out' },
        { file: `${MANAGER}/completion-events.test.ts`, test: 'of an SPM whose term is over, is left to the one that took over' },
      ],
    },
    {
      id: 'semantics-4.fair',
      source: 'What a pool cannot take waits in the engine, fairly',
      given: 'more submissions than the SPM has room for',
      when: 'it answers 9003',
      then: 'they wait, root by root in the order in which they came, the steps of each in theirs; what undoes comes before what goes forward, but for one in four; stops, fences, clears and polls pass them',
      proof: [{ file: QUEUE, test: 'keeps the order within each root, and lets nobody wait for more than a few turns of each other root, however it is used' }],
    },
  ],
};
