import type { FailureCase } from '../failure-case.js';

const SNAPSHOTS = 'live-snapshot';
const OWN_IDS = ['pool.clientTaskIds=false'];

/** On hosts that make their own task ids: an engine that has died, or heard nothing, asks the handlers what is there. running, stopped. */
export const OWN_IDS_CASES: readonly FailureCase[] = [
  { name: 'hosts make their own task ids', scenario: SNAPSHOTS, faults: [], settings: OWN_IDS, ends: 'SUCCEEDED, SUCCEEDED' },
  {
    name: 'hosts make their own task ids, and a submission is lost',
    scenario: SNAPSHOTS,
    faults: [{ dropMessage: { op: 'submitTask', nth: 1 } }],
    settings: OWN_IDS,
    ends: 'SUCCEEDED, SUCCEEDED',
  },
];
