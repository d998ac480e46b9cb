import { defineCommand } from '../../model/command.js';
import { mergeSnapshot } from './merge-snapshot.js';
import { removeDiskSnapshotsParams } from './params.js';

/** Removes snapshots of a disk that no running VM has: one step for each. */
export const RemoveDiskSnapshots = defineCommand({
  type: 'RemoveDiskSnapshots',
  params: removeDiskSnapshotsParams,
  locks: ({ disk }) => [{ key: `disk/${disk}`, mode: 'exclusive' }],
  // Of the params, and not of the chain, which grows shorter with each step (oVirt's fc6329ed271).
  handlers: ({ snapshots }) => snapshots.map((_, i) => mergeSnapshot(i)),
}).build();
