import { z } from 'zod';
import type { Content } from '../content.js';
import type { SignedEffect } from '../ledger.js';
import { imageObject, minus, plus, volumeObject } from './objects.js';
import { defineVerb, failed, idArg, succeeded } from './verb.js';

const volumeArgs = z.strictObject({ domain: idArg, disk: idArg, volume: idArg });

/** Adds an empty volume: a new leaf upon `parent`, or with `parent: null` the first volume of a new image. */
export const createVolume = defineVerb({
  name: 'createVolume',
  kind: 'spm',
  args: volumeArgs.extend({ parent: idArg.nullable(), format: z.enum(['raw', 'cow']), sizeBytes: z.int().min(1) }),
  latency: { kind: 'lognormal', median: 2_100_000, p95: 8_000_000 },
  run: ({ images }, { domain, disk, volume: id, parent, format, sizeBytes }) => {
    if (!images.hasDomain(domain)) return failed('noSuchDomain', domain);
    const image = images.find(domain, disk);
    const volumes = [...(image?.volumes.values() ?? [])];
    if (volumes.some((volume) => volume.id === id)) return failed('volumeExists', `${domain}/${disk}/${id}`);
    if (parent !== null && !volumes.some((volume) => volume.id === parent)) return failed('noSuchVolume', `${domain}/${disk}/${parent}`);
    if (volumes.some((volume) => volume.parent === parent)) return failed('general', `${domain}/${disk}/${parent ?? ''} has a child already`);

    const added = plus('createVolume', volumeObject(domain, disk, id));
    const effects = image === undefined ? [plus('createVolume', imageObject(domain, disk)), added] : [added];
    if (image === undefined) images.put(domain, disk, { filled: false, volumes: new Map() });
    images.putVolume(domain, disk, { id, parent, format, legal: true, sizeBytes, data: [] });
    return succeeded(effects);
  },
  undo: (content, { domain, disk, volume }) => removeVolume(content, 'createVolume', domain, disk, volume),
});

/** Removes a leaf, with what is written in it, even if a guest is writing there: storage cannot tell. */
export const deleteVolume = defineVerb({
  name: 'deleteVolume',
  kind: 'spm',
  args: volumeArgs,
  latency: { kind: 'lognormal', median: 2_000_000, p95: 10_000_000 },
  run: (content, { domain, disk, volume: id }) => {
    const volumes = content.images.find(domain, disk)?.volumes;
    if (volumes?.has(id) !== true) return failed('noSuchVolume', `${domain}/${disk}/${id}`);
    if ([...volumes.values()].some(({ parent }) => parent === id)) return failed('general', `${domain}/${disk}/${id} has a child`);
    return succeeded(removeVolume(content, 'deleteVolume', domain, disk, id));
  },
});

/** The ids of a disk's volumes on a domain, in no particular order; none if its image is not there. */
export const getVolumesList = defineVerb({
  name: 'getVolumesList',
  kind: 'read',
  args: z.strictObject({ domain: idArg, disk: idArg }),
  latency: { kind: 'lognormal', median: 30_000, p95: 300_000 },
  run: ({ images }, { domain, disk }) => {
    if (!images.hasDomain(domain)) return failed('noSuchDomain', domain);
    return succeeded([], [...(images.find(domain, disk)?.volumes.keys() ?? [])].sort());
  },
});

/** An image without volumes is none: the last one takes it along. */
function removeVolume({ images }: Content, verb: string, domain: string, disk: string, id: string): readonly SignedEffect[] {
  const image = images.find(domain, disk);
  if (image?.volumes.has(id) !== true) return [];
  const volumes = new Map(image.volumes);
  volumes.delete(id);
  const removed = minus(verb, volumeObject(domain, disk, id));
  if (volumes.size > 0) {
    images.put(domain, disk, { ...image, volumes });
    return [removed];
  }
  images.remove(domain, disk);
  return [removed, minus(verb, imageObject(domain, disk))];
}
