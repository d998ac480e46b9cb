import { describe, expect, test } from 'vitest';
import type { Offer, PoolMessage } from '../../actors/messages.js';
import { createPool } from '../../actors/pool.js';
import { NOT_SPM, QUEUE_FULL, RECOVERING, STALE, type HostRequest, type WireReply } from '../../actors/wire.js';
import { loneEngine, Mailbox, replyTo } from './lone-engine.js';

const SECOND = 1_000_000;
/** A host of the pool whose silence nobody has noticed yet. */
const OWNER = 'host3';
const SUBMIT: HostRequest = { op: 'submitTask', pool: 'pool1', taskId: 't1', verb: 'copy', args: {}, step: { commandId: 'c1', executionIndex: 0, reason: 'REGULAR_FLOW', attempt: 1 } };

type Given = { readonly host: string; readonly reply: WireReply } | null;

function aPool(hosts: readonly string[] = ['host1', 'host2', 'host3']) {
  const { ports, context, exchange, fences } = loneEngine();
  const mailbox = new Mailbox<PoolMessage>();
  mailbox.run(createPool(context, { id: 'pool1', hosts }, mailbox.wake));
  const offer = (patience: Offer['patience'] = 'untilAnswered', commandId: string | null = 'c1'): Given[] => {
    const answers: Given[] = [];
    mailbox.wake({ type: 'offer', offer: { body: SUBMIT, commandId, patience, submission: { taskId: 't1', root: 'c1', undoes: false }, wake: (answer) => void answers.push(answer) } });
    return answers;
  };
  const withdraw = ({ mayHaveLeft } = { mayHaveLeft: false }): Given[] => {
    const answers: Given[] = [];
    const instead: Offer = { body: { op: 'stopTask', pool: 'pool1', taskId: 't1' }, commandId: 'c1', patience: 'untilAnswered', wake: (answer) => void answers.push(answer) };
    mailbox.wake({ type: 'withdraw', taskId: 't1', mayHaveLeft, instead });
    return answers;
  };
  /** The requests that nobody has answered yet, of one operation. */
  const open = new Set<string>();
  const asked = (op: HostRequest['op']) => ports.requests().filter(({ body, correlation }) => body.op === op && !open.has(correlation));
  const answer = (op: HostRequest['op'], host: string, reply: Partial<WireReply>, which: 'first' | 'last' = 'last'): void => {
    const request = asked(op).filter(({ to }) => to === host).at(which === 'last' ? -1 : 0);
    if (request === undefined) throw new Error(`${host} was not asked to ${op}`);
    open.add(request.correlation);
    exchange.receive(replyTo(request, reply));
  };
  const status = (host: string, role: 'SPM' | 'Free') => ({ result: { role, spmId: role === 'SPM' ? host : OWNER, ownerIncarnation: 1, leaseGeneration: 1, leaseVersion: 1 } });
  const role = (host: string, is: 'SPM' | 'Free') => answer('getSpmStatus', host, status(host, is));
  /** So many refreshes, each of which the SPM answers. */
  const refreshed = (times: number): void => {
    for (let i = 0; i < times; i += 1) {
      ports.advance(10 * SECOND);
      role('host2', 'SPM');
    }
  };
  const earlierRole = (host: string, is: 'SPM' | 'Free') => answer('getSpmStatus', host, status(host, is), 'first');
  return { ports, fences, offer, withdraw, asked, answer, role, earlierRole, refreshed };
}

/** A pool that has found host2. */
function atHost2() {
  const pool = aPool();
  const answers = pool.offer();
  pool.role('host2', 'SPM');
  return { ...pool, answers };
}

