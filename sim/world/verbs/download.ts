import { z } from 'zod';
import { contentObject, plus } from './objects.js';
import { defineVerb, failed, idArg, succeeded } from './verb.js';

const MIB = 2 ** 20;

/**
 * Fills the only volume of a disk with an image from a repository outside. It registers no recovery: what a download has put there when it is stopped stays.
 */
export const downloadImage = defineVerb({
  name: 'downloadImage',
  kind: 'spm',
  args: z.strictObject({ repository: idArg, image: idArg, domain: idArg, disk: idArg, volume: idArg }),
  domains: ({ domain }) => [domain],
  latency: { kind: 'constant', value: 2_000_000 },
  rate: { kind: 'constant', value: 50 * MIB },
  movesData: true,
  load: ({ repositories }, { repository, image, domain }) => ({ times: 1, bytes: repositories.find(repository, image)?.sizeBytes ?? 0, domains: [domain] }),
  run: ({ images, repositories, vmDisks }, { repository, image, domain, disk, volume: id }) => {
    const from = repositories.find(repository, image);
    if (from === undefined) return failed('general', `repository ${repository} does not offer ${image}`);
    const to = images.find(domain, disk);
    const volume = to?.volumes.get(id);
    if (to === undefined || volume === undefined) return failed('noSuchVolume', `${domain}/${disk}/${id}`);
    if (to.volumes.size > 1 || volume.data.length > 0) return failed('general', `${domain}/${disk} is not empty`);
    images.put(domain, disk, { filled: true, volumes: new Map([[id, { ...volume, data: from.data }]]) });
    vmDisks.mustHold(disk, from.data);
    return succeeded([plus('downloadImage', contentObject(domain, disk))]);
  },
});
