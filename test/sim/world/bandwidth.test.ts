import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { NodePorts } from '../../../actors/ports.js';
import { Kernel } from '../../../sim/kernel/kernel.js';
import { fifo } from '../../../sim/kernel/strategies/fifo.js';
import { Bandwidth } from '../../../sim/world/bandwidth.js';
import { worldClock } from '../../../sim/world/world-clock.js';

/** A transfer as a test plans it. */
interface Planned {
  readonly at: number;
  readonly host: string;
  readonly bytes: number;
  readonly rate: number;
  readonly domains: readonly string[];
}

interface Case {
  readonly limits: ReadonlyMap<string, number>;
  readonly transfers: readonly Planned[];
  /** When a host dies, by its name. */
  readonly deaths: ReadonlyMap<string, number>;
}

/** When each transfer ended, µs; null: its host died before. */
type Ends = readonly (number | null)[];

async function ends({ limits, transfers, deaths }: Case): Promise<Ends> {
  const kernel = new Kernel({ seed: 1, strategy: fifo });
  const bandwidth = new Bandwidth(limits, worldClock(kernel, 'transfer'));
  const ended = transfers.map((): number | null => null);
  const at = (time: number, node: string, incarnation: number, run: () => void) =>
    kernel.schedule(time, { kind: 'control', node, incarnation, label: 'test', content: null, background: false, run });
  const portsOf = (node: string): NodePorts => ({
    node,
    now: () => kernel.now,
    after: (delay, wake) => {
      const event = at(kernel.now + delay, node, 1, wake);
      return { cancel: () => kernel.cancel(event) };
    },
    send: () => undefined,
    onReceive: () => undefined,
    random: () => 0,
    probe: () => undefined,
    fault: (error) => {
      throw error;
    },
  });
  for (const [host, time] of deaths) {
    at(time, host, 0, () => {
      kernel.purge(host, 1);
      bandwidth.abandon(host);
    });
  }
  transfers.forEach(({ at: time, host, ...transfer }, i) => {
    const done = (): void => void (ended[i] = kernel.now);
    at(time, host, 1, () => bandwidth.start(portsOf(host), transfer, done));
  });
  await kernel.runUntilIdle();
  kernel.dispose();
  return ended;
}

/** The same, µs by µs: what has begun, and is not over, moves at its rate of that µs. In millionths of a byte, so that all is whole. */
function naively({ limits, transfers, deaths }: Case): Ends {
  const left = transfers.map(({ bytes }) => bytes * 1e6);
  const ended = transfers.map((): number | null => null);
  for (let t = 0; t < 100_000; t += 1) {
    if (ended.every((end, i) => end !== null || (deaths.get(transfers[i]?.host ?? '') ?? Infinity) <= t)) break;
    const alive = transfers.flatMap(({ host }, i) => ((deaths.get(host) ?? Infinity) > t ? [i] : []));
    for (const i of alive) if ((left[i] ?? 0) <= 0) ended[i] ??= t;
    const moving = alive.filter((i) => (transfers[i]?.at ?? 0) <= t && (left[i] ?? 0) > 0);
    for (const i of moving) {
      const { rate, domains } = transfers[i] as Planned;
      const shares = domains.map((domain) => {
        const users = moving.filter((j) => transfers[j]?.domains.includes(domain)).length;
        return Math.floor((limits.get(domain) ?? Infinity) / users);
      });
      left[i] = (left[i] ?? 0) - Math.max(1, Math.min(rate, ...shares));
    }
  }
  return ended;
}

const MB = 1e6;
const domain = fc.constantFrom('a', 'b', 'c');
const aCase: fc.Arbitrary<Case> = fc.record({
  limits: fc.dictionary(domain, fc.integer({ min: MB / 2, max: 5 * MB })).map((limits) => new Map(Object.entries(limits))),
  transfers: fc.array(
    fc.record({
      at: fc.nat(500),
      host: fc.constantFrom('h1', 'h2'),
      bytes: fc.integer({ min: 1, max: 400 }),
      rate: fc.integer({ min: MB / 2, max: 4 * MB }),
      domains: fc.uniqueArray(domain, { maxLength: 2 }),
    }),
    { maxLength: 6 },
  ),
  deaths: fc.option(fc.nat(2_000)).map((at) => new Map(at === null ? [] : [['h2', at]])),
});

it('shares what a domain carries as a fluid would be shared, to the µs', async () => {
  await fc.assert(
    fc.asyncProperty(aCase, async (one) => {
      const [found, expected] = [await ends(one), naively(one)];
      const death = one.deaths.get('h2');
      // What ends in the very µs in which its host dies may or may not have ended.
      found.forEach((end, i) => expect(end === death ? null : end).toBe(expected[i]));
    }),
    { numRuns: 60 },
  );
});

const alone = { at: 0, host: 'h1', bytes: 1000, rate: MB, domains: ['a', 'b'] };

it.each([
  ['alone', new Map(), [alone], [1000]],
  ['within what its domains carry', new Map([['a', MB], ['b', 2 * MB]]), [alone], [1000]],
  ['at the pace of the slower domain', new Map([['a', MB / 2], ['b', 2 * MB]]), [alone], [2000]],
  ['two of a domain', new Map([['a', MB]]), [alone, { ...alone, domains: ['a'] }], [2000, 2000]],
  ['two that share no domain', new Map([['a', MB], ['c', MB]]), [{ ...alone, domains: ['a'] }, { ...alone, domains: ['c'] }], [1000, 1000]],
  ['the second half alone', new Map([['a', MB]]), [alone, { ...alone, bytes: 500 }], [1500, 1000]],
  ['one that began later', new Map([['a', MB]]), [alone, { ...alone, at: 500 }], [1500, 2000]],
  ['beside a slow one, which leaves its part unused', new Map([['a', 2 * MB]]), [{ ...alone, rate: 4 * MB }, { ...alone, rate: MB / 4 }], [1000, 4000]],
  ['to the µs after its last byte', new Map(), [{ ...alone, bytes: 1, rate: 3 }], [333_334]],
] as const)('a transfer, %s, takes its time', async (_, limits, transfers, expected) => {
  expect(await ends({ limits, transfers, deaths: new Map() })).toEqual(expected);
});

it('what a dead host was moving leaves its part to the others', async () => {
  const limits = new Map([['a', MB]]);
  expect(await ends({ limits, transfers: [alone, { ...alone, host: 'h2' }], deaths: new Map([['h2', 1000]]) })).toEqual([1500, null]);
});

it('moves more than a double can count in millionths, and what takes longer than any run', async () => {
  const tebibytes = 2 ** 50;
  expect(await ends({ limits: new Map(), transfers: [{ ...alone, bytes: tebibytes, rate: 2 ** 30 }], deaths: new Map() })).toEqual([2 ** 20 * 1e6]);
  expect(await ends({ limits: new Map(), transfers: [{ ...alone, bytes: tebibytes, rate: 1 }], deaths: new Map() })).toEqual([100 * 365 * 24 * 3600 * 1e6]);
});
