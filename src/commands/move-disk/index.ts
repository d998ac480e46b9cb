import { defineCommand } from '../../model/command.js';
import { copyToTarget } from './copy-to-target.js';
import { lockDisk } from './lock-disk.js';
import { moveDiskParams } from './params.js';
import { removeSource } from './remove-source.js';

/** Moves a disk of a VM that is down, or of no VM: a copy, and then the source's removal. */
export const MoveDisk = defineCommand({
  type: 'MoveDisk',
  params: moveDiskParams,
  locks: ({ disk }) => [{ key: `disk/${disk}`, mode: 'exclusive' }],
})
  .step(lockDisk)
  .step(copyToTarget)
  .step(removeSource)
  .build();
