import { describe, expect, it } from 'vitest';
import { acts, runOf, spmOf } from './spm-scenario.js';

const SUCCEEDED = [{ status: 'SUCCEEDED' }];

describe('an SPM that dies for half an hour', () => {
  it('is replaced when its lease has expired, and the command ends minutes later, on another host', async () => {
    const seen = await runOf({ faults: [{ crashHost: { at: '10s', host: 'spm', down: '30min' } }] });
    expect(seen.commands).toMatchObject(SUCCEEDED);
    expect(seen.story.slice(2, 4).map((line) => line.split(' ').slice(1).join(' '))).toEqual(['host2 is Contend', 'host2 is SPM']);
    const spmAt = Number(seen.story[3]?.split(' ')[0]);
    // The lease was last renewed at 0 s: nobody else may have it before 140 s.
    expect(spmAt).toBeGreaterThanOrEqual(140);
    expect(spmAt).toBeLessThan(160);
    expect(seen.overAt).toBeLessThan(240);
    expect(spmOf(seen)).toEqual(['host2']);
  });

  it('sooner where the lease is safelease\'s', async () => {
    const seen = await runOf({ spm: { leaseRenewal: '5s', leaseExpiry: '60s' }, engine: { fenceGrace: '20s' }, faults: [{ crashHost: { at: '10s', host: 'spm', down: '30min' } }] });
    expect(Number(seen.story[3]?.split(' ')[0])).toBeLessThan(80);
  });

  it('has its own lease again at once if it is back before that', async () => {
    const seen = await runOf({ faults: [{ crashHost: { at: '10s', host: 'spm', down: '5s' } }] });
    expect(seen.commands).toMatchObject(SUCCEEDED);
    expect(spmOf(seen)).toEqual(['host1']);
    expect(seen.overAt).toBeLessThan(140);
  });
});

it('an SPM whose lease storage takes away panics before it does another thing, and is up again as a Free host', async () => {
  const seen = await runOf({ faults: [{ loseLease: { at: '10s' } }] });
  expect(seen.commands).toMatchObject(SUCCEEDED);
  expect(acts(seen)).toEqual(['host1 is SPM', 'host1 dies: panic: the SPM lease is lost', 'host1 is up', 'host2 is Contend', 'host2 is SPM']);
  expect(seen.overAt).toBeLessThan(120);
});

describe('an SPM that an operator moves', () => {
  it('stops, and then the other starts; nobody dies, and the task that ran is rolled back and given again', async () => {
    const seen = await runOf({ faults: [{ moveSpm: { at: '10s', to: 'host3' } }] });
    expect(seen.commands).toMatchObject(SUCCEEDED);
    expect(acts(seen)).toEqual(['host1 is SPM', 'host1 is Free', 'host3 is Contend', 'host3 is SPM']);
    expect(seen.tasks.map(({ host }) => host)).toContain('host3');
  });

  it('without a name, is followed by the next of the pool', async () => {
    expect(spmOf(await runOf({ faults: [{ moveSpm: { at: '10s' } }] }))).toEqual(['host2']);
  });

  it('and moves back while its job still runs: the time of that job is of a term that is over, and the task is done once', async () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const faults = [{ moveSpm: { at: '10s', to: 'host3' } }, { moveSpm: { at: '20s', to: 'host1' } }];
      const terms = { start: '1s', stop: '1s', loading: '0s' } as const;
      const seen = await runOf({ spm: terms, faults }, seed);
      expect(seen.commands, `seed ${seed}`).toMatchObject(SUCCEEDED);
      // Its first job would have been done at 31 s, in its second term.
      expect(seen.story, `seed ${seed}`).toContain('22 host1 is SPM');
      expect(seen.overAt, `seed ${seed}`).toBeGreaterThan(50);
      expect(spmOf(seen), `seed ${seed}`).toEqual(['host1']);
    }
  });

  it('to itself, is not moved, and that is said', async () => {
    expect((await runOf({ faults: [{ moveSpm: { at: '10s', to: 'host1' } }] })).unused).toMatchObject([{ fault: 0 }]);
  });
});
