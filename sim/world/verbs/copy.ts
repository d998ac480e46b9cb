import { z } from 'zod';
import { chainOf, joinData } from '../images.js';
import { removeImage } from './images.js';
import { contentObject, imageObject, plus } from './objects.js';
import { defineVerb, failed, idArg, recovered, registering, succeeded } from './verb.js';

const BEGUN = 'copy image: remove the copy';

/**
 * Copies a disk's chain of volumes, with what is written in them, to another domain, or as another disk: `copy`. The volumes keep their ids. What a guest
 * writes meanwhile is missing there. The volumes are there from the start, and their data from the end. If it does not come to that, they are deleted.
 */
export const copyImage = defineVerb({
  name: 'copyImage',
  kind: 'spm',
  args: z.strictObject({ disk: idArg, source: idArg, copy: idArg, target: idArg }),
  domains: ({ source, target }) => [source, target],
  latency: { kind: 'lognormal', median: 3_000_000, p95: 6_000_000 },
  movesData: true,
  load: ({ images }, { disk, source, target }) => {
    const sizes = [...(images.find(source, disk)?.volumes.values() ?? [])].map(({ sizeBytes }) => sizeBytes);
    return { times: 1, bytes: sizes.reduce((sum, size) => sum + size, 0), domains: [source, target] };
  },
  begin: ({ images, vmDisks }, { disk, source, copy, target }) => {
    const image = images.find(source, disk);
    if (image === undefined) return failed('noSuchImage', `${source}/${disk}`);
    if (chainOf(image)?.every(({ legal }) => legal) !== true) return failed('notALegalChain', `${source}/${disk}`);
    if (!images.hasDomain(target)) return failed('noSuchDomain', target);
    if (images.find(target, copy) !== undefined) return failed('volumeExists', `${target}/${copy}`);
    images.put(target, copy, { filled: false, volumes: new Map([...image.volumes].map(([id, volume]) => [id, { ...volume, data: [] }])) });
    // From now on: who says that the copy is there before it is, says so of a disk that lacks this.
    if (copy !== disk) vmDisks.mustHold(copy, joinData(...[...image.volumes.values()].map(({ data }) => data)));
    return registering([plus('copyImage', imageObject(target, copy))], { do: 'push', name: BEGUN });
  },
  run: ({ images }, { disk, source, copy, target }) => {
    const [from, to] = [images.find(source, disk), images.find(target, copy)];
    if (from === undefined) return failed('noSuchImage', `${source}/${disk}`);
    if (to === undefined) return failed('noSuchImage', `${target}/${copy}`);
    images.put(target, copy, { filled: true, volumes: from.volumes });
    return succeeded([plus('copyImage', contentObject(target, copy))]);
  },
  recoveries: {
    [BEGUN]: (content, { disk, copy, target }) => {
      // Of what has not become a copy nothing is to be kept: another disk may get its name.
      if (copy !== disk && content.images.find(target, copy)?.filled === false) content.vmDisks.mustHold(copy, []);
      return recovered(removeImage(content, 'copyImage', target, copy));
    },
  },
});
