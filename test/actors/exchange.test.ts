import { describe, expect, test } from 'vitest';
import { Exchange, type Answer } from '../../actors/exchange.js';
import { STORE_OLDER } from '../../actors/wire.js';
import { FakePorts, replyTo } from './lone-engine.js';

const STAMP = { incarnation: 3, commitSeq: 7, fence: null };

function anExchange(life = '3.1') {
  const ports = new FakePorts();
  const said: string[] = [];
  const exchange = new Exchange(ports, life, { heard: () => void said.push('heard'), isOlder: ({ commitSeq }) => void said.push(`older than ${commitSeq}`) });
  const ask = (host: string, timeoutMs = 1_000): Answer[] => {
    const answers: Answer[] = [];
    exchange.request(host, STAMP, { op: 'ping' }, timeoutMs, (answer) => void answers.push(answer));
    return answers;
  };
  const last = () => {
    const request = ports.requests().at(-1);
    if (request === undefined) throw new Error('nothing was asked');
    return request;
  };
  return { ports, exchange, ask, last, said };
}

describe('a request', () => {
  test('carries who asks, the stamp, and a correlation of its own', () => {
    const { ports, ask } = anExchange();
    ask('host1');
    ask('host1');
    expect(ports.requests('host1')).toMatchObject([{ from: 'engine', stamp: STAMP, body: { op: 'ping' } }, {}]);
    expect(new Set(ports.requests().map(({ correlation }) => correlation)).size).toBe(2);
  });

  test('is answered by its reply, and its timer is gone', () => {
    const { ports, exchange, ask, last } = anExchange();
    const answers = ask('host1');
    const reply = replyTo(last(), { code: 654, message: 'no SPM' });
    exchange.receive(reply);
    expect([answers, ports.timers]).toEqual([[{ kind: 'reply', reply }], []]);
  });

  test('without a reply times out', () => {
    const { ports, ask } = anExchange();
    const answers = ask('host1', 1_000);
    ports.advance(999_999);
    expect(answers).toEqual([]);
    ports.advance(1);
    expect(answers).toEqual([{ kind: 'timeout' }]);
  });
});

test('a host was last heard when anything last came from it, be it of no use', () => {
  const { ports, exchange, ask, last } = anExchange();
  ask('host1', 1_000);
  expect(exchange.lastHeard('host1')).toBeNull();
  ports.advance(5_000_000);
  exchange.receive(replyTo(last()));
  ports.advance(1_000_000);
  expect([exchange.lastHeard('host1'), exchange.lastHeard('host2')]).toEqual([5_000_000, null]);
});

describe('a reply that nobody waits for changes nothing', () => {
  test('a duplicate', () => {
    const { exchange, ask, last } = anExchange();
    const answers = ask('host1');
    exchange.receive(replyTo(last()));
    exchange.receive(replyTo(last(), { code: 1, incarnation: 9 }));
    expect([answers.length, exchange.hostIncarnation('host1')]).toEqual([1, 1]);
  });

  test('one that comes after the time-out', () => {
    const { ports, exchange, ask, last } = anExchange();
    const answers = ask('host1');
    ports.advance(2_000_000);
    exchange.receive(replyTo(last()));
    expect(answers).toEqual([{ kind: 'timeout' }]);
  });

  test('one from another host than was asked', () => {
    const { exchange, ask, last } = anExchange();
    const answers = ask('host1');
    exchange.receive(replyTo(last(), { from: 'host2' }));
    expect([answers, exchange.hostIncarnation('host2')]).toEqual([[], null]);
    exchange.receive(replyTo(last()));
    expect(answers).toHaveLength(1);
  });

  test('one to an earlier incarnation of the engine', () => {
    const before = anExchange('2.1');
    before.ask('host1');
    const { exchange, ask } = anExchange('3.1');
    const answers = ask('host1');
    exchange.receive(replyTo(before.last()));
    expect(answers).toEqual([]);
  });
});

describe('what hosts say of the store', () => {
  const older = { code: STORE_OLDER, result: { commitSeq: 20, incarnation: 2 } };

  test('is told once: that they know it now, by whichever code they answer', () => {
    const { exchange, ask, last, said } = anExchange();
    expect(said).toEqual([]);
    for (const code of [654, 0]) {
      ask('host1');
      exchange.receive(replyTo(last(), { code }));
    }
    expect(said).toEqual(['heard']);
  });

  test('or that it is older: nobody is answered from then on, and nothing is sent', () => {
    const { ports, exchange, ask, last, said } = anExchange();
    const answers = [ask('host1'), ask('host2')];
    exchange.receive(replyTo(last(), older));
    ask('host1');
    expect([said, answers, ports.requests().length, ports.timers]).toEqual([['older than 20'], [[], []], 2, []]);
  });

  test('is not for a start on another copy of it, though that had the same number', () => {
    const other = anExchange('3.2');
    other.ask('host1');
    const { exchange, ask, said } = anExchange('3.1');
    ask('host1');
    exchange.receive(replyTo(other.last(), older));
    expect(said).toEqual([]);
  });
});

describe("a host's incarnation", () => {
  test('is unknown until it replies, and then the highest that it replied with', () => {
    const { exchange, ask, last } = anExchange();
    expect(exchange.hostIncarnation('host1')).toBeNull();
    const incarnations = [2, 4, 3].map((incarnation) => {
      ask('host1');
      exchange.receive(replyTo(last(), { incarnation }));
      return exchange.hostIncarnation('host1');
    });
    expect(incarnations).toEqual([2, 4, 4]);
    expect(exchange.hostIncarnation('host2')).toBeNull();
  });
});
