import { expect } from 'vitest';
import type { SpmPart } from '../../../../actors/host/spm-role.js';
import { Failures } from '../../../../sim/faults/failures.js';
import { parseScenario } from '../../../../sim/scenario/load.js';
import { BUILT_IN_VOCABULARY } from '../../../../sim/scenario/vocabulary.js';
import { Bandwidth } from '../../../../sim/world/bandwidth.js';
import { drawLatency, type Latency } from '../../../../sim/world/latency.js';
import { SharedStorage } from '../../../../sim/world/shared-storage.js';
import { VERBS } from '../../../../sim/world/verbs/catalogue.js';
import { createVerbTable } from '../../../../sim/world/verbs/table.js';
import type { Section } from '../row.js';

const { spm } = parseScenario('commands: []', 'defaults.yaml', { vocabulary: BUILT_IN_VOCABULARY });

/** Seconds, at some draws, to a millisecond. */
const seconds = (latency: Latency, ...draws: readonly number[]): readonly number[] => draws.map((draw) => Math.round(drawLatency(latency, draw) / 1000) / 1000);
const takes = (part: SpmPart, ...draws: readonly number[]): readonly number[] => seconds(spm[part], ...draws);

/** How long the roll-back of a verb takes, s, where each draw is the median. */
function rollback(verb: string, rollbackLatency?: Latency): number {
  const storage = new SharedStorage(VERBS);
  const bandwidth = new Bandwidth(new Map(), { now: () => 0, after: () => ({ cancel: () => undefined }) });
  const failures = new Failures({ rules: [], rates: {}, verbs: VERBS });
  const speeds = rollbackLatency === undefined ? {} : { [verb]: { rollbackLatency } };
  const table = createVerbTable({ verbs: VERBS, content: storage.content, speeds, failures, bandwidth });
  return Math.round((table.find(verb)?.rollbackUs({ domain: 'lun1', target: 'lun1' }, () => 0.5) ?? NaN) / 1000) / 1000;
}

const SPEEDS = { file: 'test/sim/world/verbs/speeds.test.ts', test: '$name takes as long, and moves as fast, as is stated' };
const DISTRIBUTIONS = { file: 'test/sim/world/distribution.test.ts', test: '%s, has the shares that are said of it' };

