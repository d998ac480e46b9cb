import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StoragePort } from '../../actors/storage-port.js';
import type { HostRequest } from '../../actors/wire.js';
import { GIB, LoneHost, SECOND, smallWorld, STEP, submitVolume } from './lone-host.js';

const RUNNING = { taskState: 'running', taskResult: '', code: 0 };
const SUCCEEDED = { taskState: 'finished', taskResult: 'success', code: 0 };
const ROLLED_BACK = { taskState: 'finished', taskResult: 'cleanSuccess' };

const CLEANING = { taskState: 'cleaning', taskResult: '', code: 0 };

const imageOf = (host: LoneHost, volume: string) => host.storage.content.images.find('domain1', `disk-of-${volume}`);

/** Whoever submits it wants to be told when it is over. */
const TELLS_ITS_END: HostRequest = { op: 'submitTask', pool: 'pool1', taskId: 'v1', verb: 'createVolume', args: { domain: 'domain1', disk: 'disk-of-v1', volume: 'v1', parent: null, format: 'raw', sizeBytes: GIB }, step: STEP, tellsEnd: true };

/** Who wants to be told says which start of its engine does. */
const OF_A_STORE = { store: { id: 'store1', life: 'life1', beganAt: 1, earlier: [] } };

/** A host of which it is seen in which order it writes to storage, probes, answers, and tells. */
function inOrder(): { readonly host: LoneHost; readonly order: readonly string[] } {
  const storage = smallWorld();
  const order: string[] = [];
  const save = storage.saveTask.bind(storage);
  storage.saveTask = (...args: Parameters<StoragePort['saveTask']>) => {
    const saved = save(...args);
    order.push(`${saved ? 'saved' : 'not saved'} ${args[1].state}`);
    return saved;
  };
  const host = new LoneHost({ storage });
  noting(host.probes, ({ type }) => order.push(type));
  noting(host.replies, () => order.push('answered'));
  noting(host.events, () => order.push('told'));
  return { host, order };
}

function noting<T>(list: T[], note: (one: T) => void): void {
  const push = list.push.bind(list);
  list.push = (...more) => {
    more.forEach(note);
    return push(...more);
  };
}

