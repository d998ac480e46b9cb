import { z } from 'zod';
import type { Content } from '../content.js';
import { chainOf, joinData, type Image, type Images, type Volume } from '../images.js';
import type { SignedEffect } from '../ledger.js';
import { contentObject, halfBakedObject, imageObject, minus, plus, volumeObject } from './objects.js';
import { defineVerb, failed, idArg, recovered, registering, succeeded, type VerbOutcome } from './verb.js';
import { VOLUME_FILE } from './volumes.js';

const copyArgs = z.strictObject({ disk: idArg, source: idArg, target: idArg });

const CLONED = 'clone image structure: remove the image';

/** Creates, on the target domain, the source's chain of volumes, all empty. They are there from the start, and go if it does not end well. */
export const cloneImageStructure = defineVerb({
  name: 'cloneImageStructure',
  kind: 'spm',
  args: copyArgs,
  domains: ({ source, target }) => [source, target],
  latency: { kind: 'lognormal', median: 2_100_000, p95: 8_000_000 },
  onFile: { domain: 'target', latency: VOLUME_FILE },
  load: ({ images }, { disk, source }) => ({ times: Math.max(1, images.find(source, disk)?.volumes.size ?? 0), bytes: 0 }),
  begin: ({ images }, { disk, source, target }) => {
    const image = images.find(source, disk);
    if (image === undefined) return failed('noSuchImage', `${source}/${disk}`);
    if (!images.hasDomain(target)) return failed('noSuchDomain', target);
    if (images.find(target, disk) !== undefined) return failed('volumeExists', `${target}/${disk}`);
    const volumes = [...image.volumes].map(([id, volume]) => [id, { ...volume, data: [] }] as const);
    images.put(target, disk, { filled: false, volumes: new Map(volumes) });
    return registering([plus('cloneImageStructure', imageObject(target, disk))], { do: 'push', name: CLONED });
  },
  run: ({ images }, { disk, target }) => (images.find(target, disk) === undefined ? failed('noSuchImage', `${target}/${disk}`) : succeeded([])),
  recoveries: { [CLONED]: (content, { disk, target }) => recovered(removeImage(content, 'cloneImageStructure', target, disk)) },
});

/**
 * Copies what is written in the internal volumes, those that no guest writes to any more, into the same volumes on the target. Something of it is there from the
 * start, and all of it at the end. Doing so again writes it again. It registers no recovery: what was copied before a stop, or before its host died, stays.
 */
export const syncImageData = defineVerb({
  name: 'syncImageData',
  kind: 'spm',
  args: copyArgs,
  domains: ({ source, target }) => [source, target],
  latency: { kind: 'lognormal', median: 3_000_000, p95: 6_000_000 },
  movesData: true,
  load: ({ images }, { disk, source, target }) => {
    const sizes = internalVolumes(images.find(source, disk)).map(({ sizeBytes }) => sizeBytes);
    return { times: 1, bytes: sizes.reduce((sum, size) => sum + size, 0), domains: [source, target] };
  },
  begin: ({ images }, { disk, source, target }) => {
    const chains = chainsOf(images, disk, source, target);
    if ('flaw' in chains) return chains.flaw;
    images.put(target, disk, { ...chains.to, filled: true });
    return succeeded([plus('syncImageData', contentObject(target, disk))]);
  },
  run: ({ images }, { disk, source, target }) => {
    const chains = chainsOf(images, disk, source, target);
    if ('flaw' in chains) return chains.flaw;
    const volumes = new Map(chains.to.volumes);
    for (const { id, data } of chains.internal) {
      const volume = volumes.get(id);
      if (volume !== undefined) volumes.set(id, { ...volume, data: joinData(volume.data, data) });
    }
    images.put(target, disk, { ...chains.to, volumes });
    return succeeded([]);
  },
});

/** What is to be written, and where to; or why that cannot be. */
function chainsOf(images: Images, disk: string, source: string, target: string): { readonly to: Image; readonly internal: readonly Volume[] } | { readonly flaw: VerbOutcome } {
  const [from, to] = [images.find(source, disk), images.find(target, disk)];
  if (from === undefined) return { flaw: failed('noSuchImage', `${source}/${disk}`) };
  if (to === undefined) return { flaw: failed('noSuchImage', `${target}/${disk}`) };
  const internal = internalVolumes(from);
  if (chainOf(from) === undefined || internal.some(({ id }) => !to.volumes.has(id))) return { flaw: failed('notALegalChain', `${target}/${disk}`) };
  return { to, internal };
}

/**
 * Removes a disk's volumes from a domain, even if a guest runs on them: storage cannot tell, and the data is gone. They are out of the way as soon as the job starts,
 * for it renames them, and nothing brings them back; what takes its time is to wipe what has no name any more.
 */
export const deleteImage = defineVerb({
  name: 'deleteImage',
  kind: 'spm',
  args: z.strictObject({ domain: idArg, disk: idArg }),
  domains: ({ domain }) => [domain],
  latency: { kind: 'lognormal', median: 3_000_000, p95: 30_000_000 },
  answerLatency: { kind: 'lognormal', median: 1_000_000, p95: 10_000_000 },
  begin: (content, { domain, disk }) => {
    if (content.images.find(domain, disk) === undefined) return failed('noSuchImage', `${domain}/${disk}`);
    return succeeded(removeImage(content, 'deleteImage', domain, disk));
  },
  run: () => succeeded([]),
});

function internalVolumes(image: Image | undefined): readonly Volume[] {
  return image === undefined ? [] : (chainOf(image)?.slice(1) ?? []);
}

/** With the image goes what was put into it: its content, and the volumes that the ledger lists one by one. */
export function removeImage({ images, ledger }: Content, verb: string, domain: string, disk: string): readonly SignedEffect[] {
  const image = images.find(domain, disk);
  if (image === undefined) return [];
  images.remove(domain, disk);
  const halfBaked = [...(image.halfBaked ?? [])].map((id) => halfBakedObject(domain, disk, id));
  const listed = [...image.volumes.keys()].map((id) => volumeObject(domain, disk, id)).filter((object) => ledger.stands(object));
  const content = image.filled ? [contentObject(domain, disk)] : [];
  return [imageObject(domain, disk), ...content, ...listed, ...halfBaked].map((object) => minus(verb, object));
}
