import { describe, expect, it } from 'vitest';
import { Failures } from '../../../../sim/faults/failures.js';
import { Streams } from '../../../../sim/kernel/streams.js';
import { Bandwidth } from '../../../../sim/world/bandwidth.js';
import { SharedStorage } from '../../../../sim/world/shared-storage.js';
import { VERBS } from '../../../../sim/world/verbs/catalogue.js';
import { inProfile, PROFILES } from '../../../../sim/world/verbs/profile.js';
import { createVerbTable } from '../../../../sim/world/verbs/table.js';
import type { Verb } from '../../../../sim/world/verbs/verb.js';

const SECOND = 1_000_000;
const MIB = 2 ** 20;
const DRAWS = 20_000;

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
  { name: 'hibernate', seconds: [5, 30] },
  { name: 'createVm', seconds: [3, 15] },
  { name: 'getVm', seconds: [0.03, 0.3] },
];

/** What is stated of volumes that are files. */
const ON_FILE: readonly Stated[] = [
  { name: 'createVolume', seconds: [0.7, 2] },
  { name: 'cloneImageStructure', seconds: [0.7, 2] },
];

interface Drawn {
  readonly us: readonly number[];
  /** Until submissions are answered, µs. */
  readonly answers: readonly number[];
  readonly rates: readonly number[];
}

/** Draws for a verb many times, whatever there is to work on. */
function drawn(verbs: readonly Verb[], name: string, domain = 'lun1'): Drawn {
  const verb = verbs.find((known) => known.name === name);
  if (verb === undefined) throw new Error(`there is no verb ${name}`);
  const measured = { ...verb, load: () => ({ times: 1, bytes: verb.movesData ? MIB : 0 }) };
  const { content } = new SharedStorage(VERBS);
  const bandwidth = new Bandwidth(new Map(), { now: () => 0, after: () => ({ cancel: () => undefined }) });
  const failures = new Failures({ rules: [], rates: {}, verbs: [measured] });
  const table = createVerbTable({ verbs: [measured], content, speeds: {}, failures, bandwidth, fileDomains: new Set(['nfs1']) });
  const streams = new Streams(2026);
  const plans = Array.from({ length: DRAWS }, () => {
    const plan = table.find(name)?.plan({ domain, target: domain }, (purpose) => streams.get('host1', purpose).next());
    if (plan?.kind !== 'run') throw new Error(`${name} is refused`);
    return plan;
  });
  return { us: plans.map(({ durationUs }) => durationUs), answers: plans.map(({ answerUs }) => answerUs), rates: plans.flatMap((plan) => plan.transfer()?.rate ?? []) };
}

/** A binomial count lies within five deviations of what is expected; the seed is fixed, so this holds for good or not at all. */
function expectShare(values: readonly number[], limit: number, share: number): void {
  const below = values.filter((value) => value <= limit).length;
  expect(Math.abs(below - values.length * share), `${below} of ${values.length} are at most ${limit}`).toBeLessThan(5 * Math.sqrt(values.length * share * (1 - share)));
}

function expectStated(values: readonly number[], [median, p95]: readonly number[], unit: number): void {
  if (p95 === undefined) return expect(new Set(values)).toEqual(new Set([(median ?? NaN) * unit]));
  expectShare(values, (median ?? NaN) * unit, 0.5);
  expectShare(values, p95 * unit, 0.95);
}

it('something is stated of each verb that ships', () => {
  expect(STATED.map(({ name }) => name).toSorted()).toEqual(VERBS.map(({ name }) => name).toSorted());
});

it.each(STATED)('$name takes as long, and moves as fast, as is stated', ({ name, seconds, mibPerSecond }) => {
  const { us, rates } = drawn(VERBS, name);
  expectStated(us, seconds, SECOND);
  if (mibPerSecond === undefined) expect(rates).toEqual([]);
  else expectStated(rates, mibPerSecond, MIB);
});

it('the deletion of an image is answered as late as is stated', () => {
  expectStated(drawn(VERBS, 'deleteImage').answers, [1, 10], SECOND);
});

it.each(ON_FILE)('on file storage, $name takes as long as is stated', ({ name, seconds }) => {
  expectStated(drawn(VERBS, name, 'nfs1').us, seconds, SECOND);
});

describe.each(PROFILES)('as fast as %s', (profile) => {
  const verbs = inProfile(profile, VERBS);

  it.each([...STATED.map((stated) => ({ ...stated, domain: 'lun1' })), ...ON_FILE.map((stated) => ({ ...stated, domain: 'nfs1' }))])(
    '$name on $domain is what is stated 98 times of 100, and else from a Pareto tail',
    ({ name, seconds: [median = NaN, p95 = median], domain }) => {
      const [plain, { us }] = [drawn(VERBS, name, domain).us, drawn(verbs, name, domain)];
      for (const at of [median, p95, 3 * p95].map((value) => value * SECOND)) {
        const ofTail = Math.max(0, 1 - Math.pow(at / (p95 * SECOND), -1.5));
        expectShare(us, at, (0.98 * plain.filter((value) => value <= at).length) / plain.length + 0.02 * ofTail);
      }
    },
  );

  it('one deletion of an image in two hundred is answered after more than three minutes', () => {
    const { answers } = drawn(verbs, 'deleteImage');
    expectShare(answers, 180 * SECOND, 1 - 0.005 - 0.02 * Math.pow(18, -1.5));
  });

  it.each(STATED.filter(({ mibPerSecond }) => mibPerSecond !== undefined))('$name moves as fast as is stated', ({ name, mibPerSecond = [] }) => {
    const { rates } = drawn(verbs, name);
    const ordered = profile === 'vdsm-3.x' && ['copyImage', 'syncImageData'].includes(name);
    expectStated(rates, ordered ? [75, 75 * Math.exp(1.645 * 0.3)] : mibPerSecond, MIB);
  });
});
