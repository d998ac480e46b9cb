import { describe, expect, test } from 'vitest';
import { createLocks, LockTable } from '../../actors/locks.js';
import type { LockAnswer, LocksMessage } from '../../actors/messages.js';
import type { LockMode, LockRecord } from '../../src/model/lock.js';
import { FakePorts, Mailbox } from './lone-engine.js';

type Wish = string | readonly [key: string, mode: LockMode];

/** The locks actor, and what it has answered to each command. A plain key is wished for exclusively. */
function locks(...held: readonly LockRecord[]) {
  const table = new LockTable(held);
  const ports = new FakePorts();
  const mailbox = new Mailbox<LocksMessage>();
  mailbox.run(createLocks({ ports, table, wakeSelf: mailbox.wake }));
  const answers = new Map<string, LockAnswer>();
  let asked = 0;

  /** @param who its root, and after a `/` the command itself, if it is not the root */
  const ask = (who: string, wishes: readonly Wish[], patience: { readonly waitUntil?: number; readonly submittedAt?: number } = {}): LockAnswer | undefined => {
    const requests = wishes.map((wish) => (typeof wish === 'string' ? { key: wish, mode: 'exclusive' as const } : { key: wish[0], mode: wish[1] }));
    const { waitUntil = null, submittedAt = (asked += 1) } = patience;
    const wake = (answer: LockAnswer): void => {
      if (answers.has(who)) throw new Error(`${who} was answered twice`);
      answers.set(who, answer);
    };
    mailbox.wake({ type: 'acquire', request: { commandId: who, owner: who.split('/')[0] ?? who, submittedAt, requests, waitUntil, wake } });
    return answers.get(who);
  };
  return {
    table,
    ports,
    answers,
    ask,
    /** With as much patience as the test has. */
    wait: (who: string, ...wishes: readonly Wish[]) => ask(who, wishes, { waitUntil: Number.MAX_SAFE_INTEGER }),
    release: (owner: string) => mailbox.wake({ type: 'release', owner }),
    withdraw: (commandId: string) => mailbox.wake({ type: 'withdraw', commandId }),
    expectAgain: (...commandIds: readonly string[]) => mailbox.wake({ type: 'expect', commandIds }),
    granted: () => [...answers].flatMap(([who, { kind }]) => (kind === 'granted' ? [who] : [])),
  };
}

const GRANTED = { kind: 'granted' };
const refusedFor = (key: string, holder: string, held = true) => ({ kind: 'refused', conflict: { key, holder, held } });
const shared = (key: string): Wish => [key, 'shared'];