describe('an SPM task', () => {
  it('runs, begins its effect at its start, and has it when it ends and not before', () => {
    const host = new LoneHost();
    expect(host.submitVolume('v1')).toMatchObject({ code: 0, result: { taskId: 'v1' }, incarnation: 1 });
    host.advance(SECOND - 1);
    expect(host.status('v1')).toMatchObject(RUNNING);
    expect(imageOf(host, 'v1')).toMatchObject({ volumes: new Map(), halfBaked: new Set(['v1']) });
    host.advance(1);
    expect(host.status('v1')).toMatchObject(SUCCEEDED);
    expect(imageOf(host, 'v1')?.volumes.size).toBe(1);
    expect(host.storage.ledger.entries).toMatchObject([
      { n: 1, key: 'v1', ...STEP, verb: 'createVolume', host: 'host1', part: 'begin' },
      { n: 2, key: 'v1', ...STEP, verb: 'createVolume', host: 'host1', part: 'end' },
    ]);
  });

  it('is answered as it is when it is submitted again, and runs once', () => {
    const host = new LoneHost();
    host.submitVolume('v1');
    expect(host.submitVolume('v1')).toMatchObject({ code: 0, result: { taskId: 'v1' } });
    host.advance(SECOND);
    expect(host.submitVolume('v1')).toMatchObject({ code: 0, result: { taskId: 'v1' } });
    host.advance(SECOND);
    expect(host.storage.ledger.entries.map(({ part }) => part)).toEqual(['begin', 'end']);
    expect(host.probes.filter(({ type }) => type === 'hostTaskAccepted')).toHaveLength(1);
  });

  it('is on shared storage before it is answered or started, and its end before it is told', () => {
    const { host, order } = inOrder();
    host.ask(TELLS_ITS_END, OF_A_STORE);
    host.advance(SECOND);
    expect(order).toEqual(['saved queued', 'hostTaskAccepted', 'saved running', 'hostTaskStarted', 'answered', 'saved finished', 'hostTaskEnded', 'told']);
  });

  it('whose end cannot be written down, because the lease is lost, is not said to have ended, and has had no effect', () => {
    const { host, order } = inOrder();
    host.ask(TELLS_ITS_END, OF_A_STORE);
    host.storage.revokeLease('pool1');
    host.advance(SECOND);
    expect(order.slice(order.indexOf('answered') + 1).filter((what) => what === 'told' || what === 'hostTaskEnded')).toEqual([]);
    expect([host.storage.tasks('pool1').map(({ state }) => state), imageOf(host, 'v1')?.volumes.size, host.panics]).toEqual([['running'], 0, ['the SPM lease is lost']]);
  });

  it('that fails ends rolled back, with the code', () => {
    const host = new LoneHost();
    host.ask({ op: 'submitTask', pool: 'pool1', taskId: 't1', verb: 'deleteImage', args: { domain: 'domain2', disk: 'disk1' }, step: STEP });
    host.advance(SECOND);
    expect(host.status('t1')).toMatchObject({ ...ROLLED_BACK, code: 268 });
    expect(host.storage.ledger.entries).toEqual([]);
  });

  it.each([
    ['atStart', 0],
    ['atEnd', SECOND],
  ] as const)('fails by injection %s and leaves no effect', (when, after) => {
    const host = new LoneHost({ rules: [{ verb: 'createVolume', match: { volume: 'v2' }, code: 397, when }] });
    host.submitVolume('v1');
    host.submitVolume('v2');
    host.advance(after);
    expect(host.status('v2')).toMatchObject(when === 'atStart' ? { ...ROLLED_BACK, code: 397 } : CLEANING);
    host.advance(SECOND);
    expect(host.status('v2')).toMatchObject({ ...ROLLED_BACK, code: 397 });
    expect(host.status('v1')).toMatchObject(SUCCEEDED);
    expect(imageOf(host, 'v2')).toBeUndefined();
  });

  it('that is refused by injection leaves no task, and is refused again whenever it is offered, by the next SPM too, until it is cleared', () => {
    const host = new LoneHost({ rules: [{ verb: 'createVolume', nth: 1, code: 397, when: 'refuse' }] });
    expect([host.submitVolume('v1').code, host.submitVolume('v1').code]).toEqual([397, 397]);
    expect(host.status('v1')).toBeUndefined();
    expect(host.submitVolume('v1', 'another').code).toBe(0);
    const next = new LoneHost({ storage: host.storage, config: { incarnation: 2 } });
    expect(next.submitVolume('v1').code).toBe(397);
    expect([next.fence('v1').code, next.clear('v1'), next.submitVolume('v1').code]).toEqual([401, 401, 9002]);
  });

  it.each([
    ['an unknown verb', { verb: 'createVolum', args: {} }, /createVolum/],
    ['an HSM verb', { verb: 'snapshot', args: {} }, /snapshot/],
    ['a missing argument', { verb: 'deleteImage', args: { domain: 'domain1' } }, /args\.disk/],
    ['an argument too many', { verb: 'deleteImage', args: { domain: 'domain1', disk: 'disk1', force: true } }, /force/],
  ])('is refused with 1000 for %s', (_what, request, message) => {
    const host = new LoneHost();
    const reply = host.ask({ op: 'submitTask', pool: 'pool1', taskId: 't1', step: STEP, ...request });
    expect(reply.code).toBe(1000);
    expect(reply.message).toMatch(message);
    expect(host.storage.tasks('pool1')).toEqual([]);
  });
});

