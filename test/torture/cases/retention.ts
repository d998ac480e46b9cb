import { failTask, type FailureCase } from '../failure-case.js';

/** When all of the first migration has been over for long, the second disk goes back. */
const BACK = { at: '30min', id: 'second', type: 'LiveMigrateVmDisks', params: { pool: 'pool1', vm: 'vm1', disks: ['disk2'], targetDomain: 'hdd' } };
const back = `commands.1=${JSON.stringify(BACK)}`;

/** One disk's child is over long before the other's. */
const faults = [failTask('cloneImageStructure', { disk: 'disk1' })];

export const RETENTION: readonly FailureCase[] = [
  { name: 'a family is removed when it has been over for long enough', faults, settings: ['engine.retention={keepFor: 60s}', back], ends: 'SUCCEEDED, SUCCEEDED' },
  { name: 'a family is kept for as long as it has to be', faults, settings: ['engine.retention={keepFor: 1h}', back], ends: 'SUCCEEDED, ROLLED_BACK, SUCCEEDED, SUCCEEDED, SUCCEEDED' },
];