describe('locks', () => {
  test('have one owner each, if they are exclusive', () => {
    const { ask } = locks();
    expect(ask('a', ['disk/d1'])).toEqual(GRANTED);
    expect(ask('b', ['disk/d1'])).toEqual(refusedFor('disk/d1', 'a'));
    expect(ask('c', ['disk/d2'])).toEqual(GRANTED);
  });

  test('have any number of owners, if they are shared, and then no exclusive one', () => {
    const { ask } = locks();
    expect([ask('a', [shared('vm')]), ask('b', [shared('vm')])]).toEqual([GRANTED, GRANTED]);
    expect(ask('c', ['vm'])).toEqual(refusedFor('vm', 'a'));
    expect(ask('d', [shared('vm')])).toEqual(GRANTED);
  });

  test('are granted all together, or none of them', () => {
    const { table, ask } = locks();
    ask('a', ['disk/d2']);
    expect(ask('b', ['disk/d1', shared('disk/d2'), 'disk/d3'])).toEqual(refusedFor('disk/d2', 'a'));
    expect([...table.records()]).toEqual([{ key: 'disk/d2', mode: 'exclusive', owner: 'a' }]);
    expect(ask('c', ['disk/d1', 'disk/d3'])).toEqual(GRANTED);
  });

  test('are shared by whoever belongs to their owner', () => {
    const { table, ask } = locks();
    ask('a', ['vm/v', 'disk/d1']);
    expect(ask('a/child', ['disk/d1', shared('vm/v'), 'disk/d2'])).toEqual(GRANTED);
    expect(table.heldBy('a').map(({ key, mode }) => [key, mode])).toEqual([['vm/v', 'exclusive'], ['disk/d1', 'exclusive'], ['disk/d2', 'exclusive']]);
  });

  test('become exclusive for who shares them, if nobody else does', () => {
    const { ask, release } = locks();
    ask('a', [shared('vm')]);
    ask('b', [shared('vm')]);
    expect(ask('a/early', ['vm'])).toEqual(refusedFor('vm', 'b'));
    release('b');
    expect(ask('a/late', ['vm'])).toEqual(GRANTED);
    expect(ask('c', [shared('vm')])).toEqual(refusedFor('vm', 'a'));
  });

  test('are released together, and by their owner alone', () => {
    const { table, ask, release } = locks();
    ask('a', ['disk/d1', 'disk/d2']);
    ask('b', ['disk/d3']);
    release('somebody');
    release('b');
    expect(ask('c', ['disk/d1'])?.kind).toBe('refused');
    release('a');
    release('a');
    expect([...table.records()]).toEqual([]);
    expect(ask('d', ['disk/d1', 'disk/d2'])).toEqual(GRANTED);
  });

  test('of a store are held from the start', () => {
    const { table, ask } = locks({ key: 'disk/d1', mode: 'exclusive', owner: 'a' }, { key: 'vm', mode: 'shared', owner: 'a' });
    expect(ask('b', ['disk/d1'])).toEqual(refusedFor('disk/d1', 'a'));
    expect(ask('c', [shared('vm')])).toEqual(GRANTED);
    expect([table.heldBy('a').map(({ key }) => key), table.heldBy('b')]).toEqual([['disk/d1', 'vm'], []]);
  });

  test('of nothing are granted', () => {
    const { table, ask, release } = locks();
    expect(ask('a', [])).toEqual(GRANTED);
    release('a');
    expect(table.heldBy('a')).toEqual([]);
  });
});

