import { expect, it } from 'vitest';
import { Failures } from '../../../../sim/faults/failures.js';
import { Streams } from '../../../../sim/kernel/streams.js';
import { Bandwidth } from '../../../../sim/world/bandwidth.js';
import { SharedStorage } from '../../../../sim/world/shared-storage.js';
import { VERBS } from '../../../../sim/world/verbs/catalogue.js';
import { createVerbTable } from '../../../../sim/world/verbs/table.js';

const SECOND = 1_000_000;
const MIB = 2 ** 20;
const DRAWS = 5_000;

/** What is stated of a verb: seconds, and MiB/s for what it moves, by median and 95th percentile; one number: always the same. */
interface Stated {
  readonly name: string;
  readonly seconds: readonly number[];
  readonly mibPerSecond?: readonly number[];
}

const STATED: readonly Stated[] = [
  { name: 'createVolume', seconds: [2.1, 8] },
  { name: 'deleteVolume', seconds: [2, 10] },
  { name: 'cloneImageStructure', seconds: [2.1, 8] },
  { name: 'deleteImage', seconds: [3, 30] },
  { name: 'syncImageData', seconds: [3, 6], mibPerSecond: [250, 670] },
  { name: 'copyImage', seconds: [3, 6], mibPerSecond: [250, 670] },
  { name: 'mergeSnapshots', seconds: [5, 10], mibPerSecond: [100] },
  { name: 'downloadImage', seconds: [2], mibPerSecond: [50] },
  { name: 'snapshot', seconds: [1, 4] },
  { name: 'diskReplicateStart', seconds: [1, 4] },
  { name: 'diskReplicateFinish', seconds: [1, 5] },
  { name: 'getVmDisk', seconds: [0.03, 0.3] },
  { name: 'getVolumesList', seconds: [0.03, 0.3] },
];

/** A binomial count lies within five deviations of what is expected; the seed is fixed, so this holds for good or not at all. */
function expectStated(values: readonly number[], [median, p95]: readonly number[], unit: number): void {
  if (p95 === undefined) return expect(new Set(values)).toEqual(new Set([(median ?? NaN) * unit]));
  for (const [value, share] of [[median ?? NaN, 0.5], [p95, 0.95]] as const) {
    const below = values.filter((drawn) => drawn <= value * unit).length;
    expect(Math.abs(below - values.length * share), `${below} of ${values.length} are at most ${value}`).toBeLessThan(5 * Math.sqrt(values.length * share * (1 - share)));
  }
}

it.each(STATED)('$name takes as long, and moves as fast, as is stated', ({ name, seconds, mibPerSecond }) => {
  const { content } = new SharedStorage(VERBS);
  const verb = VERBS.find((known) => known.name === name);
  if (verb === undefined) throw new Error(`there is no verb ${name}`);
  // What is measured is the time, whatever there is to work on.
  const measured = { ...verb, load: () => ({ times: 1, bytes: verb.movesData ? MIB : 0 }) };
  const bandwidth = new Bandwidth(new Map(), { now: () => 0, after: () => ({ cancel: () => undefined }) });
  const table = createVerbTable({ verbs: [measured], content, speeds: {}, failures: new Failures({ rules: [], rates: {}, verbs: [measured] }), bandwidth });
  const streams = new Streams(2026);
  const plans = Array.from({ length: DRAWS }, () => {
    const plan = table.find(name)?.plan({}, (purpose) => streams.get('host1', purpose).next());
    if (plan?.kind !== 'run') throw new Error(`${name} is refused`);
    return { us: plan.durationUs, rate: plan.transfer()?.rate };
  });
  expectStated(plans.map(({ us }) => us), seconds, SECOND);
  const rates = plans.flatMap(({ rate }) => (rate === undefined ? [] : [rate]));
  if (mibPerSecond === undefined) expect(rates).toEqual([]);
  else expectStated(rates, mibPerSecond, MIB);
});
