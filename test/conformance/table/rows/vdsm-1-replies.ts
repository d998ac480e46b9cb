import { expect } from 'vitest';
import type { Data } from '../../../../src/model/data.js';
import { LoneHost, SECOND, smallWorld } from '../../../actors/lone-host.js';
import type { Section } from '../row.js';

const VOLUME = { domain: 'domain1', disk: 'd', volume: 'v', parent: null, format: 'raw', sizeBytes: 1 } as const;

/** What a host answers about all tasks, or about one. */
function told(host: LoneHost, op: 'getAllTasksStatuses' | 'getAllTasksInfo' | 'getTaskStatus' | 'getTaskInfo', taskId = 't'): readonly [number, Data] {
  const { code, result } = host.ask(op === 'getTaskStatus' || op === 'getTaskInfo' ? { op, pool: 'pool1', taskId } : { op, pool: 'pool1' });
  return [code, result];
}

/** An SPM with one task, `t`, that runs. */
function withOne(): LoneHost {
  const host = new LoneHost();
  host.submit('t', 'createVolume', VOLUME);
  return host;
}

const RUNNING = { taskId: 't', taskState: 'running', taskResult: '', code: 0, message: 'running job 1 of 1' };

export const vdsm1Replies: Section = {
  title: 'Tasks: replies',
  page: 'vdsm-facts.md',
  rows: [
    {
      id: 'vdsm-1.accepted',
      source: 'Replies: async verb: code 0, "OK", uuid; vdsm generates the id',
      given: 'hosts with `clientTaskIds: false`',
      when: 'a task is submitted',
      then: 'the answer is 0, OK, and an id of the host\'s own, which no other term of any host makes',
      proof: () => {
        const host = new LoneHost({ config: { clientTaskIds: false } });
        expect(host.submit(null, 'createVolume', VOLUME)).toMatchObject({ code: 0, message: 'OK', result: { uuid: 'host1-1-1' } });
        const next = new LoneHost({ storage: host.storage, config: { incarnation: 2, clientTaskIds: false } });
        expect(next.submit(null, 'createVolume', VOLUME)).toMatchObject({ result: { uuid: 'host1-2-1' } });
      },
    },
    {
      id: 'vdsm-1.accepted-client-id',
      source: 'Replies: async verb: no client id',
      given: 'hosts as they are by default',
      when: 'a task is submitted without an id; with one',
      then: 'the answer is 1000; or 0, OK, and the id that the engine has given',
      proof: () => {
        const host = new LoneHost();
        expect([host.submit(null, 'createVolume', VOLUME).code, host.submit('t', 'createVolume', VOLUME)]).toMatchObject([1000, { code: 0, message: 'OK', result: { taskId: 't' } }]);
      },
      differs: 'There, only the host makes ids, so an engine that misses the answer cannot say which task it means. Here the engine has written the id down before it sends it.',
    },
    {
      id: 'vdsm-1.no-dedupe',
      source: 'Replies: async verb: no dedupe',
      given: 'hosts with `clientTaskIds: false`',
      when: 'the same is submitted twice',
      then: 'there are two tasks',
      proof: () => {
        const host = new LoneHost({ config: { clientTaskIds: false } });
        const uuids = [1, 2].map(() => host.submit(null, 'createVolume', VOLUME).result as { readonly uuid: string });
        expect(told(host, 'getAllTasksInfo')).toEqual([0, { tasks: uuids.map(({ uuid }) => ({ taskId: uuid, verb: 'createVolume' })) }]);
        expect(new Set(uuids.map(({ uuid }) => uuid)).size).toBe(2);
      },
    },
    {
      id: 'vdsm-1.dedupe',
      source: 'Replies: async verb: no dedupe',
      given: 'hosts as they are by default, and a task',
      when: 'its id is submitted again, while it runs and when it is over',
      then: 'the answer is the same, and there is one task with one effect',
      proof: [{ file: 'test/actors/spm-host-tasks.test.ts', test: 'is answered as it is when it is submitted again, and runs once' }],
      differs: 'There, it would be another task. So that nothing is done twice though a network may lose and repeat, ours are known by their ids.',
    },
    {
      id: 'vdsm-1.task-status',
      source: 'Replies: getTaskStatus',
      given: 'a task that runs',
      when: 'its status is asked for; that of another, which is not there',
      then: 'the answer has id, state, result, code and message; for the other it is 401',
      proof: () => {
        const host = withOne();
        expect([told(host, 'getTaskStatus'), told(host, 'getTaskStatus', 'other')]).toEqual([[0, RUNNING], [401, null]]);
        expect(host.storage.fenceOf('pool1', 'other')).toBeNull();
      },
    },
    {
      id: 'vdsm-1.task-info',
      source: 'Replies: getTaskInfo',
      given: 'a task that runs',
      when: 'it is asked what it is; another, which is not there',
      then: 'the answer has its id and its verb, as the host calls it; for the other it is 401',
      proof: () => {
        const host = withOne();
        expect([told(host, 'getTaskInfo'), told(host, 'getTaskInfo', 'other')]).toEqual([[0, { taskId: 't', verb: 'createVolume' }], [401, null]]);
      },
    },
    {
      id: 'vdsm-1.one-task-not-spm',
      source: 'Replies: getTaskStatus, getTaskInfo: neither checks SPM',
      given: 'a host that is not SPM',
      when: 'it is asked about one task',
      then: '654',
      proof: () => {
        const other = new LoneHost({ node: 'host2', storage: withOne().storage });
        expect([told(other, 'getTaskStatus')[0], told(other, 'getTaskInfo')[0]]).toEqual([654, 654]);
      },
      differs: 'There, it looks into its own memory, and answers 401 for what the SPM has. Who asks the wrong host is not to hear that there is no such task.',
    },
    {
      id: 'vdsm-1.all-statuses',
      source: 'Replies: getAllTasksStatuses',
      given: 'an SPM with a task',
      when: 'it is asked for the statuses of all',
      then: 'it lists each, in the order in which they came, and says of which term of it the list is, and that it is whole',
      proof: () => {
        const host = withOne();
        host.submitVolume('a', 'a');
        expect(told(host, 'getAllTasksStatuses')).toEqual([0, { generation: 1, settled: true, tasks: [RUNNING, { ...RUNNING, taskId: 'a' }] }]);
      },
      differs: 'There, the list is all there is, so an engine cannot tell a task that is gone from one that a new SPM has not loaded. Hosts with `clientTaskIds: false` answer like that.',
    },
    {
      id: 'vdsm-1.all-infos',
      source: 'Replies: getAllTasksInfo',
      given: 'an SPM with a task',
      when: 'it is asked what all of them are',
      then: 'it lists id and verb of each',
      proof: () => expect(told(withOne(), 'getAllTasksInfo')).toEqual([0, { tasks: [{ taskId: 't', verb: 'createVolume' }] }]),
    },
    {
      id: 'vdsm-1.lists-not-spm',
      source: 'Replies: getAllTasksStatuses, getAllTasksInfo: not SPM: 654',
      given: 'a host that is not SPM, of a pool where another is',
      when: 'it is asked for all tasks',
      then: '654, and no empty list',
      proof: () => {
        const other = new LoneHost({ node: 'host2', storage: withOne().storage });
        expect([told(other, 'getAllTasksStatuses'), told(other, 'getAllTasksInfo')]).toEqual([[654, null], [654, null]]);
      },
    },
    {
      id: 'vdsm-1.all-tasks',
      source: 'Replies: getAllTasks',
      fact: 'One more list, of any host, has the internal state of each task, its tag, and what its job has returned.',
      doesNotApply: 'No task of ours returns anything but that it has ended well, and the engine looks at what is on the wire, as oVirt\'s does. What goes on inside a host is in the timeline of a run.',
    },
    {
      id: 'vdsm-1.tag-spm',
      source: 'Replies: tag "spm" only',
      fact: 'The lists leave out tasks that are not the SPM\'s, such as those of host jobs.',
      doesNotApply: 'There are no tasks but the SPM\'s.',
    },
    {
      id: 'vdsm-1.messages',
      source: 'Replies: messages',
      given: 'an SPM with one worker, and two tasks',
      when: 'one waits, runs, and has ended well',
      then: 'it says "Task is initializing", "running job 1 of 1" and "1 jobs completed successfully"',
      proof: () => {
        const host = new LoneHost({ config: { workers: 1 } });
        host.submitVolume('first');
        host.submitVolume('t');
        const messages = [0, SECOND, SECOND].map((us) => {
          host.advance(us);
          return host.status('t')?.message;
        });
        expect(messages).toEqual(['Task is initializing', 'running job 1 of 1', '1 jobs completed successfully']);
      },
    },
    {
      id: 'vdsm-1.code-until-end',
      source: 'Replies: code is 0 until the job ends',
      given: 'a task that fails',
      when: 'it runs; it is rolled back; it is over',
      then: 'its code is 0 until it is over, and then that of the failure',
      proof: () => {
        const host = new LoneHost({ rules: [{ verb: 'createVolume', code: 397 }] });
        host.submitVolume('v', 't');
        const codes = [0, SECOND, SECOND / 2].map((us) => {
          host.advance(us);
          return [host.status('t')?.taskState, host.status('t')?.code];
        });
        expect(codes).toEqual([['running', 0], ['cleaning', 0], ['finished', 397]]);
      },
    },
    {
      id: 'vdsm-1.stop-while-cleaning',
      source: 'Control verbs: stop during `recovering` returns OK, recovery still completes',
      given: 'a task that is being rolled back',
      when: 'it is stopped',
      then: 'the answer is 0, and it is rolled back all the same, with the code that it has',
      proof: () => {
        const host = new LoneHost({ rules: [{ verb: 'createVolume', code: 397 }] });
        host.submitVolume('v', 't');
        host.advance(SECOND);
        expect([host.status('t')?.taskState, host.stop('t')]).toEqual(['cleaning', 0]);
        host.advance(SECOND / 2);
        expect(host.status('t')).toMatchObject({ taskState: 'finished', taskResult: 'cleanSuccess', code: 397 });
        expect(host.storage.toData()).toMatchObject({ images: smallWorld().content.images.toData() as object });
      },
    },
    {
      id: 'vdsm-1.clear-without-store',
      source: 'Control verbs: no store (hsm, sdm): clear succeeds while running',
      fact: 'A task that is kept in memory alone can be cleared while it runs, and works on unseen.',
      doesNotApply: 'Every task is on storage.',
    },
  ],
};
