import { expect, it } from 'vitest';
import { Simulation } from '../../../sim/embed/simulation.js';
import { defineScenario } from '../../../sim/scenario/code.js';
import { finished } from './finished.js';

const resultOf = async (scenario: Parameters<typeof defineScenario>[0]) => finished(await Simulation.create(defineScenario(scenario)));

const JOB = {
  verbs: { work: { kind: 'spm', effect: 'job/${args.id}', latency: '5s' } },
  define: [{ type: 'Job', params: { id: 'string' }, handlers: [{ name: 'work', createTask: { verb: 'work', args: { id: '${params.id}' } }, undo: {} }] }],
  commands: [{ type: 'Job', params: { id: 'a' } }],
} satisfies Parameters<typeof defineScenario>[0];

it('faults that did not happen are told, and those that did are not', async () => {
  const { unused } = await resultOf({
    ...JOB,
    faults: [
      { failTask: { verb: 'work', code: 100 } },
      { failTask: { verb: 'work', match: { id: 'b' }, nth: 'every', code: 100 } },
      { crashEngine: { at: '6s', down: '10s' } },
      { crashEngine: { at: '10s' } },
      { crashEngine: { when: { command: 'Job', is: 'SUCCEEDED' } } },
    ],
  });
  expect(unused).toEqual([
    { fault: 1, what: 'failTask work id="b"' },
    // The engine was down.
    { fault: 3, what: 'crashEngine at 10 s' },
    { fault: 4, what: 'crashEngine when command Job is SUCCEEDED' },
  ]);
});

it('a run that is not over by its limit says so, and which commands are not', async () => {
  const { invariants } = await resultOf({ ...JOB, verbs: { work: { ...JOB.verbs.work, latency: '10min' } }, limit: '1min' });
  expect(invariants.find(({ held }) => !held)).toMatchObject({
    name: 'liveness',
    detail: expect.stringContaining('it has not come to rest by its limit, 60 s: c1 is RUNNING at step 0 (work): task c1$0.w1.1.0 (work, Submitted) is running on the hosts of pool1') as string,
  });
});