describe('finding the SPM', () => {
  test('asks every host, once, and offers what waits to the one that says it is', () => {
    const { offer, asked, role } = aPool();
    offer();
    offer();
    expect(asked('getSpmStatus').map(({ to }) => to)).toEqual(['host1', 'host2', 'host3']);
    role('host1', 'Free');
    expect(asked('submitTask')).toEqual([]);
    role('host2', 'SPM');
    expect(asked('submitTask').map(({ to }) => to)).toEqual(['host2', 'host2']);
  });

  test('does not ask again while it knows', () => {
    const { offer, asked } = atHost2();
    const before = asked('getSpmStatus').length;
    offer();
    expect([asked('getSpmStatus').length, asked('submitTask').length]).toEqual([before, 2]);
  });

  test('believes the first that answers, and nobody after it', () => {
    const { asked, role } = atHost2();
    role('host3', 'SPM');
    expect(asked('submitTask').map(({ to }) => to)).toEqual(['host2']);
  });

  test('does not believe what a host says to an earlier search', () => {
    const { ports, asked, answer, earlierRole } = atHost2();
    answer('submitTask', 'host2', { code: NOT_SPM });
    ports.advance(2 * SECOND);
    earlierRole('host1', 'SPM');
    expect(asked('submitTask')).toEqual([]);
  });

  test('when no host is, and who was is silent, asks again after a while, for as long as somebody waits', () => {
    const { ports, offer, asked, role } = aPool();
    offer();
    for (let round = 0; round < 3; round += 1) {
      for (const host of ['host1', 'host2']) role(host, 'Free');
      const before = asked('getSpmStatus').length;
      ports.advance(5 * SECOND);
      expect(asked('getSpmStatus').length).toBe(before);
      ports.advance(2 * SECOND);
    }
    role('host1', 'SPM');
    expect(asked('submitTask').map(({ to }) => to)).toEqual(['host1']);
  });

  test('takes silence and errors for a no', () => {
    const { ports, offer, asked, answer, role } = aPool();
    offer();
    role('host1', 'Free');
    answer('getSpmStatus', 'host2', { code: RECOVERING, result: { role: 'SPM', spmId: 'host2', ownerIncarnation: 1, leaseGeneration: 9, leaseVersion: 1 } });
    ports.advance(5 * SECOND);
    expect(asked('submitTask')).toEqual([]);
    ports.advance(2 * SECOND);
    role('host2', 'SPM');
    expect(asked('submitTask').map(({ to }) => to)).toEqual(['host2']);
  });
});

describe('an answer', () => {
  test('well or ill, is passed on with its host, once', () => {
    for (const code of [0, 1000, 309]) {
      const { answer, answers } = atHost2();
      answer('submitTask', 'host2', { code });
      expect(answers).toMatchObject([{ host: 'host2', reply: { code } }]);
    }
  });

  test('654: looks for the SPM again, and offers the very same to it', () => {
    const { ports, asked, answer, role, answers } = atHost2();
    answer('submitTask', 'host2', { code: NOT_SPM });
    expect(answers).toEqual([]);
    ports.advance(2 * SECOND);
    role('host3', 'SPM');
    expect(asked('submitTask').map(({ to, body }) => [to, body])).toEqual([['host3', SUBMIT]]);
    answer('submitTask', 'host3', {});
    expect(answers).toHaveLength(1);
  });

  test.each([RECOVERING, QUEUE_FULL, STALE])('%d: offers the same to the same host, after a while', (code) => {
    const { ports, asked, answer, answers } = atHost2();
    answer('submitTask', 'host2', { code });
    expect(asked('submitTask')).toEqual([]);
    ports.advance(2 * SECOND);
    expect([asked('submitTask').map(({ to, body }) => [to, body]), asked('getSpmStatus').map(({ to }) => to)]).toEqual([[['host2', SUBMIT]], ['host1', 'host3']]);
    answer('submitTask', 'host2', {});
    expect(answers).toHaveLength(1);
  });

  test('that never comes unseats nobody who says that it is the SPM: it is offered the same', () => {
    const { ports, asked, refreshed, answers } = atHost2();
    refreshed(6);
    ports.advance(2 * SECOND);
    expect([asked('submitTask').map(({ to, body }) => [to, body]).slice(1), answers]).toEqual([[['host2', SUBMIT]], []]);
  });

  test('carries the fence number of the moment, not of the first offer', () => {
    const { ports, fences, offer, asked, answer, role } = aPool();
    fences.set('c1', 4);
    offer();
    role('host1', 'SPM');
    fences.set('c1', 5);
    answer('submitTask', 'host1', { code: QUEUE_FULL });
    ports.advance(2 * SECOND);
    expect(ports.requests('host1').filter(({ body }) => body.op === 'submitTask').map(({ stamp }) => stamp?.fence)).toEqual([
      { commandId: 'c1', number: 4 },
      { commandId: 'c1', number: 5 },
    ]);
    answer('submitTask', 'host1', {});
    offer('untilAnswered', null);
    expect(asked('submitTask').at(-1)?.stamp?.fence).toBeNull();
  });

  test('of a host that was the SPM does not unseat the new one', () => {
    const { ports, offer, asked, answer, role } = atHost2();
    offer();
    answer('submitTask', 'host2', { code: NOT_SPM });
    ports.advance(2 * SECOND);
    role('host3', 'SPM');
    const second = ports.requests('host2').filter(({ body }) => body.op === 'submitTask');
    expect(second).toHaveLength(2);
    answer('submitTask', 'host2', { code: NOT_SPM });
    ports.advance(2 * SECOND);
    expect(asked('submitTask').map(({ to }) => to)).toEqual(['host3', 'host3']);
  });
});

