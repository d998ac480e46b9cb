import { CLEAN_UPS } from './cases/clean-up.js';
import { COLD_DISKS } from './cases/disks.js';
import { FAMILIES } from './cases/families.js';
import { LIMITS } from './cases/limits.js';
import { OPERATORS } from './cases/operators.js';
import { OWN_IDS_CASES } from './cases/own-ids.js';
import { RETENTION } from './cases/retention.js';
import { SLOW_CALLS } from './cases/slow-calls.js';
import { SPM_GOES } from './cases/spm.js';
import { VMS } from './cases/vms.js';
import { failCall, failTask, loseTask, type FailureCase } from './failure-case.js';

const DISKS = ['disk1', 'disk2'];

const MOVED = 'SUCCEEDED, SUCCEEDED, SUCCEEDED';
/** The other disk is moved all the same. */
const oneStays = (disk: string): string => (disk === 'disk1' ? 'SUCCEEDED, ROLLED_BACK, SUCCEEDED' : 'SUCCEEDED, SUCCEEDED, ROLLED_BACK');
const BOTH_STAY = 'ROLLED_BACK, ROLLED_BACK, ROLLED_BACK';
const NOTHING_BEGUN = 'ROLLED_BACK';

function casesOf(disk: string): readonly FailureCase[] {
  const copyFails = failTask('syncImageData', { disk });
  const toTarget = { disk, target: 'ssd' };
  const toSource = { disk, target: 'hdd' };
  return [
    { name: `createVolume of ${disk} fails`, faults: [failTask('createVolume', { disk })], ends: NOTHING_BEGUN },
    {
      name: `createVolume of ${disk} fails, and so does the undo's deleteVolume, once`,
      faults: [failTask('createVolume', { disk }), failTask('deleteVolume', {})],
      ends: NOTHING_BEGUN,
    },
    { name: `cloneImageStructure of ${disk} fails`, faults: [failTask('cloneImageStructure', { disk })], ends: oneStays(disk) },
    { name: `diskReplicateStart of ${disk} fails`, faults: [failCall('diskReplicateStart', { disk })], ends: oneStays(disk) },
    { name: `syncImageData of ${disk} fails`, faults: [copyFails], ends: oneStays(disk) },
    { name: `syncImageData of ${disk} is lost`, faults: [loseTask('syncImageData', { disk }, 'atStart')], ends: [oneStays(disk), MOVED] },
    { name: `cloneImageStructure of ${disk} is lost when it is done`, faults: [loseTask('cloneImageStructure', { disk }, 'atEnd')], ends: oneStays(disk) },
    { name: `diskReplicateFinish of ${disk} fails once`, faults: [failCall('diskReplicateFinish', toTarget)], ends: MOVED },
    { name: `diskReplicateFinish of ${disk} fails for good`, faults: [failCall('diskReplicateFinish', toTarget, 'every')], ends: oneStays(disk) },
    { name: `deleteImage of the source of ${disk} fails once`, faults: [failTask('deleteImage', { disk, domain: 'hdd' })], ends: MOVED },
    {
      name: `deleteImage of the source of ${disk} fails four times`,
      // Before it has removed anything: what it fails with later is not what the next attempt finds.
      faults: [1, 2, 3, 4].map((nth) => ({ failTask: { verb: 'deleteImage', match: { disk, domain: 'hdd' }, nth, code: 100, when: 'atStart' } })),
      ends: MOVED,
    },
    {
      name: `syncImageData of ${disk} fails, and so does the undo's diskReplicateFinish, once`,
      faults: [copyFails, failCall('diskReplicateFinish', toSource)],
      ends: oneStays(disk),
    },
    {
      name: `syncImageData of ${disk} fails, and so does the undo's deleteImage, once`,
      faults: [copyFails, failTask('deleteImage', { disk, domain: 'ssd' })],
      ends: oneStays(disk),
    },
  ];
}

const SECOND_MIGRATION = {
  at: '30s',
  id: 'second',
  type: 'LiveMigrateVmDisks',
  params: { pool: 'pool1', vm: 'vm1', disks: ['disk2'], targetDomain: 'ssd' },
};

/** Messages overtake each other, and answers come too late; so calls are unknown, and attempts given up while they are under way. */
const slowNetwork = (slowest: string): readonly string[] => [
  `network.latency={min: 1ms, max: ${slowest}}`,
  'engine.callTimeout=5s',
  'engine.requestTimeout=5s',
];

/** A flow that a file declares: two trips, of which one has no seat. */
const TRIPS = 'examples/trip-booking.yaml';
const noSeat = failTask('bookFlight', { seat: '12B' }, 'every');

const DECLARED: readonly FailureCase[] = [
  { name: 'both trips can be booked', scenario: TRIPS, faults: [], ends: 'SUCCEEDED, SUCCEEDED' },
  { name: 'a trip has no seat', scenario: TRIPS, faults: [noSeat], ends: 'SUCCEEDED, ROLLED_BACK' },
  { name: 'a trip has no car', scenario: TRIPS, faults: [failCall('rentCar', { trip: 'rome' }, 'every')], ends: 'SUCCEEDED, ROLLED_BACK' },
  {
    name: 'a trip has no seat, and what cancels it fails once',
    scenario: TRIPS,
    faults: [noSeat, failTask('cancelFlight', {}), failCall('returnCar', {}), failTask('cancelHotel', {})],
    ends: 'SUCCEEDED, ROLLED_BACK',
  },
];

/** Every step of the migration and of its children fails once; so does what undoes them. Then flows for what it has no use for. */
export const FAILURE_CASES: readonly FailureCase[] = [
  { name: 'nothing fails', faults: [], ends: MOVED },
  { name: 'snapshot fails', faults: [failCall('snapshot', {})], ends: NOTHING_BEGUN },
  ...DISKS.flatMap(casesOf),
  { name: 'syncImageData of both disks fails', faults: DISKS.map((disk) => failTask('syncImageData', { disk })), ends: BOTH_STAY },
  {
    name: 'another migration wants the locks that are held',
    faults: [],
    settings: [`commands.1=${JSON.stringify(SECOND_MIGRATION)}`],
    ends: `${MOVED}, REJECTED`,
  },
  ...[
    ['while the leaves are created', '1005ms'],
    ['while the snapshot is taken', '11500ms'],
    ['while the disks are copied', '60s'],
    ['about the pivot', '171500ms'],
  ].map(([moment = '', at = '']): FailureCase => ({ name: `it is cancelled ${moment}`, faults: [], settings: [`commands.0.cancelAt=${at}`], ends: null })),
  ...[654, 99, 9003].map((code): FailureCase => ({
    name: `tasks are refused with ${code}, which says nothing about them`,
    faults: ['createVolume', 'syncImageData'].flatMap((verb) => [1, 3].map((nth) => ({ failTask: { verb, nth, code, when: 'refuse' as const } }))),
    ends: MOVED,
  })),
  { name: 'the network is at times slower than calls may be', faults: [], settings: slowNetwork('4s'), ends: null },
  { name: 'the network is mostly slower than calls may be', faults: [], settings: slowNetwork('8s'), ends: null },
  ...DECLARED,
  ...FAMILIES,
  ...OPERATORS,
  ...LIMITS,
  ...CLEAN_UPS,
  ...RETENTION,
  ...SLOW_CALLS,
  ...VMS,
  ...COLD_DISKS,
  ...OWN_IDS_CASES,
  ...SPM_GOES,
];
