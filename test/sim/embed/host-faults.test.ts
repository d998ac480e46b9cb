import { describe, expect, it } from 'vitest';
import { Simulation } from '../../../sim/embed/simulation.js';
import { finished } from './finished.js';
import { acts, runOf, spmOf, threeHosts } from './spm-scenario.js';

const SUCCEEDED = [{ status: 'SUCCEEDED' }];

describe('a host that crashes', () => {
  it.each(['host1', 'spm', 'spm of pool1'])('named %s: it is gone at once, and comes back as another incarnation that is Free', async (host) => {
    const seen = await runOf({ faults: [{ crashHost: { at: '10s', host, down: '30s' } }] });
    expect(seen.commands).toMatchObject(SUCCEEDED);
    expect(seen.story.slice(0, 3)).toEqual(['0 host1 is SPM', '10 host1 dies: at 10 s', '40 host1 is up']);
    expect(seen.unused).toEqual([]);
  });

  it('without `down`, is down for as long as the scenario says of all', async () => {
    const seen = await runOf({ hostRestart: { down: '77s' }, faults: [{ crashHost: { at: '10s', host: 'host3' } }] });
    expect(seen.story).toEqual(['0 host1 is SPM', '10 host3 dies: at 10 s', '87 host3 is up']);
  });

  it('at any of the moments that a fault can have', async () => {
    for (const when of [{ event: 30 }, { afterPortOperation: 2 }, { when: { task: 'work', is: 'running' } }] as const) {
      const seen = await runOf({ faults: [{ crashHost: { ...when, host: 'spm', down: '5s' } }] });
      expect([seen.unused, spmOf(seen)], JSON.stringify(when)).toEqual([[], [expect.any(String)]]);
      expect(seen.commands, JSON.stringify(when)).toMatchObject(SUCCEEDED);
    }
  });

  it('is not crashed when it is down already, and that is said', async () => {
    const seen = await runOf({ faults: [{ crashHost: { at: '10s', host: 'host3', down: '1min' } }, { crashHost: { at: '20s', host: 'host3', down: '1h' } }] });
    expect(seen.story.at(-1)).toBe('70 host3 is up');
    expect(seen.unused).toMatchObject([{ fault: 1 }]);
  });

  it('as the SPM, while nobody is, does not crash, and that is said', async () => {
    const seen = await runOf({ faults: [{ loseLease: { at: '10s' } }, { crashHost: { at: '10500ms', host: 'spm' } }] });
    expect(seen.unused).toMatchObject([{ fault: 1 }]);
  });

  it('is not heard of again before it is back, wherever in its task it died', async () => {
    for (const is of ['submitted', 'running', 'ended'] as const) {
      const simulation = await Simulation.create(threeHosts({ faults: [{ crashHost: { when: { task: 'work', is }, host: 'spm', down: '1h' } }] }), { seed: 1 });
      let diedAt: number | null = null;
      const after: string[] = [];
      simulation.on('probe', ({ t, node, probe }) => {
        if (probe.type === 'hostCrashed') diedAt = t;
        else if (diedAt !== null && t > diedAt && node === 'host1' && t < 3_600_000_000) after.push(probe.type);
      });
      const { commands } = await finished(simulation);
      expect(commands, is).toMatchObject(SUCCEEDED);
      expect(diedAt, is).not.toBeNull();
      expect(after, is).toEqual([]);
    }
  });
});

describe('a host that hangs', () => {
  it('goes on where it was, if that was shorter than its lease', async () => {
    const seen = await runOf({ faults: [{ hangHost: { at: '10s', host: 'spm', for: '20s' } }] });
    expect(seen.commands).toMatchObject(SUCCEEDED);
    expect(acts(seen)).toEqual(['host1 is SPM', 'host1 hangs']);
  });

  it('for longer: another takes its lease when that has expired, and what it does when it wakes comes to nothing', async () => {
    const seen = await runOf({ faults: [{ hangHost: { at: '10s', host: 'spm', for: '10min' } }] });
    expect(seen.commands).toMatchObject(SUCCEEDED);
    expect(acts(seen)).toEqual(['host1 is SPM', 'host1 hangs', 'host2 is Contend', 'host2 is SPM', 'host1 dies: panic: the SPM lease is lost', 'host1 is up']);
    expect(seen.overAt).toBeLessThan(300);
    expect(seen.story.at(-2)).toMatch(/^610 /);
    expect(spmOf(seen)).toEqual(['host2']);
  });
});

