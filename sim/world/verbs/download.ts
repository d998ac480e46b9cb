import { z } from 'zod';
import { contentObject, plus } from './objects.js';
import { defineVerb, failed, idArg, succeeded } from './verb.js';

const MIB = 2 ** 20;

/**
 * Fills the only volume of a disk with an image from a repository outside. Something of it is in there from the start, and all of it at the end. It registers no
 * recovery: what a download has put there when it is stopped, or when its host dies, stays, and is in the way of another one.
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
  begin: ({ images, repositories }, { repository, image, domain, disk, volume: id }) => {
    if (repositories.find(repository, image) === undefined) return failed('general', `repository ${repository} does not offer ${image}`);
    const to = images.find(domain, disk);
    const volume = to?.volumes.get(id);
    if (to === undefined || volume === undefined) return failed('noSuchVolume', `${domain}/${disk}/${id}`);
    if (to.filled || to.volumes.size > 1 || volume.data.length > 0) return failed('general', `${domain}/${disk} is not empty`);
    images.put(domain, disk, { ...to, filled: true });
    return succeeded([plus('downloadImage', contentObject(domain, disk))]);
  },
  run: ({ images, repositories, vmDisks }, { repository, image, domain, disk, volume: id }) => {
    const from = repositories.find(repository, image);
    if (from === undefined) return failed('general', `repository ${repository} does not offer ${image}`);
    const to = images.find(domain, disk);
    const volume = to?.volumes.get(id);
    if (to === undefined || volume === undefined) return failed('noSuchVolume', `${domain}/${disk}/${id}`);
    images.put(domain, disk, { ...to, volumes: new Map(to.volumes).set(id, { ...volume, data: from.data }) });
    vmDisks.mustHold(disk, from.data);
    return succeeded([]);
  },
});