describe('waiting', () => {
  test('ends when the last of its locks is free, and not before', () => {
    const { ports, ask, wait, release, granted } = locks();
    ask('a', ['d1']);
    ask('b', ['d2']);
    expect(wait('c', 'd1', 'd2')).toBeUndefined();
    expect(ports.probes).toEqual([{ type: 'lockAwaited', owner: 'c', commandId: 'c', key: 'd1', holder: 'a', held: true }]);
    release('a');
    expect(granted()).not.toContain('c');
    release('b');
    expect(granted()).toContain('c');
    expect(ports.timers).toEqual([]);
  });

  test('is served by age: writers one after the other, readers together', () => {
    const { ask, wait, release, granted } = locks();
    ask('w1', ['k']);
    wait('w2', 'k');
    wait('r1', shared('k'));
    wait('r2', shared('k'));
    wait('w3', 'k');
    wait('r3', shared('k'));
    const orders = ['w1', 'w2', 'r1', 'r2', 'w3'].map((owner) => {
      release(owner);
      return granted();
    });
    expect(orders.map((order) => order.slice(1))).toEqual([
      ['w2'],
      ['w2', 'r1', 'r2'],
      ['w2', 'r1', 'r2'],
      ['w2', 'r1', 'r2', 'w3'],
      ['w2', 'r1', 'r2', 'w3', 'r3'],
    ]);
  });

  test('is not passed by who comes later and is in its way, be it in a hurry or not', () => {
    const { ask, wait, release, granted } = locks();
    ask('r1', [shared('k')]);
    wait('w', 'k', 'm');
    // They could share with r1, and the writer would never have its turn.
    expect(wait('r2', shared('k'))).toBeUndefined();
    expect(ask('r3', [shared('k')])).toEqual(refusedFor('k', 'w', false));
    expect(ask('other', ['m'])).toEqual(refusedFor('m', 'w', false));
    expect(ask('free', ['n'])).toEqual(GRANTED);
    release('r1');
    expect(granted()).toEqual(['r1', 'free', 'w']);
    release('w');
    expect(granted()).toContain('r2');
  });

  test('is by the time of submission, whoever asks first', () => {
    const { ask, wait, release, granted } = locks();
    ask('a', ['k']);
    wait('young', 'k');
    ask('old', ['k'], { submittedAt: 0, waitUntil: 1_000 });
    release('a');
    expect(granted()).toEqual(['a', 'old']);
  });

  test('is by id, where the time is the same', () => {
    const { ask, release, granted } = locks();
    ask('a', ['k']);
    for (const who of ['c3', 'c1', 'c2']) ask(who, ['k'], { submittedAt: 7, waitUntil: 1_000 });
    for (const owner of ['a', 'c1', 'c2']) release(owner);
    expect(granted()).toEqual(['a', 'c1', 'c2', 'c3']);
  });

  test('has a limit, and who was behind goes on', () => {
    const { ports, answers, ask, wait, granted } = locks();
    ask('r1', [shared('k')]);
    ask('w', ['k'], { waitUntil: 500 });
    wait('r2', shared('k'));
    ports.advance(499);
    expect(answers.has('w')).toBe(false);
    ports.advance(1);
    expect(answers.get('w')).toEqual({ kind: 'timedOut', conflict: { key: 'k', holder: 'r1', held: true } });
    expect(granted()).toEqual(['r1', 'r2']);
  });

  test.each([0, 100])('with a limit that is over by %i µs already is one try more', (over) => {
    const { ports, answers, ask, release } = locks();
    ports.advance(1_000);
    ask('a', ['k']);
    ask('b', ['k'], { waitUntil: 1_000 - over });
    ask('c', ['k'], { waitUntil: 1_000 - over });
    release('a');
    ports.advance(0);
    expect([answers.get('b'), answers.get('c')]).toEqual([GRANTED, { kind: 'timedOut', conflict: { key: 'k', holder: 'b', held: true } }]);
  });
});

describe('a claim that is withdrawn', () => {
  test('keeps nobody waiting, and is answered that once', () => {
    const { ports, answers, ask, wait, withdraw, release, granted } = locks();
    ask('r1', [shared('k')]);
    ask('w', ['k'], { waitUntil: 500 });
    wait('r2', shared('k'));
    withdraw('w');
    expect([answers.get('w'), granted()]).toEqual([{ kind: 'withdrawn' }, ['r1', 'r2']]);
    ports.advance(1_000);
    for (const owner of ['r1', 'r2']) release(owner);
    expect(wait('next', 'k')).toEqual(GRANTED);
  });

  test('when it has been answered, stays as it is', () => {
    const { answers, ask, withdraw, granted } = locks();
    ask('a', ['k']);
    ask('b', ['k']);
    for (const who of ['a', 'b', 'nobody']) withdraw(who);
    expect([granted(), answers.get('b')]).toEqual([['a'], refusedFor('k', 'a')]);
    expect(ask('c', ['k'])).toEqual(refusedFor('k', 'a'));
  });

  test('after a crash, before the others have asked again, is never served', () => {
    const { answers, expectAgain, ask, withdraw, granted } = locks();
    expectAgain('c1', 'c2');
    ask('c1', ['k'], { submittedAt: 1, waitUntil: 100 });
    withdraw('c1');
    expect(answers.get('c1')).toEqual({ kind: 'withdrawn' });
    ask('c2', ['k'], { submittedAt: 2, waitUntil: 100 });
    expect(granted()).toEqual(['c2']);
  });
});