it('an engine that is paused goes on with what it had, and its commands end', async () => {
  const seen = await runOf({ faults: [{ pauseEngine: { at: '10s', for: '10min' } }] });
  expect(seen.commands).toMatchObject(SUCCEEDED);
  expect([seen.recoveries, acts(seen)]).toEqual([0, ['host1 is SPM']]);
  expect(seen.overAt).toBeGreaterThanOrEqual(610);
});

describe('when all faults end', () => {
  it('hosts that are down come back, and those that hang go on', async () => {
    const faults = [
      { crashHost: { at: '10s', host: 'spm', down: '20h' } },
      { crashHost: { at: '11s', host: 'host2', down: '20h' } },
      { hangHost: { at: '12s', host: 'host3', for: '20h' } },
      { crashHost: { at: '3min', host: 'host3' } },
    ];
    const seen = await runOf({ healAt: '2min', faults });
    expect(seen.commands).toMatchObject(SUCCEEDED);
    expect(seen.overAt).toBeLessThan(300);
    expect(seen.story.filter((line) => line.endsWith('is up')).toSorted()).toEqual(['120 host1 is up', '120 host2 is up']);
    expect(seen.unused).toMatchObject([{ fault: 3 }]);
  });
});

describe('a fault of a host that does not fit the scenario', () => {
  it.each([
    ['crashHost of a stranger', { crashHost: { at: '1s', host: 'host9' } }, /unknown host 'host9'/],
    ['hangHost without a duration', { hangHost: { at: '1s', host: 'host1' } }, /for/],
    ['crashHost without a moment', { crashHost: { host: 'host1' } }, /say when, in one way/],
    ['crashHost with two', { crashHost: { host: 'host1', at: '1s', event: 3 } }, /say when, in one way/],
    ['the SPM of a stranger', { crashHost: { at: '1s', host: 'spm of pool9' } }, /unknown pool 'pool9'/],
    ['loseLease of a stranger', { loseLease: { at: '1s', pool: 'pool9' } }, /unknown pool 'pool9'/],
    ['moveSpm to a stranger', { moveSpm: { at: '1s', to: 'host9' } }, /unknown host 'host9'/],
  ])('%s is refused, with its place', async (_name, fault, message) => {
    const scenario = threeHosts({ faults: [fault] as never });
    const refusal: unknown = await Simulation.create(scenario).then(() => null, (error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'BAD_SCENARIO', message: expect.stringMatching(message) as string });
    expect(refusal).toMatchObject({ message: expect.stringMatching(/faults(\[0\]|\.0|\/0)/) as string });
  });

  it.each([
    ['a lease that is renewed too late', { spm: { leaseRenewal: '2min', leaseExpiry: '1min' } }, /must be shorter than leaseExpiry/],
    ['a fence agent that fails more than always', { fenceAgent: { failureRate: 2 } }, /failureRate/],
    ['a host that takes no time to be none', { hostRestart: { down: '-1s' } }, /down/],
  ])('%s is refused too', async (_name, changes, message) => {
    await expect(Simulation.create(threeHosts(changes))).rejects.toMatchObject({ code: 'BAD_SCENARIO', message: expect.stringMatching(message) as string });
  });
});

describe('a fault of no node', () => {
  it('is told when it happens, and not when it cannot', async () => {
    const simulation = await Simulation.create(
      threeHosts({
        healAt: '3min',
        faults: [{ moveSpm: { at: '5s', to: 'host2' } }, { loseLease: { at: '1min' } }, { loseLease: { at: '1min' } }, { moveSpm: { at: '4min' } }],
      }),
      { seed: 1 },
    );
    const told: unknown[] = [];
    simulation.on('probe', ({ t, node, probe }) => {
      if (node === 'world') told.push([t / 1e6, probe]);
    });
    const { unused } = await finished(simulation);
    expect(told).toEqual([
      [5, { type: 'spmMoves', pool: 'pool1', to: 'host2' }],
      [60, { type: 'leaseRevoked', pool: 'pool1' }],
      [180, { type: 'faultsEnded' }],
    ]);
    expect(unused).toMatchObject([{ fault: 2 }, { fault: 3 }]);
  });
});