describe('the queue', () => {
  it('runs ten tasks at once, the rest in the order of their arrival', () => {
    const host = new LoneHost();
    const ids = Array.from({ length: 23 }, (_, i) => `v${i}`);
    for (const id of ids) host.submitVolume(id);
    const started = () => host.probes.flatMap((probe) => (probe.type === 'hostTaskStarted' ? [probe.taskId] : []));
    expect(started()).toEqual(ids.slice(0, 10));
    expect(host.status('v10')).toMatchObject(RUNNING);
    host.advance(SECOND);
    expect(started()).toEqual(ids.slice(0, 20));
    host.advance(2 * SECOND);
    expect(started()).toEqual(ids);
    expect(ids.map((id) => host.status(id)?.taskResult)).toEqual(ids.map(() => 'success'));
  });

  it('that is full refuses with 9003, keeps nothing, and takes the same id later', () => {
    const host = new LoneHost({ config: { workers: 1, queueLimit: 2 } });
    expect(['a', 'b', 'c', 'd'].map((id) => host.submitVolume(id).code)).toEqual([0, 0, 0, 9003]);
    expect(host.submitVolume('c').code).toBe(0);
    expect(host.status('d')).toBeUndefined();
    host.advance(SECOND);
    expect(host.submitVolume('d').code).toBe(0);
  });

  it('holds roll-backs too: one that waits there is in the way of what is submitted, and one that runs has a worker', () => {
    const host = new LoneHost({ config: { workers: 1, queueLimit: 2 } });
    for (const id of ['a', 'b', 'c']) host.submitVolume(id);
    host.stop('a');
    host.advance(SECOND);
    // b runs; c and the roll-back of a wait, in this order.
    expect([host.status('a'), host.status('b'), host.submitVolume('d').code]).toMatchObject([CLEANING, RUNNING, 9003]);
    expect(imageOf(host, 'a')).toBeDefined();
    host.advance(SECOND);
    expect([host.status('c'), host.submitVolume('d').code, host.submitVolume('e').code]).toMatchObject([RUNNING, 0, 9003]);
    host.advance(SECOND);
    expect([host.status('a'), host.submitVolume('e').code, host.submitVolume('f').code]).toMatchObject([CLEANING, 0, 9003]);
    host.advance(SECOND / 2);
    expect([host.status('a'), host.status('d'), imageOf(host, 'a')]).toMatchObject([{ ...ROLLED_BACK, code: 411 }, RUNNING, undefined]);
  });
});

describe('stopping', () => {
  it('ends a queued task at once, and it never starts', () => {
    const host = new LoneHost({ config: { workers: 1 } });
    host.submitVolume('a');
    host.submitVolume('b');
    host.submitVolume('c');
    expect(host.stop('b')).toBe(0);
    expect(host.status('b')).toMatchObject({ ...ROLLED_BACK, code: 0 });
    host.advance(5 * SECOND);
    expect(imageOf(host, 'b')).toBeUndefined();
    expect(host.status('c')).toMatchObject(SUCCEEDED);
  });

  it('lets a running job return, and then rolls its effect back', () => {
    const host = new LoneHost();
    host.submitVolume('a');
    expect(host.stop('a')).toBe(0);
    expect(host.status('a')).toMatchObject(RUNNING);
    expect(host.stop('a')).toBe(411);
    host.advance(SECOND);
    expect(host.status('a')).toMatchObject(CLEANING);
    expect(imageOf(host, 'a')?.volumes.size).toBe(1);
    host.advance(SECOND / 2);
    expect(host.status('a')).toMatchObject({ ...ROLLED_BACK, code: 411 });
    expect(imageOf(host, 'a')).toBeUndefined();
    expect(host.storage.ledger.entries.map(({ part }) => part)).toEqual(['begin', 'end', 'undone']);
    expect(host.storage.ledger.openEffects('c1')).toEqual([]);
  });

  it('does not bring back what a verb without recovery has removed', () => {
    const host = new LoneHost();
    host.ask({ op: 'submitTask', pool: 'pool1', taskId: 't1', verb: 'deleteImage', args: { domain: 'domain1', disk: 'disk1' }, step: STEP });
    host.stop('t1');
    host.advance(SECOND);
    expect(host.status('t1')).toMatchObject({ ...ROLLED_BACK, code: 411 });
    expect(host.storage.legalCopies('disk1')).toEqual([]);
  });

  it('changes nothing of a task that is over, and a volume that was there before a failed creation stays', () => {
    const host = new LoneHost();
    host.submitVolume('a');
    host.advance(SECOND);
    expect(host.stop('a')).toBe(0);
    expect(host.status('a')).toMatchObject(SUCCEEDED);
    host.submitVolume('a', 'again');
    host.stop('again');
    host.advance(SECOND);
    expect(host.status('again')).toMatchObject({ ...ROLLED_BACK, code: 411 });
    expect(imageOf(host, 'a')?.volumes.size).toBe(1);
  });
});