describe('a circle of waiting', () => {
  const deadlockWith = (key: string, holder: string) => ({ kind: 'deadlock', conflict: { key, holder, held: true } });

  test('of two roots\' children is refused to the one that would close it', () => {
    const { ask, wait, release, granted } = locks();
    ask('a', ['x']);
    ask('b', ['y']);
    expect(wait('a/child', 'y')).toBeUndefined();
    expect(wait('b/child', 'x')).toEqual(deadlockWith('x', 'a'));
    release('b');
    expect(granted()).toEqual(['a', 'b', 'a/child']);
  });

  test('of many is found as well, and what only leads to it may wait', () => {
    const { ask, wait } = locks();
    for (const owner of ['a', 'b', 'c', 'd']) ask(owner, [owner]);
    expect([wait('a/child', 'b'), wait('b/child', 'c'), wait('d/child', 'a')]).toEqual([undefined, undefined, undefined]);
    expect(wait('c/child', 'free', 'd', 'b')).toEqual(deadlockWith('d', 'd'));
  });

  test('of two who share and both want it alone', () => {
    const { ask, wait, release, granted } = locks();
    ask('a', [shared('k')]);
    ask('b', [shared('k')]);
    expect(wait('a/child', 'k')).toBeUndefined();
    expect(wait('b/child', 'k')).toEqual(deadlockWith('k', 'a'));
    release('b');
    expect(granted()).toContain('a/child');
  });

  test('is none where somebody waits behind another and holds nothing', () => {
    const { ask, wait, release, granted } = locks();
    ask('a', ['x']);
    // Both keys, or none: it cannot go before a has ended, and so y is no use to it.
    wait('b', 'x', 'y');
    expect(wait('a/child', 'y')).toEqual(GRANTED);
    expect(ask('a/hasty', ['y'])).toEqual(GRANTED);
    release('a');
    expect(granted()).toEqual(['a', 'a/child', 'a/hasty', 'b']);
  });

  test('is none where the order of waiting can be another', () => {
    const { ask, wait, release, granted } = locks();
    ask('a', ['x']);
    ask('b', ['y']);
    ask('q', ['z']);
    wait('a/first', 'z');
    wait('b/child', 'z');
    // From now on a waits for b: b's child must have z first, though a's is older.
    expect(wait('a/second', 'y')).toBeUndefined();
    release('q');
    expect(granted()).toEqual(['a', 'b', 'q', 'b/child']);
    release('b');
    expect(granted().slice(4)).toEqual(['a/first', 'a/second']);
  });

  test('is none where a claim that begins to wait sets free another', () => {
    const { ask, wait, release, granted } = locks();
    ask('a', ['x', 'z']);
    ask('b', ['y']);
    ask('q', ['p']);
    // Behind a's claim for w, though w is free.
    wait('a/first', 'w', 'p');
    expect(wait('b/child', 'w')).toBeUndefined();
    expect(wait('a/second', 'y')).toBeUndefined();
    expect(granted()).toContain('b/child');
    for (const owner of ['b', 'q']) release(owner);
    expect(granted().slice(4)).toEqual(['a/second', 'a/first']);
  });
});

describe('after a crash', () => {
  test('nobody is answered before all that waited have asked again; then by age', () => {
    const { answers, expectAgain, ask, wait, granted } = locks({ key: 'held', mode: 'exclusive', owner: 'a' });
    expectAgain('c1', 'c2', 'c3');
    ask('new', ['k'], { submittedAt: 9 });
    ask('c3', ['k'], { submittedAt: 3, waitUntil: 100 });
    ask('c2', ['free'], { submittedAt: 2 });
    expect(answers.size).toBe(0);
    ask('c1', ['k'], { submittedAt: 1 });
    expect(granted()).toEqual(['c1', 'c2']);
    expect([answers.get('new'), answers.has('c3')]).toEqual([refusedFor('k', 'c1'), false]);
    expect(wait('later', 'other')).toEqual(GRANTED);
  });

  test('what is released meanwhile is free', () => {
    const { expectAgain, ask, release, granted } = locks({ key: 'k', mode: 'exclusive', owner: 'a' });
    expectAgain('c1', 'c2');
    ask('c2', ['k'], { submittedAt: 2, waitUntil: 100 });
    release('a');
    ask('c1', ['k'], { submittedAt: 1, waitUntil: 100 });
    expect(granted()).toEqual(['c1']);
  });
});
