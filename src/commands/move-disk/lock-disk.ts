import { taskHandler } from '../../model/handler.js';
import { coldDisk } from '../cold-disk.js';
import { setDiskStatus } from '../entities.js';
import type { MoveDiskParams } from './params.js';

/**
 * Step 0: nobody else may use the disk. Committed before anything is asked of a host: what a callback has read before a call may have changed when the call is
 * answered, and a VM could start meanwhile.
 */
export const lockDisk = taskHandler<MoveDiskParams>()({
  name: 'lockDisk',

  beforeTask: ({ params: { disk: id, targetDomain }, entities }) => {
    const disk = coldDisk(entities, id);
    if (disk.domain === targetDomain) throw new Error(`disk ${id} is on ${targetDomain} already`);
    setDiskStatus(entities, [id], 'LOCKED');
    return { source: disk.domain };
  },

  endSuccessfully: ({ before }) => before,

  // Cancelled when it was locked, and no more.
  endWithFailure: ({ params, before, entities }) => {
    if (before !== undefined) setDiskStatus(entities, [params.disk], 'OK');
  },

  compensate: ({ params, entities }) => setDiskStatus(entities, [params.disk], 'OK'),
});
