import { describe, expect, it } from 'vitest';
import { FENCED, NOT_SPM, QUEUE_FULL, RECOVERING, TASK_UNKNOWN, type Args, type HostRequest } from '../../actors/wire.js';
import { LoneHost, SECOND, smallWorld, submitVolume } from './lone-host.js';

/** What is left of a host that died, as its next incarnation finds it. */
function afterPowerCut(live: (host: LoneHost) => void, workers = 10): LoneHost {
  const storage = smallWorld();
  live(new LoneHost({ storage, config: { workers } }));
  return new LoneHost({ storage, config: { incarnation: 2 } });
}

const COPY = { disk: 'disk1', source: 'domain1', target: 'domain2' };

const ROLLED_BACK = { taskState: 'finished', taskResult: 'cleanSuccess', code: 0 };

describe('an SPM that takes over', () => {
  it('rolls back what was running or queued, and none of it has an effect', () => {
    const host = afterPowerCut((before) => {
      before.submitVolume('v1');
      before.submitVolume('v2');
    }, 1);
    expect(['v1', 'v2'].map((id) => host.status(id)?.taskState)).toEqual(['cleaning', 'finished']);
    host.advance(10 * SECOND);
    expect(['v1', 'v2'].map((id) => host.status(id))).toMatchObject([ROLLED_BACK, ROLLED_BACK]);
    expect(host.storage.ledger.entries.map(({ key, part }) => `${key} ${part}`)).toEqual(['v1 begin', 'v1 undone']);
    expect(host.storage.ledger.openEffects('c1')).toEqual([]);
    expect(host.probes.filter(({ type }) => type === 'hostTaskEnded')).toMatchObject([
      { taskId: 'v2', result: 'cleanSuccess', code: 0 },
      { taskId: 'v1', result: 'cleanSuccess', code: 0 },
    ]);
  });

  it.each<readonly [verb: string, args: Args, left: readonly string[]]>([
    ['copyImage', { ...COPY, copy: 'copy1' }, []],
    ['syncImageData', COPY, ['+image:domain2/disk1', '+content:domain2/disk1']],
    ['downloadImage', { repository: 'glance', image: 'fedora', domain: 'domain1', disk: 'new', volume: 'v' }, ['+image:domain1/new', '+volume:domain1/new/v', '+content:domain1/new']],
  ])('leaves of a %s that has begun what it has registered no recovery for, and no copy of a disk', (verb, args, left) => {
    const storage = smallWorld();
    storage.addRepoImage('glance', 'fedora', 1e12);
    const before = new LoneHost({ storage });
    if (verb === 'syncImageData') before.submit('structure', 'cloneImageStructure', COPY);
    if (verb === 'downloadImage') before.submit('volume', 'createVolume', { domain: 'domain1', disk: 'new', volume: 'v', parent: null, format: 'raw', sizeBytes: 1e12 });
    before.advance(10 * SECOND);
    before.submit('begun', verb, args);
    const host = new LoneHost({ storage, config: { incarnation: 2 } });
    host.advance(30 * SECOND);
    expect(host.status('begun')).toMatchObject(ROLLED_BACK);
    expect(storage.ledger.openEffects('c1').map(({ sign, object }) => `${sign}${object}`)).toEqual(left);
    expect([storage.legalCopies('disk1'), storage.legalCopies('copy1'), storage.legalCopies('new')]).toEqual([['domain1'], [], []]);
  });

  it('keeps the result of what has finished, and loses the code of what has failed', () => {
    const host = afterPowerCut((before) => {
      before.submitVolume('v1');
      before.ask({ ...submitVolume('v1', 'again') });
      before.advance(SECOND);
    });
    expect(host.status('v1')).toMatchObject({ taskState: 'finished', taskResult: 'success', code: 0 });
    expect(host.status('again')).toMatchObject({ taskState: 'finished', taskResult: 'cleanSuccess', code: 0, message: 'Task is initializing' });
    expect(host.storage.ledger.entries.map(({ key, part }) => `${key} ${part}`)).toEqual(['v1 begin', 'v1 end']);
  });

  it('answers a repeated submission with the task that it rolled back, and refuses what was cleared', () => {
    const host = afterPowerCut((before) => {
      before.submitVolume('v1');
      before.submitVolume('v2');
      before.advance(SECOND);
      before.clear('v2');
      before.submitVolume('v3');
    });
    expect(host.submitVolume('v3')).toMatchObject({ code: 0 });
    host.advance(10 * SECOND);
    expect(host.status('v3')).toMatchObject(ROLLED_BACK);
    expect(host.submitVolume('v2').code).toBe(9002);
    expect(host.storage.ledger.entries.filter(({ part }) => part === 'end').map(({ key }) => key)).toEqual(['v1', 'v2']);
  });

  it('takes back the effect of one whose end never became durable', () => {
    const storage = smallWorld();
    const before = new LoneHost({ storage });
    before.submitVolume('v1');
    before.advance(SECOND);
    const [finished] = storage.tasks('pool1');
    if (finished === undefined) throw new Error('the task is not on storage');
    storage.saveTask({ pool: 'pool1', generation: storage.lease('pool1').generation }, { ...finished, state: 'running' });
    const host = new LoneHost({ storage, config: { incarnation: 2 } });
    host.advance(SECOND);
    expect(host.status('v1')).toMatchObject(ROLLED_BACK);
    expect(storage.content.images.find('domain1', 'disk-of-v1')).toBeUndefined();
  });

  it('goes on with a roll-back in the middle of which its predecessor died, from its beginning, and all that was registered is taken back once', () => {
    const host = afterPowerCut((before) => {
      before.submitVolume('v1');
      before.stop('v1');
      before.advance(SECOND + SECOND / 4);
      expect(before.storage.tasks('pool1')).toMatchObject([{ id: 'v1', state: 'recovering' }]);
    });
    expect([host.status('v1')?.taskState, host.storage.content.images.find('domain1', 'disk-of-v1')?.volumes.size]).toEqual(['cleaning', 1]);
    host.advance(SECOND / 2 - 1);
    expect(host.status('v1')?.taskState).toBe('cleaning');
    host.advance(1);
    expect(host.status('v1')).toMatchObject(ROLLED_BACK);
    expect(host.storage.ledger.entries.map(({ part }) => part)).toEqual(['begin', 'end', 'undone']);
    expect(host.storage.ledger.openEffects('c1')).toEqual([]);
  });

  it('that has more to roll back than its queue takes, rolls all of it back, and takes no task before there is room', () => {
    const ids = ['v1', 'v2', 'v3', 'v4', 'v5'];
    const storage = smallWorld();
    const before = new LoneHost({ storage });
    for (const id of ids) before.submitVolume(id);
    const host = new LoneHost({ storage, config: { incarnation: 2, workers: 1, queueLimit: 2 } });
    expect([host.status('v5')?.taskState, host.submitVolume('new').code]).toEqual(['cleaning', QUEUE_FULL]);
    host.advance(SECOND);
    expect(host.submitVolume('new').code).toBe(QUEUE_FULL);
    host.advance(SECOND / 2);
    expect(host.submitVolume('new').code).toBe(0);
    host.advance(2 * SECOND);
    expect(ids.map((id) => host.status(id))).toMatchObject(ids.map(() => ROLLED_BACK));
    expect(host.status('new')).toMatchObject({ taskResult: 'success' });
  });

  it('refuses what its predecessor would have refused', () => {
    const host = afterPowerCut((before) => before.submitVolume('v1', 'v1', { incarnation: 3, fence: { commandId: 'c1', number: 7 } }));
    expect(host.submitVolume('v2', 'v2', { incarnation: 2 }).code).toBe(9001);
    expect(host.submitVolume('v2', 'v2', { incarnation: 3, fence: { commandId: 'c1', number: 6 } }).code).toBe(9001);
  });
});