describe('a submission that is not wanted any more', () => {
  const STOP: HostRequest = { op: 'stopTask', pool: 'pool1', taskId: 't1' };

  test('is given up if it has left for no host', () => {
    const { offer, withdraw, asked, role } = aPool();
    const answers = offer();
    const instead = withdraw();
    role('host1', 'SPM');
    expect([answers, instead, asked('submitTask'), asked('stopTask')]).toEqual([[null], [], [], []]);
  });

  test('is not given up if an earlier incarnation may have sent it: the host is to fence it', () => {
    const { offer, withdraw, asked, answer, role } = aPool();
    const answers = offer();
    const instead = withdraw({ mayHaveLeft: true });
    role('host1', 'SPM');
    expect([asked('submitTask'), asked('stopTask').map(({ body }) => body)]).toEqual([[], [STOP]]);
    answer('stopTask', 'host1', { code: 401 });
    expect([answers, instead]).toMatchObject([[], [{ host: 'host1', reply: { code: 401 } }]]);
  });

  test.each([NOT_SPM, RECOVERING, QUEUE_FULL, STALE])('and was answered with %d, is not offered again', (code) => {
    for (const when of ['under way', 'answered']) {
      const { ports, asked, answer, answers, withdraw, role } = atHost2();
      if (when === 'under way') withdraw();
      answer('submitTask', 'host2', { code });
      if (when === 'answered') withdraw();
      ports.advance(2 * SECOND);
      if (code === NOT_SPM) role('host2', 'SPM');
      ports.advance(2 * SECOND);
      expect([when, asked('submitTask'), asked('stopTask').map(({ body }) => body), answers]).toEqual([when, [], [STOP], []]);
    }
  });

  test('and was not answered in time, is not offered again', () => {
    const { ports, asked, withdraw, refreshed } = atHost2();
    const before = asked('submitTask').length;
    withdraw();
    refreshed(6);
    ports.advance(2 * SECOND);
    expect([asked('submitTask').length, asked('stopTask').map(({ body }) => body)]).toEqual([before, [STOP]]);
  });

  test('and is taken while that is said, is as any other', () => {
    const { ports, asked, answer, answers, withdraw } = atHost2();
    withdraw();
    answer('submitTask', 'host2', {});
    withdraw();
    ports.advance(62 * SECOND);
    expect([answers, asked('stopTask')]).toMatchObject([[{ host: 'host2' }], []]);
  });
});

describe('who asks once', () => {
  test.each([NOT_SPM, RECOVERING, QUEUE_FULL, STALE])('is told when it is %d', (code) => {
    const { answer, offer, asked } = atHost2();
    answer('submitTask', 'host2', {});
    const answers = offer('once');
    answer('submitTask', 'host2', { code });
    expect([answers, asked('submitTask')]).toEqual([[null], []]);
  });

  test('is told when no host is the SPM; the patient wait on', () => {
    const { offer, role, asked } = aPool();
    const once = offer('once');
    const patient = offer();
    for (const host of ['host1', 'host2', 'host3']) role(host, 'Free');
    expect([once, patient, asked('submitTask')]).toEqual([[null], [], []]);
  });

  test('leaves nothing behind', () => {
    const { ports, offer, role } = aPool();
    offer('once');
    for (const host of ['host1', 'host2', 'host3']) role(host, 'Free');
    expect(ports.timers).toEqual([]);
  });
});
