import { taskHandler } from '../../model/handler.js';
import { activeVolume, setDiskStatus } from '../entities.js';
import type { NewDisk } from '../new-disks.js';
import type { ImportRepoImageParams } from './params.js';

/**
 * Step 1: the SPM downloads the image into the disk. There is nothing to revert: what a failed download leaves behind goes with the disk, which is of no use
 * until the step before has removed it. Nor is there a `probe`: how much of the image is in the disk, no host tells.
 */
export const downloadImage = taskHandler<ImportRepoImageParams, { readonly addImageFromScratch: NewDisk }>()({
  name: 'downloadImage',

  createTask: ({ params: { pool, repository, image }, outputs: { addImageFromScratch: disk } }) => ({
    verb: 'downloadImage',
    args: { repository, image, domain: disk.domain, disk: disk.id, volume: activeVolume(disk) },
    pool,
    entity: `disk/${disk.id}`,
  }),

  endSuccessfully: ({ outputs, entities }) => setDiskStatus(entities, [outputs.addImageFromScratch.id], 'OK'),

  endWithFailure: ({ outputs, entities }) => setDiskStatus(entities, [outputs.addImageFromScratch.id], 'ILLEGAL'),

  compensate: ({ outputs, entities }) => setDiskStatus(entities, [outputs.addImageFromScratch.id], 'ILLEGAL'),
});
