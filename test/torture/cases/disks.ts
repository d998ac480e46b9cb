import { failCall, failTask, loseTask, type FailureCase } from '../failure-case.js';

type Case = Omit<FailureCase, 'scenario'>;
const of = (scenario: string, cases: readonly Case[]): readonly FailureCase[] => cases.map((one) => ({ ...one, scenario }));
const cancelled = (after: string): readonly string[] => [`commands.0.cancelAt=${after}`];

const disk1 = { disk: 'disk1' };
const source = { disk: 'disk1', domain: 'hdd' };
const target = { disk: 'disk1', domain: 'ssd' };

/** move1, move2. */
const moves: readonly Case[] = [
  { name: 'two disks are moved', faults: [], ends: 'SUCCEEDED, SUCCEEDED' },
  { name: 'the copy of a disk fails', faults: [failTask('copyImage', disk1)], ends: 'ROLLED_BACK, SUCCEEDED' },
  { name: 'the copy of a disk fails, and so does the deletion of its target, once', faults: [failTask('copyImage', disk1), failTask('deleteImage', target)], ends: 'ROLLED_BACK, SUCCEEDED' },
  { name: 'the copy of a disk is lost when it is done', faults: [loseTask('copyImage', disk1, 'atEnd')], ends: 'ROLLED_BACK, SUCCEEDED' },
  { name: 'the target of a move cannot be looked at', faults: [failCall('getVolumesList', { ...target }, 'every')], ends: 'ROLLED_BACK, SUCCEEDED' },
  { name: 'the source of a move cannot be deleted, once', faults: [failTask('deleteImage', source)], ends: 'SUCCEEDED, SUCCEEDED' },
  { name: 'the source of a move cannot be deleted, five times', faults: [1, 2, 3, 4, 5].map((nth) => failTask('deleteImage', source, nth)), ends: 'SUCCEEDED, SUCCEEDED' },
  { name: 'the deletion of the source of a move is lost when it is done', faults: [loseTask('deleteImage', source, 'atEnd')], ends: 'SUCCEEDED, SUCCEEDED' },
  { name: 'a move is cancelled in mid-copy', faults: [], settings: cancelled('10s'), ends: null },
  { name: 'a move is cancelled about the remap', faults: [], settings: cancelled('51500ms'), ends: null },
];

/** running, stopped. */
const snapshots: readonly Case[] = [
  { name: 'two VMs have their snapshots taken', faults: [], ends: 'SUCCEEDED, SUCCEEDED' },
  { name: 'a volume for a live snapshot cannot be created', faults: [failTask('createVolume', { disk: 'disk2' })], ends: 'ROLLED_BACK, SUCCEEDED' },
  { name: 'a volume for a cold snapshot cannot be created', faults: [failTask('createVolume', { disk: 'disk3' })], ends: 'SUCCEEDED, ROLLED_BACK' },
  { name: 'a volume for a live snapshot is lost when it is made', faults: [loseTask('createVolume', disk1, 'atEnd')], ends: 'ROLLED_BACK, SUCCEEDED' },
  {
    name: 'a volume for a live snapshot cannot be created, and the other not be deleted, once',
    faults: [failTask('createVolume', { disk: 'disk2' }), failTask('deleteVolume', disk1)],
    ends: 'ROLLED_BACK, SUCCEEDED',
  },
  { name: 'a VM refuses its live snapshot', faults: [failCall('snapshot', {})], ends: 'ROLLED_BACK, SUCCEEDED' },
  { name: 'a live snapshot is taken, and nobody is told in time', faults: [], settings: ['engine.callTimeout=5s', 'verbs.snapshot.latency=8s'], ends: ['ROLLED_BACK, SUCCEEDED', 'SUCCEEDED, SUCCEEDED'] },
  { name: 'a snapshot is cancelled', faults: [], settings: cancelled('3s'), ends: null },
];

const merge = (ancestor: string) => ({ ancestor: `disk1-${ancestor}` });
const merges: readonly Case[] = [
  { name: 'three snapshots are merged', faults: [], ends: 'SUCCEEDED' },
  { name: 'the first merge fails once', faults: [failTask('mergeSnapshots', merge('base'))], ends: 'SUCCEEDED' },
  { name: 'the first merge fails each time', faults: [failTask('mergeSnapshots', merge('base'), 'every')], ends: 'ROLLED_BACK' },
  { name: 'the second merge fails four times', faults: [1, 2, 3, 4].map((nth) => failTask('mergeSnapshots', merge('monday'), nth)), ends: 'SUCCEEDED' },
  {
    name: 'the third merge fails each time, and an operator gives it up',
    faults: [failTask('mergeSnapshots', merge('tuesday'), 'every')],
    settings: ['commands.0.operator=[{at: 2h, action: abandon}]'],
    ends: null,
  },
  ...['base', 'monday', 'tuesday'].map((ancestor, i): Case => ({ name: `merge ${i + 1} is lost when it is done`, faults: [loseTask('mergeSnapshots', merge(ancestor), 'atEnd')], ends: 'SUCCEEDED' })),
  { name: 'nobody can tell, for a while, whether the first merge was done', faults: [failTask('mergeSnapshots', merge('base')), failCall('getVolumesList', {}, 1)], ends: 'SUCCEEDED' },
  { name: 'a merge is cancelled', faults: [], settings: cancelled('20s'), ends: null },
];

/** remove1, remove2. */
const removals: readonly Case[] = [
  { name: 'two disks are removed', faults: [], ends: 'SUCCEEDED, SUCCEEDED' },
  { name: 'the removal of a disk fails once', faults: [failTask('deleteImage', disk1)], ends: 'SUCCEEDED, SUCCEEDED' },
  { name: 'the removal of a disk fails each time, though the image is gone since it began', faults: [failTask('deleteImage', disk1, 'every')], ends: 'SUCCEEDED, SUCCEEDED' },
  { name: 'the removal of a disk is lost when it is done', faults: [loseTask('deleteImage', disk1, 'atEnd')], ends: 'SUCCEEDED, SUCCEEDED' },
  { name: 'nobody can tell, for a while, whether a disk was removed', faults: [failTask('deleteImage', disk1), failCall('getVolumesList', disk1, 1)], ends: 'SUCCEEDED, SUCCEEDED' },
  { name: 'the removal of a disk is cancelled', faults: [], settings: cancelled('30s'), ends: null },
];

/** Each step of the flows on disks that no running VM writes to, and of a live snapshot, fails in turn; so does what undoes it. */
export const COLD_DISKS: readonly FailureCase[] = [
  ...of('move-disk', moves),
  ...of('live-snapshot', snapshots),
  ...of('remove-disk-snapshots', merges),
  ...of('remove-image', removals),
];
