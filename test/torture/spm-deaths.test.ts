import { describe, expect, it } from 'vitest';
import { Simulation } from '../../sim/embed/simulation.js';
import { isTerminal } from '../../src/flow/state.js';
import { reproduction, scenarioWith, type FaultDocument } from './scenario.js';

const SEED = 1;

/** Each flow, and the verbs of its tasks. */
const FLOWS: readonly (readonly [scenario: string, verbs: readonly string[]])[] = [
  ['live-migration', ['createVolume', 'cloneImageStructure', 'syncImageData', 'deleteImage']],
  ['move-disk', ['copyImage', 'deleteImage']],
  ['live-snapshot', ['createVolume']],
  ['remove-disk-snapshots', ['mergeSnapshots']],
  ['remove-image', ['deleteImage']],
  ['import-repo-image', ['createVolume', 'downloadImage']],
  ['add-vm-from-template', ['copyImage']],
  ['hibernate-vm', ['createVolume', 'deleteImage']],
];

type At = { readonly when: { readonly task: string; readonly is: 'running' } };

/** What becomes of the SPM while such a task runs. */
const FATES: readonly (readonly [what: string, fault: (at: At) => FaultDocument])[] = [
  ['dies', (at) => ({ crashHost: { ...at, host: 'spm', down: '5min' } })],
  ['hangs for longer than its lease is valid', (at) => ({ hangHost: { ...at, host: 'spm', for: '10min' } })],
  ['loses its lease', (at) => ({ loseLease: at })],
];

describe('the SPM goes while a task of a flow runs: the data is there, nothing is orphaned, and what is told is true', () => {
  const cases = FLOWS.flatMap(([scenario, verbs]) => verbs.flatMap((verb) => FATES.map(([what, fault]) => ({ scenario, verb, what, faults: [fault({ when: { task: verb, is: 'running' } })] }))));
  it.each(cases)('$scenario, $verb: it $what', async ({ scenario, faults }) => {
    const changes = { scenario, faults };
    const simulation = await Simulation.create(await scenarioWith(changes), { seed: SEED });
    try {
      await simulation.run();
      const { invariants, commands, unused } = simulation.result();
      expect(
        {
          broken: invariants.filter(({ held }) => !held).map(({ name, detail }) => `${name}: ${detail ?? ''}`),
          unused: unused.map(({ what }) => what),
          notOver: commands.filter(({ status }) => !isTerminal(status)).map(({ id, status }) => `${id} ${status}`),
        },
        reproduction(changes, SEED),
      ).toEqual({ broken: [], unused: [], notOver: [] });
    } finally {
      await simulation.dispose();
    }
  });
});
