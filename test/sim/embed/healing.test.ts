import { describe, expect, it } from 'vitest';
import { Simulation } from '../../../sim/embed/simulation.js';
import { defineScenario } from '../../../sim/scenario/code.js';
import { finished } from './finished.js';

type Input = Parameters<typeof defineScenario>[0];

/** Each attempt takes 10 s, and the next begins 10 s after a failed one. */
const JOB = {
  verbs: { work: { kind: 'spm', effect: 'job/${args.id}', latency: '10s' } },
  define: [
    {
      type: 'Job',
      params: { id: 'string' },
      handlers: [{ name: 'work', createTask: { verb: 'work', args: { id: '${params.id}' } }, retry: { attempts: 20, backoff: '10s' }, undo: {} }],
    },
  ],
  commands: [{ at: '1s', type: 'Job', params: { id: 'a' } }],
} satisfies Input;

const run = async (changes: Partial<Input>) => finished(await Simulation.create(defineScenario({ ...JOB, ...changes })));

const ends = ({ commands }: { readonly commands: readonly { readonly status: string }[] }): readonly string[] => commands.map(({ status }) => status);

describe('when all faults end', () => {
  it('nothing fails by a rule any more', async () => {
    const faults: Input['faults'] = [{ failTask: { verb: 'work', nth: 'every', code: 261 } }];
    expect(ends(await run({ faults }))).toEqual(['ROLLED_BACK']);
    const healed = await run({ faults, healAt: '90s' });
    expect(ends(healed)).toEqual(['SUCCEEDED']);
    expect(healed.healedAt).toBe(90_000_000);
  });

  it('nor by chance, nor is it lost', async () => {
    const verbs: Input['verbs'] = { work: { kind: 'spm', effect: 'job/${args.id}', latency: '10s', failureRate: 1 } };
    expect(ends(await run({ verbs, healAt: '90s' }))).toEqual(['SUCCEEDED']);
  });

  it('a script goes on: that is how its verb is', async () => {
    const define: Input['define'] = [
      { type: 'Job', params: { id: 'string' }, handlers: [{ name: 'work', createTask: { verb: 'work', args: { id: '${params.id}' }, outcomes: ['fails 261'] }, undo: {} }] },
    ];
    expect(ends(await run({ define, healAt: '5s' }))).toEqual(['ROLLED_BACK']);
  });

  it('an engine that is down comes back', async () => {
    const healed = await run({ faults: [{ crashEngine: { at: '5s', down: '20h' } }], healAt: '1min' });
    expect(healed.recoveries).toBe(1);
    expect(healed.virtualTimeMs).toBeLessThan(300_000);
    expect(ends(healed)).toEqual(['SUCCEEDED']);
  });

  it('what was planned for later does not happen', async () => {
    const faults: Input['faults'] = [
      { crashEngine: { at: '15s', down: '1s' } },
      { crashEngine: { event: 30, down: '1s' } },
      { crashEngine: { afterPortOperation: 12, down: '1s' } },
      { crashEngine: { when: { command: 'Job', is: 'SUCCEEDED' } } },
    ];
    const all = await run({ faults });
    expect(all.unused).toEqual([]);
    const none = await run({ faults, healAt: '1ms' });
    expect(none.recoveries).toBe(0);
    expect(none.unused.map(({ fault }) => fault)).toEqual([0, 1, 2, 3]);
  });

  it('the run lasts until then', async () => {
    expect((await run({ healAt: '2h' })).virtualTimeMs).toBe(7_200_000);
    expect((await run({})).healedAt).toBeNull();
  });
});