describe('an SPM that needs time to take over', () => {
  const LIST: HostRequest = { op: 'getAllTasksStatuses', pool: 'pool1' };
  const ALL_ELSE: readonly HostRequest[] = [
    submitVolume('new'),
    ...(['stopTask', 'fenceTask', 'clearTask'] as const).map((op) => ({ op, pool: 'pool1', taskId: 'v1' })),
  ];

  /** Of a host that is asked to become SPM when another, that had a task running, has given up the lease. */
  function takingOver(): LoneHost {
    const storage = smallWorld();
    new LoneHost({ storage }).submitVolume('v1');
    storage.releaseLease({ pool: 'pool1', generation: 1 });
    const host = new LoneHost({ node: 'host2', storage });
    expect(host.ask(LIST).code).toBe(NOT_SPM);
    expect(host.ask({ op: 'startSpm', pool: 'pool1', prevId: null, prevVersion: 0 }).code).toBe(0);
    return host;
  }

  it('says of nothing that it is not there: first it is not the SPM, then its list means nothing, and nothing on storage is touched', () => {
    const host = takingOver();
    expect([LIST, ...ALL_ELSE].map((body) => host.ask(body).code)).toEqual([NOT_SPM, NOT_SPM, NOT_SPM, NOT_SPM, NOT_SPM]);
    host.advance(3 * SECOND);
    expect(host.ask(LIST)).toMatchObject({ code: 0, result: { generation: 3, settled: false, tasks: [] } });
    expect(ALL_ELSE.map((body) => host.ask(body).code)).toEqual([RECOVERING, RECOVERING, RECOVERING, RECOVERING]);
    expect(host.storage.tasks('pool1')).toMatchObject([{ id: 'v1', state: 'running' }]);
    expect(['v1', 'new'].map((id) => host.storage.fenceOf('pool1', id))).toEqual([null, null]);
    host.advance(2 * SECOND);
    expect(host.ask(LIST)).toMatchObject({ result: { generation: 3, settled: true, tasks: [{ taskId: 'v1', taskState: 'cleaning' }] } });
    host.advance(SECOND);
    expect(host.ask(LIST)).toMatchObject({ result: { tasks: [{ taskId: 'v1', ...ROLLED_BACK }] } });
  });

  it('and loses the lease meanwhile, touches nothing, and panics', () => {
    const host = takingOver();
    host.advance(3 * SECOND);
    host.storage.revokeLease('pool1');
    expect([host.ask(LIST).code, host.panics]).toEqual([NOT_SPM, ['the SPM lease is lost']]);
    host.advance(10 * SECOND);
    expect([host.ask(LIST).code, host.storage.tasks('pool1').map(({ state }) => state)]).toEqual([NOT_SPM, ['running']]);
  });
});

