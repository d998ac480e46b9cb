import { taskHandler, type RevertReport, type StepContext } from '../../model/handler.js';
import { hostToAsk } from '../cold-disk.js';
import { RepoImage, repoImageId } from '../entities.js';
import { createVolumeOf, emptyDisk, forgetNewDisks, giveUpNewDisks, mayExist, recordNewDisks, type NewDisk } from '../new-disks.js';
import { probeStorage } from '../probe-storage.js';
import type { ImportRepoImageParams } from './params.js';

/** Step 0: an empty disk, as large as the image. Undone by removing it, with whatever has been put into it. */
export const addImageFromScratch = taskHandler<ImportRepoImageParams>()({
  name: 'addImageFromScratch',

  beforeTask: ({ params: { repository, image, domain }, entities, newId }): NewDisk => {
    const { size } = entities.get(RepoImage, repoImageId(repository, image));
    const disk = emptyDisk(newId('disk'), newId('volume'), domain, size);
    recordNewDisks(entities, [disk], { vm: null });
    return disk;
  },

  createTask: ({ params, before }) => createVolumeOf(params.pool, before),

  // On hosts that make their own task ids.
  probe: (ctx) => probeStorage(hostToAsk(ctx.entities, ctx.params.pool, { vm: null }, ctx.attempt), ctx),

  endSuccessfully: ({ before }) => before,

  endWithFailure: ({ before, failure, params, entities }) =>
    before === undefined ? undefined : giveUpNewDisks(entities, params.pool, [before], mayExist([before], failure)),

  compensate: ({ before, params, entities }) => giveUpNewDisks(entities, params.pool, [before], [before]),

  compensationEnded: (ctx) => forgetRemoved(ctx),
});

type Ended = StepContext<ImportRepoImageParams, object> & { readonly before: NewDisk | undefined; readonly revert: RevertReport };

/** What could not be removed keeps its record. */
function forgetRemoved({ before, revert, entities }: Ended): void {
  if (before !== undefined && revert.error === null) forgetNewDisks(entities, [before]);
}