describe('clearing', () => {
  it('is refused with 410 while the task waits or runs, and then forgets it', () => {
    const host = new LoneHost({ config: { workers: 1 } });
    host.submitVolume('a');
    host.submitVolume('b');
    expect([host.clear('a'), host.clear('b')]).toEqual([410, 410]);
    host.advance(2 * SECOND);
    expect([host.clear('a'), host.clear('a')]).toEqual([0, 401]);
    expect(host.status('a')).toBeUndefined();
    expect(host.status('b')).toMatchObject(SUCCEEDED);
    expect(host.probes.filter(({ type }) => type === 'hostClearRefused')).toMatchObject([
      { taskId: 'a', state: 'running' },
      { taskId: 'b', state: 'queued' },
    ]);
  });

  it.each(['clear', 'stop'] as const)('a late submission after %s of its id is fenced, also at the next SPM', (what) => {
    const host = new LoneHost();
    expect(what === 'clear' ? host.clear('a') : host.stop('a')).toBe(401);
    expect(host.submitVolume('a').code).toBe(9002);
    host.storage.releaseLease({ pool: 'pool1', generation: 1 });
    const next = new LoneHost({ node: 'host2', storage: host.storage, config: { beginsAsSpm: true } });
    expect(next.submitVolume('a').code).toBe(9002);
    expect(next.submitVolume('b').code).toBe(0);
  });

  it('of a task that was over fences its id too', () => {
    const host = new LoneHost();
    host.submitVolume('a');
    host.advance(SECOND);
    host.clear('a');
    expect(host.submitVolume('a').code).toBe(9002);
  });
});

describe('whatever is asked in whatever order', () => {
  const ids = ['a', 'b', 'c', 'd', 'e'];
  const action = fc.record({ what: fc.constantFrom('submit', 'stop', 'clear', 'wait'), id: fc.constantFrom(...ids) });

  it('an id has its effect at most once, an end is final, and a volume is there only if its last execution succeeded', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const host = new LoneHost({ config: { workers: 2, queueLimit: 2 } });
        const ended = new Map<string, string>();
        for (const { what, id } of actions) {
          if (what === 'submit') host.send(submitVolume(id));
          else if (what === 'stop') host.stop(id);
          else if (what === 'clear') host.clear(id);
          else host.advance(SECOND / 2);
          for (const probe of host.probes.filter(({ type }) => type === 'hostTaskEnded')) {
            if (probe.type === 'hostTaskEnded') ended.set(probe.taskId, probe.result);
          }
          for (const other of ids) {
            const status = host.status(other);
            if (status?.taskState === 'finished') expect(status.taskResult).toBe(ended.get(other));
          }
        }
        host.advance(60 * SECOND);
        for (const probe of host.probes) if (probe.type === 'hostTaskEnded') ended.set(probe.taskId, probe.result);
        for (const id of ids) {
          expect(host.probes.filter((probe) => probe.type === 'hostTaskEnded' && probe.taskId === id).length).toBeLessThanOrEqual(1);
          expect(host.storage.ledger.entries.filter(({ key, part }) => key === id && part === 'end').length).toBeLessThanOrEqual(1);
          expect(imageOf(host, id) !== undefined).toBe(ended.get(id) === 'success');
        }
      }),
    );
  });

  it('creates a volume of 1 GiB as asked', () => {
    const host = new LoneHost();
    host.submitVolume('a');
    host.advance(SECOND);
    expect(imageOf(host, 'a')?.volumes.get('a')).toMatchObject({ parent: null, format: 'raw', legal: true, sizeBytes: GIB, data: [] });
  });
});