describe('a request to fence a task', () => {
  it('that the SPM has, tells how it stands and changes nothing', () => {
    const host = new LoneHost();
    host.submitVolume('v1');
    expect(host.fence('v1')).toMatchObject({ code: 0, result: { taskId: 'v1', taskState: 'running' } });
    host.advance(SECOND);
    expect(host.fence('v1')).toMatchObject({ code: 0, result: { taskState: 'finished', taskResult: 'success' } });
    expect(host.storage.fenceOf('pool1', 'v1')).toBe(null);
  });

  it('that no host ever had, says so each time, and what is submitted under its id from then on is refused, by the next SPM too', () => {
    const host = new LoneHost();
    expect([host.fence('v1').code, host.fence('v1').code, host.submitVolume('v1').code]).toEqual([TASK_UNKNOWN, TASK_UNKNOWN, FENCED]);
    const next = new LoneHost({ storage: host.storage, config: { incarnation: 2 } });
    expect([next.submitVolume('v1').code, next.storage.ledger.entries]).toEqual([FENCED, []]);
  });

  it('that a host had, and has cleared, says that', () => {
    const host = new LoneHost();
    host.submitVolume('v1');
    host.advance(SECOND);
    host.clear('v1');
    expect([host.fence('v1').code, host.clear('v1'), host.fence('v1').code]).toEqual([FENCED, TASK_UNKNOWN, FENCED]);
  });
});

describe('a task that is lost', () => {
  it.each([
    ['atStart', TASK_UNKNOWN, []],
    ['atEnd', FENCED, ['v1']],
  ] as const)('%s is unknown from then on, and its worker is free', (lost, fence, effects) => {
    const host = new LoneHost({ rules: [{ verb: 'createVolume', nth: 1, lost }], config: { workers: 1 } });
    expect([host.submitVolume('v1').code, host.submitVolume('v2').code]).toEqual([0, 0]);
    host.advance(2 * SECOND);
    expect([host.status('v1'), host.status('v2'), host.storage.tasks('pool1').map(({ id }) => id)]).toMatchObject([undefined, { taskState: 'finished' }, ['v2']]);
    expect(host.storage.ledger.entries.filter(({ part }) => part === 'end').map(({ key }) => key)).toEqual([...effects, 'v2']);
    expect([host.fence('v1').code, host.submitVolume('v1').code]).toEqual([fence, FENCED]);
  });
});
