import { z } from 'zod';
import { chainOf, joinData } from '../images.js';
import { removeImage } from './images.js';
import { contentObject, imageObject, plus } from './objects.js';
import { defineVerb, failed, idArg, succeeded } from './verb.js';

/**
 * Copies a disk's chain of volumes, with what is written in them, to another domain, or as another disk: `copy`. The volumes keep their ids. What a guest
 * writes meanwhile is missing there. What a stop or a take-over leaves of it is deleted.
 */
export const copyImage = defineVerb({
  name: 'copyImage',
  kind: 'spm',
  args: z.strictObject({ disk: idArg, source: idArg, copy: idArg, target: idArg }),
  latency: { kind: 'lognormal', median: 3_000_000, p95: 6_000_000 },
  movesData: true,
  load: ({ images }, { disk, source, target }) => {
    const sizes = [...(images.find(source, disk)?.volumes.values() ?? [])].map(({ sizeBytes }) => sizeBytes);
    return { times: 1, bytes: sizes.reduce((sum, size) => sum + size, 0), domains: [source, target] };
  },
  run: ({ images, vmDisks }, { disk, source, copy, target }) => {
    const image = images.find(source, disk);
    if (image === undefined) return failed('noSuchImage', `${source}/${disk}`);
    if (chainOf(image)?.every(({ legal }) => legal) !== true) return failed('notALegalChain', `${source}/${disk}`);
    if (!images.hasDomain(target)) return failed('noSuchDomain', target);
    if (images.find(target, copy) !== undefined) return failed('volumeExists', `${target}/${copy}`);
    images.put(target, copy, { ...image, filled: true });
    if (copy !== disk) vmDisks.mustHold(copy, joinData(...[...image.volumes.values()].map(({ data }) => data)));
    return succeeded([imageObject(target, copy), contentObject(target, copy)].map((object) => plus('copyImage', object)));
  },
  undo: (content, { copy, target }) => removeImage(content, 'copyImage', target, copy),
});