export const vdsm7Latency: Section = {
  title: 'Latencies',
  page: 'vdsm-facts.md',
  rows: [
    {
      id: 'vdsm-7.create-volume-latency',
      source: 'Latency: createVolume file / block',
      given: 'no scenario says otherwise',
      when: 'the default latency of createVolume is drawn',
      then: 'the median is 2.1 s and the 95th percentile 8 s',
      proof: [SPEEDS],
    },
    {
      id: 'vdsm-7.create-volume-on-file-latency',
      source: 'Latency: createVolume file / block',
      given: 'a domain of `type: file`',
      when: 'the default latency of createVolume, or of a volume that cloneImageStructure makes, is drawn there',
      then: 'the median is 0.7 s and the 95th percentile 2 s',
      proof: [{ file: 'test/sim/world/verbs/speeds.test.ts', test: 'on file storage, $name takes as long as is stated' }],
    },
    {
      id: 'vdsm-7.delete-volume-latency',
      source: 'Latency: deleteVolume',
      given: 'no scenario says otherwise',
      when: 'the default latency of deleteVolume is drawn',
      then: 'the median is 2 s and the 95th percentile 10 s',
      proof: [SPEEDS],
      differs: 'Wiping a volume before, at the speed of its bytes, is not modelled.',
    },
    {
      id: 'vdsm-7.delete-image-latency',
      source: 'Latency: deleteImage',
      given: 'no scenario says otherwise',
      when: 'the default latency of deleteImage is drawn',
      then: 'the image is gone when the job starts, the purge takes 3 s (95th percentile: 30 s), and the answer to the submission 1 s (10 s)',
      proof: [SPEEDS],
      differs: 'There, 0.5 % of the synchronous parts take more than 180 s, which only a profile has here.',
    },
    {
      id: 'vdsm-7.delete-image-tail',
      source: 'Latency: deleteImage, 0.5 % above 180 s',
      given: 'a scenario with a profile',
      when: 'a submission of deleteImage is answered',
      then: 'five of a thousand answers take three minutes or more, beside the tail that all verbs have',
      proof: [{ file: 'test/sim/world/verbs/speeds.test.ts', test: 'one deletion of an image in two hundred is answered after more than three minutes' }],
    },
    {
      id: 'vdsm-7.copy-latency',
      source: 'Latency: copy, move, syncImageData',
      given: 'no scenario says otherwise',
      when: 'the default speed of syncImageData and copyImage is drawn',
      then: '3 s and then the bytes at a rate whose median is 250 MiB/s and whose 95th percentile is 670 MiB/s (sigma 0.6)',
      proof: [SPEEDS],
    },
    {
      id: 'vdsm-7.merge-latency',
      source: 'Latency: mergeSnapshots',
      given: 'no scenario says otherwise',
      when: 'the default speed of mergeSnapshots is drawn',
      then: '5 s and then the bytes at 100 MiB/s',
      proof: [SPEEDS],
    },
    {
      id: 'vdsm-7.replicate-latency',
      source: 'Latency: replicateStart; Finish',
      given: 'no scenario says otherwise',
      when: 'the default latencies of diskReplicateStart and diskReplicateFinish are drawn',
      then: '1 s (4 s) to start, 1 s (5 s) for the pivot',
      proof: [SPEEDS],
      differs: 'There, Finish is answered with 40 until the bytes have been copied; here the mirror is in step when the start returns, and 40 is told only of a target that does not hold all.',
    },
    {
      id: 'vdsm-7.download-latency',
      source: 'Latency: download/upload',
      given: 'no scenario says otherwise',
      when: 'the default speed of downloadImage is drawn',
      then: '2 s and then the bytes at 50 MiB/s',
      proof: [SPEEDS],
    },
    {
      id: 'vdsm-7.status-latency',
      source: 'Latency: status/list',
      given: 'no scenario says otherwise',
      when: 'the default latency of what a host reads is drawn',
      then: 'the median is 0.03 s and the 95th percentile 0.3 s',
      proof: [SPEEDS],
      differs: 'The list of tasks is answered at once: what it takes is the latency of the network.',
    },
    {
      id: 'vdsm-7.clone-latency',
      source: 'Latency: cloneImageStructure',
      given: 'a chain of several volumes',
      when: 'cloneImageStructure is planned',
      then: 'the latency of a volume is drawn once for each volume of the chain',
      proof: [{ file: 'test/sim/world/verbs.test.ts', test: 'adds to the latency the bytes that are to be moved, and draws once for each volume to be made' }],
    },
    {
      id: 'vdsm-7.lognormal',
      source: 'Latency: mu = ln(median), sigma = ln(p95/median)/1.645',
      given: 'a lognormal latency by its median and its 95th percentile',
      when: 'it is drawn',
      then: 'half of the draws are below the median, and 95 % below the 95th percentile',
      proof: [DISTRIBUTIONS],
    },
    {
      id: 'vdsm-7.mix',
      source: 'Latency: 97 % lognormal, 2 % Pareto, 1 % hang',
      given: 'a scenario with `profile: modern` or `profile: vdsm-3.x`',
      when: 'the latency of any verb is drawn',
      then: '2 % of the draws are from a Pareto distribution with alpha 1.5 that begins at the 95th percentile, and each draw takes one random number',
      proof: [{ file: 'test/sim/world/verbs/speeds.test.ts', test: '$name on $domain is what is stated 98 times of 100, and else from a Pareto tail' }],
      differs: 'There, 1 % hang for ever. Here none do by chance, for a run in which a task hangs for ever does not come to rest; a scenario names the ones that do with `hangTask`.',
    },
    {
      id: 'vdsm-7.ordered-copies',
      source: 'Latency: copy, MiB/s: 3.x ordered 75 (sigma 0.3)',
      given: 'a scenario with `profile: vdsm-3.x`',
      when: 'the rate of copyImage or syncImageData is drawn',
      then: 'the median is 75 MiB/s and the 95th percentile 123 MiB/s',
      proof: [{ file: 'test/sim/world/verbs/speeds.test.ts', test: '$name moves as fast as is stated' }],
    },
    {
      id: 'vdsm-7.mixtures',
      source: 'Latency: 97 % lognormal, 2 % Pareto, 1 % hang',
      given: 'a latency that a scenario says with `mixture`, `pareto`, or any other distribution',
      when: 'it is drawn',
      then: 'each part has its share, and each draw takes one random number',
      proof: [DISTRIBUTIONS],
    },
    {
      id: 'vdsm-7.bandwidth',
      source: 'Latency: per-domain bandwidth divides among concurrent copies',
      given: 'domains of a limited bandwidth, and copies that begin and end at any time, also since a host dies',
      when: 'time passes',
      then: 'each moves at the least of its own rate and its equal parts of its domains, to the µs',
      proof: [{ file: 'test/sim/world/bandwidth.test.ts', test: 'shares what a domain carries as a fluid would be shared, to the µs' }],
    },
    {
      id: 'vdsm-7.virtual-time',
      source: 'Latency: draw from a seeded generator, advance virtual time',
      given: 'one scenario and seed, and another scenario with a host, a pool, a disk or a rule more',
      when: 'both are run',
      then: 'each stream of random numbers has the same draws in both, as far as both go',
      proof: [{ file: 'test/sim/embed/common-random-numbers.test.ts', test: '%s more changes no draw of the other streams: of each, one run has what the other has, as far as that goes' }],
    },
    {
      id: 'vdsm-7.spm-start-latency',
      source: 'Latency: spmStart 3/10; +20–30 host id',
      given: 'no scenario says otherwise',
      when: 'the parts of the start of an SPM are drawn',
      then: 'the median is 3 s and the 95th percentile 10 s; a host that has restarted waits 20 to 30 s for its id before',
      proof: () => expect([takes('start', 0.5, 0.95), takes('hostId', 0, 0.999_999)]).toEqual([[3, 10], [20, 30]]),
    },
    {
      id: 'vdsm-7.spm-start-unclean',
      source: 'Latency: spmStart, up to 180 unclean; +60 safelease / 140 sanlock expiry',
      given: 'no scenario says otherwise, and an SPM that died',
      when: 'another host is told to become SPM',
      then: 'the lease is there when 140 s are over since its last renewal, which comes every 20 s; the host waits for it no longer than 180 s. `leaseRenewal: 5s, leaseExpiry: 60s` is safelease',
      proof: [
        { file: 'test/actors/host/spm-role.test.ts', test: 'waits until the lease of another has expired; its version and generation grow by one' },
        { file: 'test/actors/host/spm-role.test.ts', test: 'gives up after 180 s where the other goes on renewing, and is Free again' },
        { file: 'test/sim/embed/spm-fail-over.test.ts', test: 'is replaced when its lease has expired, and the command ends minutes later, on another host' },
        { file: 'test/sim/embed/spm-fail-over.test.ts', test: 'sooner where the lease is safelease\'s' },
      ],
    },
    {
      id: 'vdsm-7.spm-lease-times',
      source: 'Latency: spmStart, 140 sanlock expiry',
      given: 'no scenario says otherwise',
      when: 'it is read',
      then: 'a lease is renewed every 20 s, expires after 140 s, and is waited for 180 s; a new SPM lists its tasks within 2 s',
      proof: () => expect([spm.leaseRenewal, spm.leaseExpiry, spm.leasePatience, takes('loading', 0, 0.999_999)]).toEqual([20e6, 140e6, 180e6, [0, 2]]),
    },
    {
      id: 'vdsm-7.spm-stop-latency',
      source: 'Latency: spmStop 2/10; 60 cap then crash',
      given: 'no scenario says otherwise',
      when: 'the stop of an SPM is drawn',
      then: 'the median is 2 s and the 95th percentile 10 s',
      proof: () => expect(takes('stop', 0.5, 0.95)).toEqual([2, 10]),
      differs: 'There, a host that cannot stop within 60 s kills itself. Here a stop always comes to its end; a host that does not come to it is one that hangs or crashes, which a scenario says.',
    },
    {
      id: 'vdsm-7.rollback-latency',
      source: 'Latency: rollback 0.5 × creation; purge bytes if copied',
      given: 'no scenario says otherwise; one that has a `rollbackLatency`',
      when: 'the roll-back of a task is drawn',
      then: 'it takes half of what the verb takes, without what that moves; as the scenario says',
      proof: () => {
        expect(['createVolume', 'cloneImageStructure', 'copyImage'].map((verb) => rollback(verb))).toEqual([1.05, 1.05, 1.5]);
        expect(rollback('createVolume', { kind: 'constant', value: 7_000_000 })).toBe(7);
      },
      differs: 'There, bytes that were copied may be wiped. Here nothing is: what is removed is gone at once, and `rollbackLatency` is what a scenario has for it.',
    },
    { id: 'vdsm-7.extend-latency', source: 'Latency: extend (LV)', fact: '1.1 s (2.5 s) on the SPM, 2 to 6 s for the round trip, seldom 17 s.', doesNotApply: 'No verb extends a volume: simulated volumes have the size that they were made with.' },
  ],
};
