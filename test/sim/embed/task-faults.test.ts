import { describe, expect, it } from 'vitest';
import { Simulation } from '../../../sim/embed/simulation.js';
import { defineScenario } from '../../../sim/scenario/code.js';
import { broken, finished } from './finished.js';

// Tasks that hang, are slow, or are not rolled back, on whole clusters.

type Input = Parameters<typeof defineScenario>[0];

const JOBS = (howMany: number): Input => ({
  verbs: {
    work: { kind: 'spm', effect: 'job/${args.id}', latency: '10s', rollbackLatency: '4s' },
    unwork: { kind: 'spm', reverses: 'job/${args.id}', latency: '1s' },
  },
  define: [
    {
      type: 'Job',
      params: { id: 'string' },
      handlers: [
        {
          name: 'work',
          createTask: { verb: 'work', args: { id: '${params.id}' } },
          // What is not there any more need not be taken back.
          undo: { tasks: { verb: 'unwork', args: { id: '${params.id}' }, doneCodes: [9202] } },
        },
      ],
    },
  ],
  commands: Array.from({ length: howMany }, (_, i) => ({ at: '1s', id: `c${i}`, type: 'Job', params: { id: `${i}` } })),
});

async function run(howMany: number, changes: Partial<Input>) {
  const simulation = await Simulation.create(defineScenario({ ...JOBS(howMany), ...changes }));
  const ends = new Map<string, { readonly us: number; readonly result: string }>();
  simulation.on('probe', ({ probe, t }) => {
    if (probe.type === 'hostTaskEnded') ends.set(probe.taskId, { us: t, result: probe.result });
  });
  const result = await finished(simulation);
  return { result, ends, statuses: result.commands.map(({ status }) => status), breaches: broken(result) };
}

const seconds = (us: number | undefined): number => Math.round((us ?? NaN) / 1e6);

describe('a task that hangs', () => {
  const faults: Input['faults'] = [{ hangTask: { verb: 'work' } }];

  it('runs until all faults end, and does then what it is to do', async () => {
    const { result, ends, statuses, breaches } = await run(1, { faults, healAt: '5min' });
    expect([breaches, result.unused, statuses]).toEqual([[], [], ['SUCCEEDED']]);
    expect([...ends.values()].map(({ us, result: how }) => [seconds(us), how])).toEqual([[300, 'success']]);
  });

  it('ends with its host: the next SPM rolls it back', async () => {
    const { result, ends, statuses, breaches } = await run(1, { faults: [...faults, { crashHost: { at: '2min', host: 'spm', down: '10s' } }] });
    expect([breaches, result.unused, statuses]).toEqual([[], [], ['ROLLED_BACK']]);
    expect([...ends.values()].map(({ result: how }) => how)).toContain('cleanSuccess');
  });

  it('stays one when it is asked to stop, and is rolled back when it returns', async () => {
    const cancelled = { commands: [{ at: '1s', id: 'c0', type: 'Job', params: { id: '0' }, cancelAt: '1min' }] } satisfies Partial<Input>;
    const { ends, statuses, breaches } = await run(1, { ...cancelled, faults, healAt: '5min' });
    expect([breaches, statuses]).toEqual([[], ['ROLLED_BACK']]);
    expect([...ends.values()].map(({ us, result: how }) => [seconds(us), how])[0]).toEqual([304, 'cleanSuccess']);
  });

  it('takes a worker: ten of them, and no other task of the pool begins', async () => {
    const stalled = await run(12, { faults: Array.from({ length: 10 }, (_, i) => ({ hangTask: { verb: 'work', nth: i + 1 } })), healAt: '5min' });
    expect([stalled.breaches, new Set(stalled.statuses)]).toEqual([[], new Set(['SUCCEEDED'])]);
    expect([...stalled.ends.values()].map(({ us }) => seconds(us)).sort((a, b) => a - b)).toEqual([...Array<number>(10).fill(300), 310, 310]);
    const nine = await run(12, { faults: Array.from({ length: 9 }, (_, i) => ({ hangTask: { verb: 'work', nth: i + 1 } })), healAt: '5min' });
    expect([...nine.ends.values()].filter(({ us }) => seconds(us) < 300)).toHaveLength(3);
  });
});

describe('a task that is slow', () => {
  it.each([
    ['so many times its time', { factor: 12 }, 120],
    ['so much more', { by: '30s' }, 40],
    ['both', { factor: 2, by: '30s' }, 50],
  ] as const)('takes %s, and does what it is to do', async (_, slower, takes) => {
    const plain = await run(1, {});
    const { result, ends, statuses, breaches } = await run(1, { faults: [{ slowTask: { verb: 'work', ...slower } }] });
    expect([breaches, result.unused, statuses]).toEqual([[], [], ['SUCCEEDED']]);
    const [before, after] = [plain, { ends }].map((one) => seconds([...one.ends.values()][0]?.us));
    expect((after ?? NaN) - (before ?? NaN)).toBe(takes - 10);
  });

  it('is not, when all faults have ended', async () => {
    const slow = { faults: [{ slowTask: { verb: 'work', nth: 'every', by: '10min' } }], healAt: '2s', commands: [{ at: '3s', id: 'c0', type: 'Job', params: { id: '0' } }] } satisfies Partial<Input>;
    const { result, ends } = await run(1, slow);
    expect([[...ends.values()].map(({ us }) => seconds(us)), result.unused.map(({ what }) => what)]).toEqual([[13], ['slowTask work']]);
  });
});

describe('a roll-back that fails', () => {
  it('leaves what the task has done, which its undo takes back', async () => {
    const stopped = { commands: [{ at: '1s', id: 'c0', type: 'Job', params: { id: '0' }, cancelAt: '5s' }] } satisfies Partial<Input>;
    const { result, ends, statuses, breaches } = await run(1, { ...stopped, faults: [{ failRollback: { verb: 'work' } }] });
    expect([breaches, result.unused, statuses]).toEqual([[], [], ['ROLLED_BACK']]);
    // The first ends with what it has made in place; what takes it back finds it.
    expect([...ends.values()].map(({ result: how }) => how)).toEqual(['cleanFailure', 'success']);
  });

  it('of those that fit, the nth', async () => {
    const commands = [0, 1].map((i) => ({ at: `${1 + i}s`, id: `c${i}`, type: 'Job', params: { id: `${i}` }, cancelAt: '6s' }));
    const { ends } = await run(2, { commands, faults: [{ failRollback: { verb: 'work', nth: 2 } }] });
    expect([...ends].filter(([id]) => id.includes('.w')).map(([, { result }]) => result)).toEqual(['cleanSuccess', 'cleanFailure']);
  });

  it('never happens where nothing is rolled back', async () => {
    const { result } = await run(1, { faults: [{ failRollback: { verb: 'work' } }] });
    expect(result.unused).toEqual([{ fault: 0, what: 'failRollback work, number 1' }]);
  });
});
