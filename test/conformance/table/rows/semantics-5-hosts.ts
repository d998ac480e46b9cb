import { expect } from 'vitest';
import { SPM_HOST_DEFAULTS } from '../../../../actors/spm-host.js';
import { grantSpm, LoneHost, SECOND, submitVolume } from '../../../actors/lone-host.js';
import type { Section } from '../row.js';

const HOST = 'test/actors/spm-host.test.ts';
const TASKS = 'test/actors/spm-host-tasks.test.ts';
const CALLS = 'test/actors/spm-host-calls.test.ts';
const TAKE_OVER = 'test/actors/spm-take-over.test.ts';
const FAILURES = 'test/sim/faults/failures.test.ts';

export const semantics5Hosts: Section = {
  title: 'Hosts and their tasks',
  page: 'semantics.md',
  rows: [
    {
      id: 'semantics-5.incarnation-told',
      source: '§5: A host has an incarnation',
      given: 'a host that has started for the seventh time',
      when: 'it answers anything, well or ill',
      then: 'the answer says so',
      proof: () => {
        const host = new LoneHost({ node: 'host2', config: { incarnation: 7 } });
        const answers = [host.ask({ op: 'ping' }), host.ask({ op: 'getSpmStatus', pool: 'pool1' }), host.ask(submitVolume('v'))];
        expect(answers.map(({ code, incarnation }) => [code, incarnation])).toEqual([[0, 7], [0, 7], [654, 7]]);
      },
    },
    {
      id: 'semantics-5.workers',
      source: '§5: 10 workers and a queue of 500',
      given: 'an SPM as it is by default',
      when: '511 tasks are submitted',
      then: 'ten run, 500 wait, and the last is refused with 9003',
      proof: () => {
        const host = new LoneHost();
        const codes = Array.from({ length: 511 }, (_, i) => host.submitVolume(`v${i}`).code);
        expect(codes.filter((code) => code === 0)).toHaveLength(510);
        expect(codes.at(-1)).toBe(9003);
        expect(host.probes.filter(({ type }) => type === 'hostTaskStarted')).toHaveLength(10);
        expect(SPM_HOST_DEFAULTS).toMatchObject({ workers: 10, queueLimit: 500 });
      },
    },
    {
      id: 'semantics-5.workers-set',
      source: '§5: 10 workers and a queue of 500',
      given: 'a scenario that says `workers` and `queue` of its host',
      when: 'more commands come than that takes',
      then: 'no more run at once, and the rest waits in the engine',
      proof: [{ file: 'test/sim/embed/election.test.ts', test: 'waits in the engine, and all of it is done in turn' }],
    },
    {
      id: 'semantics-5.failures',
      source: '§5: per-verb failure distributions',
      given: 'a verb with a `failureRate`, and codes with weights',
      when: 'it is executed often',
      then: 'so many executions fail, each with one of the codes, drawn from a stream of the verb\'s own',
      proof: [{ file: FAILURES, test: 'fails about that share of the executions, drawn from the verb’s own stream' }, { file: FAILURES, test: 'has the codes by their weights' }, { file: FAILURES, test: 'draws as often with a rule as without, so that a rule shifts no later draw' }],
    },
    {
      id: 'semantics-5.tasks-on-storage',
      source: '§5: Tasks of the SPM live on shared storage',
      given: 'a task of an SPM',
      when: 'another host becomes SPM',
      then: 'it has the task',
      proof: () => {
        const first = new LoneHost();
        first.submitVolume('v');
        first.advance(SECOND);
        grantSpm(first.storage, 'host2');
        const next = new LoneHost({ node: 'host2', storage: first.storage, config: { incarnation: 2, beginsAsSpm: true } });
        expect(next.status('v')).toMatchObject({ taskState: 'finished', taskResult: 'success' });
      },
    },
    {
      id: 'semantics-5.rolled-back',
      source: '§5: one that was queued or running when its host died is rolled back by the next SPM (finished/cleanSuccess, code 0)',
      given: 'a task that runs and one that waits, on a host that dies',
      when: 'the next SPM has loaded them',
      then: 'both are finished/cleanSuccess with code 0, and nothing of them is left',
      proof: [{ file: TAKE_OVER, test: 'rolls back what was running or queued, and none of it has an effect' }],
    },
    {
      id: 'semantics-5.roll-back-again',
      source: '§5: one that was running when its host died is rolled back by the next SPM',
      given: 'a host that dies while it rolls a task back, or with more to be rolled back than a queue takes',
      when: 'the next SPM has loaded them',
      then: 'all of it is rolled back, from the beginning, and once',
      proof: [
        { file: TAKE_OVER, test: 'goes on with a roll-back in the middle of which its predecessor died, from its beginning, and all that was registered is taken back once' },
        { file: TAKE_OVER, test: 'that has more to roll back than its queue takes, rolls all of it back, and takes no task before there is room' },
      ],
    },
    {
      id: 'semantics-5.keeps-result',
      source: '§5: a finished one keeps its result',
      given: 'a task that has finished when its host dies',
      when: 'the next SPM has loaded it',
      then: 'it is finished/success',
      proof: [{ file: TAKE_OVER, test: 'keeps the result of what has finished, and loses the code of what has failed' }],
    },
    {
      id: 'semantics-5.persisted-first',
      source: '§5: a host persists finished before it reports it',
      given: 'a task whose job is done',
      when: 'its end is told, to whoever asks or to an engine that wants to be told',
      then: 'it is on storage; and where storage does not take it any more, nobody is told an end',
      proof: [{ file: TASKS, test: 'is on shared storage before it is answered or started, and its end before it is told' }, { file: TASKS, test: 'whose end cannot be written down, because the lease is lost, is not said to have ended, and has had no effect' }],
    },
    {
      id: 'semantics-5.finished-alone',
      source: '§5: taskState=finished alone is not success',
      given: 'a task that is told to be finished',
      when: 'its result is not `success`, or it has a code',
      then: 'it has failed, or was aborted if it was asked to stop',
      proof: [{ file: 'test/actors/task-outcome.test.ts', test: '%j, stopped: %j' }],
    },
    {
      id: 'semantics-5.election',
      source: '§5: Election is the engine\'s: it asks storage who holds the lease',
      given: 'a pool without an SPM, or whose SPM dies',
      when: 'something is wanted of it',
      then: 'the engine asks its hosts what storage says, and starts one of them',
      proof: [
        { file: 'test/sim/embed/election.test.ts', test: 'gets one, the first of its hosts, and then what waited for it is done' },
        { file: 'test/sim/embed/election.test.ts', test: 'gets one, wherever the engine crashes while it is elected' },
      ],
    },
    {
      id: 'semantics-3.known-id',
      source: '§3: A repeated submission of a known id answers with the existing task',
      given: 'a task that runs, is over, or was rolled back by the next SPM',
      when: 'its id is submitted again',
      then: 'the answer is that task, and it is not begun again',
      proof: [{ file: TASKS, test: 'is answered as it is when it is submitted again, and runs once' }, { file: TAKE_OVER, test: 'answers a repeated submission with the task that it rolled back, and refuses what was cleared' }],
    },
    {
      id: 'semantics-3.tombstones',
      source: '§3: Stopped, cleared and fenced ids stay refused (tombstones on shared storage)',
      given: 'an id that was stopped before its submission came, cleared, or fenced',
      when: 'it is submitted, to this SPM or the next',
      then: '9002, and nothing is begun',
      proof: [
        { file: TASKS, test: 'a late submission after %s of its id is fenced, also at the next SPM' },
        { file: TASKS, test: 'of a task that was over fences its id too' },
        { file: TAKE_OVER, test: 'that no host ever had, says so each time, and what is submitted under its id from then on is refused, by the next SPM too' },
      ],
    },
    {
      id: 'semantics-3.stale',
      source: '§3: hosts refuse a lower fence number (STALE), equal ones are unordered',
      given: 'a host that has seen an incarnation of the engine, and a fence number of a command',
      when: 'a request comes with a lower one; with an equal one',
      then: 'it is refused with 9001, by the next SPM too; it is in order',
      proof: [{ file: HOST, test: 'of an older engine incarnation are refused, also by the next SPM' }, { file: HOST, test: 'with a lower fence number are refused for that command only; equal ones are in order' }],
    },
    {
      id: 'semantics-3.persists-first',
      source: '§3: A host persists a task before it answers or starts it',
      given: 'a submission',
      when: 'it is accepted',
      then: 'it is on storage, then it begins, and then it is answered',
      proof: [{ file: TASKS, test: 'is on shared storage before it is answered or started, and its end before it is told' }],
    },
    {
      id: 'semantics-3.own-ids-cannot-fence',
      source: '§3: clientTaskIds: false: make their own ids, do not de-duplicate and cannot fence',
      given: 'hosts with `clientTaskIds: false`',
      when: 'a request comes from the past; a task is to be fenced; a cleared task is submitted once more',
      then: 'the first is answered like any other; the second is 1000; the third is a new task',
      proof: () => {
        const host = new LoneHost({ config: { clientTaskIds: false } });
        const submission = submitVolume('v', null);
        const first = host.ask(submission, { incarnation: 2, fence: { commandId: 'c1', number: 5 } });
        expect([first.code, host.ask(submission, { incarnation: 1, fence: { commandId: 'c1', number: 4 } }).code]).toEqual([0, 0]);
        const { uuid } = first.result as { readonly uuid: string };
        expect(host.fence(uuid).code).toBe(1000);
        host.advance(SECOND);
        expect([host.clear(uuid), host.ask(submission).code]).toEqual([0, 0]);
      },
    },
    {
      id: 'semantics-3.max-message-age',
      source: '§3: clientTaskIds: false: messages have a maxMessageAge',
      given: 'hosts with `clientTaskIds: false` and a `maxMessageAge` of 60 s',
      when: 'a message comes that was sent 60 s ago; one that was sent longer ago',
      then: 'the first is handled; the second is not, and nobody is answered',
      proof: () => {
        const host = new LoneHost({ config: { clientTaskIds: false, maxMessageAgeUs: 60 * SECOND } });
        host.advance(100 * SECOND);
        for (const [correlation, sentAt] of [['late', 40 * SECOND], ['too late', 40 * SECOND - 1]] as const) {
          host.deliver({ kind: 'request', correlation, from: 'engine', stamp: null, sentAt, body: submitVolume('v', null) });
        }
        expect([host.replyTo('late')?.code, host.replyTo('too late'), host.storage.tasks('pool1')]).toMatchObject([0, undefined, [{ id: 'host1-1-1' }]]);
        expect(host.probes).toContainEqual({ type: 'messageTooOld', host: 'host1', from: 'engine', op: 'submitTask' });
      },
    },
    {
      id: 'semantics-3.own-ids-flows',
      source: '§3: clientTaskIds: false',
      given: 'flows on hosts with `clientTaskIds: false`',
      when: 'submissions and replies are lost or repeated, hosts die, and the engine crashes',
      then: 'nothing is done twice, and all is done or undone; but where no host can tell how far a copy came, that is what the status says',
      proof: [
        { file: 'test/sim/embed/own-task-ids.test.ts', test: 'wherever the engine crashes, nothing is done twice, and all is done (seed %i)' },
        { file: 'test/sim/embed/own-ids-of-flows.test.ts', test: 'succeeds whichever submission is lost, or whichever reply to one: but for a download, and a copy that ran, of which nobody can tell how far it came' },
      ],
    },
    {
      id: 'semantics-2.hsm-keys',
      source: '§2: Hosts keep key → reply until they restart',
      given: 'an HSM call',
      when: 'it comes again with the same key, while it runs and afterwards',
      then: 'it is executed once, and answered with the same',
      proof: [{ file: CALLS, test: 'with the same key is done once and answered alike, while it runs and afterwards' }, { file: CALLS, test: 'that failed keeps its answer under its key; a new key is a new execution' }],
    },
    {
      id: 'semantics-2.hsm-order',
      source: '§2: A host runs one command\'s calls in order, and answers a later one only when the earlier are over',
      given: 'two calls of one command, and one of another',
      when: 'they come one after the other',
      then: 'the second begins when the first is over; the third at once',
      proof: [{ file: CALLS, test: 'waits for the earlier ones of its command, not for those of others' }],
    },
    {
      id: 'semantics-2.hsm-incarnation',
      source: '§2: requests name the host\'s incarnation, and another incarnation refuses them',
      given: 'a host that has restarted',
      when: 'a call comes that is meant for its life before',
      then: '9004, and nothing is done',
      proof: [{ file: CALLS, test: 'meant for another incarnation of the host is refused with 9004; for any, it is taken' }],
    },
  ],
};
