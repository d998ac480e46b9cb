import type { FailureCase } from '../failure-case.js';

const whileOneIsRemoved = { when: { task: 'deleteImage', is: 'running' as const } };

/** The SPM goes, and does not come back before another has had to take its place. */
export const SPM_GOES: readonly FailureCase[] = [
  { name: 'the SPM dies for two hours while an image is removed', scenario: 'remove-image', faults: [{ crashHost: { ...whileOneIsRemoved, host: 'spm', down: '2h' } }], ends: 'SUCCEEDED, SUCCEEDED' },
  { name: 'the SPM loses its lease while an image is removed', scenario: 'remove-image', faults: [{ loseLease: whileOneIsRemoved }], ends: 'SUCCEEDED, SUCCEEDED' },
];
