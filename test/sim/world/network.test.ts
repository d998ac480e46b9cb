import { describe, expect, it } from 'vitest';
import type { WireMessage } from '../../../actors/wire.js';
import type { Data } from '../../../src/model/data.js';
import { Kernel } from '../../../sim/kernel/kernel.js';
import { fifo } from '../../../sim/kernel/strategies/fifo.js';
import { reliableLinks, SimNetwork, type LinkModel } from '../../../sim/world/network.js';

function messageOf(correlation: string, result: Data = null): WireMessage {
  return { kind: 'reply', correlation, from: 'a', incarnation: 1, code: 0, message: '', result };
}

interface Arrival {
  readonly at: number;
  readonly id: string;
}

function setUp(model: LinkModel = reliableLinks({ kind: 'lognormal', median: 1_000, p95: 5_000 }), seed = 1): { kernel: Kernel; network: SimNetwork; arrivals: Arrival[]; lost: string[] } {
  const kernel = new Kernel({ seed, strategy: fifo });
  const lost: string[] = [];
  const network = new SimNetwork(kernel, model, (probe) => void (probe.type === 'messageLost' && lost.push(`${probe.from}>${probe.to} ${probe.why}`)));
  const arrivals: Arrival[] = [];
  network.attach('b', ({ correlation }) => arrivals.push({ at: kernel.now, id: correlation }) > 0);
  return { kernel, network, arrivals, lost };
}

const ids = Array.from({ length: 400 }, (_, i) => `${i}`);

describe('the network', () => {
  it('lets a run rest while only what was sent in the background is on its way: a request, and the reply to it, but no other reply', async () => {
    const { kernel, network, arrivals } = setUp();
    const request: WireMessage = { kind: 'request', correlation: 'q1', from: 'b', stamp: null, body: { op: 'ping' } };
    network.attach('a', () => {
      network.send('a', 'b', messageOf('q1'), false);
      return true;
    });
    network.send('b', 'a', request, true);
    await kernel.runUntilIdle();
    expect([kernel.executed, arrivals]).toEqual([0, []]);
    await kernel.runUntil(60_000_000);
    expect([kernel.executed, arrivals.length]).toEqual([2, 1]);
    network.send('a', 'b', messageOf('q1'), false);
    await kernel.runUntilIdle();
    expect(arrivals.length).toBe(2);
  });

  it('delivers each message once, after a latency of the given distribution, in no particular order', async () => {
    const { kernel, network, arrivals, lost } = setUp();
    for (const id of ids) network.send('a', 'b', messageOf(id));
    await kernel.runUntilIdle();
    expect(arrivals.map(({ id }) => id).sort()).toEqual([...ids].sort());
    expect(arrivals.map(({ id }) => id)).not.toEqual(ids);
    const median = arrivals[ids.length / 2]?.at ?? 0;
    const p95 = arrivals[ids.length * 0.95]?.at ?? 0;
    expect(median).toBeGreaterThan(850);
    expect(median).toBeLessThan(1150);
    expect(p95).toBeGreaterThan(4000);
    expect(p95).toBeLessThan(6200);
    expect(lost).toEqual([]);
  });

  it('is the same for the same seed, and a link is not disturbed by another', async () => {
    const run = async (seed: number, disturb: boolean): Promise<readonly Arrival[]> => {
      const { kernel, network, arrivals } = setUp(undefined, seed);
      for (const id of ids) {
        if (disturb) network.send('c', 'd', messageOf(id));
        if (disturb) network.send('b', 'a', messageOf(id));
        network.send('a', 'b', messageOf(id));
      }
      await kernel.runUntilIdle();
      return arrivals;
    };
    const plain = await run(1, false);
    expect(await run(1, true)).toEqual(plain);
    expect(await run(2, false)).not.toEqual(plain);
  });

  it('loses what goes to a node that does not exist or does not receive', async () => {
    const { kernel, network, lost } = setUp();
    network.attach('down', () => false);
    network.send('a', 'nowhere', messageOf('1'));
    network.send('a', 'down', messageOf('2'));
    await kernel.runUntilIdle();
    expect(lost.sort()).toEqual(['a>down nobody', 'a>nowhere nobody']);
  });

  it('hands over a copy as it was when it was sent', async () => {
    const { kernel, network } = setUp();
    const received: WireMessage[] = [];
    network.attach('b', (message) => received.push(message) > 0);
    const inner = { list: [1, { deep: 'x' }], text: 'y', nothing: null };
    const message = messageOf('1', inner);
    network.send('a', 'b', message);
    inner.text = 'changed';
    await kernel.runUntilIdle();
    expect(received).toEqual([messageOf('1', { list: [1, { deep: 'x' }], text: 'y', nothing: null })]);
    expect(received[0]).not.toBe(message);
  });

  it('does with a message what the model of its links says', async () => {
    const { kernel, network, arrivals, lost } = setUp({ fate: (from, to) => (`${from}${to}` === 'ab' ? { kind: 'arrives', delays: [5, 2], late: 0 } : { kind: 'lost', why: 'loss' }) });
    network.send('a', 'b', messageOf('twice'));
    network.send('c', 'b', messageOf('never'));
    await kernel.runUntilIdle();
    expect(arrivals).toEqual([
      { at: 2, id: 'twice' },
      { at: 5, id: 'twice' },
    ]);
    expect(lost).toEqual(['c>b loss']);
  });
});
