import { describe, expect, it } from 'vitest';
import type { Distribution } from '../../../sim/world/distribution.js';
import { read, refusal } from './reading.js';

const SECOND = 1_000_000;

describe('a latency in a scenario file', () => {
  it.each<[string, Distribution]>([
    ['5s', { kind: 'constant', value: 5 * SECOND }],
    ['{ constant: 5s }', { kind: 'constant', value: 5 * SECOND }],
    ['{ median: 1s, p95: 2s }', { kind: 'lognormal', median: SECOND, p95: 2 * SECOND }],
    ['{ lognormal: { median: 1s, p95: 2s } }', { kind: 'lognormal', median: SECOND, p95: 2 * SECOND }],
    ['{ min: 1s, max: 2s }', { kind: 'uniform', min: SECOND, max: 2 * SECOND }],
    ['{ uniform: { min: 1s, max: 2s } }', { kind: 'uniform', min: SECOND, max: 2 * SECOND }],
    ['{ exponential: { mean: 1s } }', { kind: 'exponential', mean: SECOND }],
    ['{ pareto: { minimum: 1s, alpha: 1.5 } }', { kind: 'pareto', minimum: SECOND, alpha: 1.5 }],
    ['{ samples: [3s, 1s, 1s] }', { kind: 'samples', values: [SECOND, SECOND, 3 * SECOND] }],
    [
      '{ quantiles: { max: 9s, p50: 3s, min: 0s } }',
      { kind: 'quantiles', points: [{ share: 0, value: 0 }, { share: 0.5, value: 3 * SECOND }, { share: 1, value: 9 * SECOND }] },
    ],
    ['{ shifted: { of: { exponential: { mean: 1s } }, plus: 20s } }', { kind: 'shifted', of: { kind: 'exponential', mean: SECOND }, plus: 20 * SECOND }],
    [
      '{ truncated: { of: { min: 0s, max: 4s }, min: 1s, max: 3s } }',
      { kind: 'truncated', of: { kind: 'uniform', min: 0, max: 4 * SECOND }, min: SECOND, max: 3 * SECOND, from: 0.25, to: 0.75 },
    ],
    [
      '{ mixture: [{ weight: 97, of: 1s }, { weight: 3, of: { mixture: [{ weight: 1, of: 2s }] } }] }',
      {
        kind: 'mixture',
        parts: [
          { weight: 97, of: { kind: 'constant', value: SECOND } },
          { weight: 3, of: { kind: 'mixture', parts: [{ weight: 1, of: { kind: 'constant', value: 2 * SECOND } }] } },
        ],
      },
    ],
  ])('%s', (text, expected) => {
    const found = read(`network: { latency: ${text} }`).network.latency;
    const bounds = (given: Distribution) => (given.kind === 'truncated' ? { from: expect.closeTo(given.from, 9) as number, to: expect.closeTo(given.to, 9) as number } : {});
    expect(found).toEqual({ ...expected, ...bounds(expected) });
  });

  it.each([
    ['soon', 'expected a latency: a duration such as 5s'],
    ['5', 'expected a latency'],
    ['{}', 'expected a latency'],
    ['{ mediam: 1s, p95: 2s }', "mediam: unknown key; did you mean 'median'?"],
    ['{ exponentail: { mean: 5s } }', 'expected a latency'],
    ['{ exponential: { mean: 0s } }', 'exponential.mean: expected a duration above zero'],
    ['{ pareto: { minimum: 1s, alpha: 0 } }', 'pareto.alpha: must be at least 0.01'],
    ['{ samples: [] }', 'samples: name at least one'],
    ['{ samples: [1s, 2] }', 'samples[1]: expected a duration with a unit'],
    ['{ quantiles: { min: 1s, p50: 3s } }', 'quantiles: max is missing'],
    ['{ quantiles: { min: 1s, p50: 3s, max: 2s } }', 'quantiles.max: must not be below the one before it'],
    ['{ quantiles: { min: 1s, p500: 3s, max: 5s } }', 'quantiles.p500: expected min, max, or a percentile'],
    ['{ quantiles: { min: 1s, p50: 3s, p50.0: 3s, max: 5s } }', 'quantiles.p50.0: is said twice'],
    ['{ truncated: { of: { min: 1s, max: 5s }, min: 6s } }', 'truncated: nothing of the distribution lies between min and max'],
    ['{ mixture: [] }', 'mixture: name at least one part'],
    ['{ mixture: [{ weight: 0, of: 1s }] }', 'mixture[0].weight: must be more than 0'],
    ['{ mixture: [{ weight: 1, of: 1s }, { weight: 2, of: { median: 3s, p95: 1s } }] }', 'mixture[1].of.p95: the 95th percentile must not be below the median'],
    [`${'{ shifted: { plus: 1s, of: '.repeat(2_000)}1s${'} }'.repeat(2_000)}`, 'nested too deeply'],
  ])('%s is refused: %s', (text, message) => {
    expect(refusal(`network: { latency: ${text} }`)).toContain(message);
  });
});

it('a rate is given in the same ways', () => {
  const { verbs } = read('verbs: { syncImageData: { rate: { median: 75 MiB/s, p95: 150 MiB/s } } }');
  expect(verbs['syncImageData']?.rate).toEqual({ kind: 'lognormal', median: 75 * 2 ** 20, p95: 150 * 2 ** 20 });
  expect(refusal('verbs: { syncImageData: { rate: fast } }')).toContain('verbs.syncImageData.rate: expected a rate: such as 75 MiB/s');
});
