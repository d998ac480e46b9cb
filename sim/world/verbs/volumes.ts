import { z } from 'zod';
import type { Content } from '../content.js';
import type { Image } from '../images.js';
import type { Latency } from '../latency.js';
import type { SignedEffect } from '../ledger.js';
import { halfBakedObject, imageObject, minus, plus, volumeObject } from './objects.js';
import { defineVerb, failed, idArg, recovered, registering, succeeded, type VerbOutcome } from './verb.js';

const volumeArgs = z.strictObject({ domain: idArg, disk: idArg, volume: idArg });

/** To make a volume that is a file, as against one that is a logical volume. */
export const VOLUME_FILE: Latency = { kind: 'lognormal', median: 700_000, p95: 2_000_000 };

/** Where its recoveries begin: those that it registers at its start make way for one when the volume is there. */
const SENTINEL = 'create volume: begin';
const HALF_BAKED = 'create volume: remove what is half-baked';
const CREATED = 'create volume: remove the volume';

/**
 * Adds an empty volume: a new leaf upon `parent`, or with `parent: null` the first volume of a new image. Until it is done there is something half-baked, which is in
 * nobody's chain, and is in the way of another creation. That one fails without having registered anything, so the first volume stays.
 */
export const createVolume = defineVerb({
  name: 'createVolume',
  kind: 'spm',
  args: volumeArgs.extend({ parent: idArg.nullable(), format: z.enum(['raw', 'cow']), sizeBytes: z.int().min(1) }),
  domains: ({ domain }) => [domain],
  latency: { kind: 'lognormal', median: 2_100_000, p95: 8_000_000 },
  onFile: { domain: 'domain', latency: VOLUME_FILE },
  begin: ({ images }, { domain, disk, volume: id, parent }) => {
    if (!images.hasDomain(domain)) return failed('noSuchDomain', domain);
    const image = images.find(domain, disk);
    if (image?.halfBaked?.has(id) === true || image?.volumes.has(id) === true) return failed('volumeExists', `${domain}/${disk}/${id}`);
    const flaw = placeFlaw(image, domain, disk, parent);
    if (flaw !== null) return flaw;
    const begun = plus('createVolume', halfBakedObject(domain, disk, id));
    images.put(domain, disk, { filled: false, volumes: new Map(), ...image, halfBaked: new Set(image?.halfBaked).add(id) });
    return registering(
      image === undefined ? [plus('createVolume', imageObject(domain, disk)), begun] : [begun],
      { do: 'push', name: SENTINEL },
      { do: 'push', name: HALF_BAKED },
    );
  },
  run: ({ images }, { domain, disk, volume: id, parent, format, sizeBytes }) => {
    const image = images.find(domain, disk);
    if (image?.halfBaked?.has(id) !== true) return failed('noSuchVolume', `${domain}/${disk}/${id}`);
    const flaw = placeFlaw(image, domain, disk, parent);
    if (flaw !== null) return flaw;
    images.put(domain, disk, { ...image, halfBaked: without(image.halfBaked, id) });
    images.putVolume(domain, disk, { id, parent, format, legal: true, sizeBytes, data: [] });
    const effects = [minus('createVolume', halfBakedObject(domain, disk, id)), plus('createVolume', volumeObject(domain, disk, id))];
    return registering(effects, { do: 'replaceAfter', sentinel: SENTINEL, name: CREATED });
  },
  recoveries: {
    [SENTINEL]: () => recovered([]),
    [HALF_BAKED]: (content, { domain, disk, volume }) => recovered(removeVolume(content, 'createVolume', domain, disk, volume)),
    [CREATED]: (content, { domain, disk, volume }) => recovered(removeVolume(content, 'createVolume', domain, disk, volume)),
  },
});

/** Removes a leaf, with what is written in it, even if a guest is writing there: storage cannot tell. What is half-baked is removed as well. */
export const deleteVolume = defineVerb({
  name: 'deleteVolume',
  kind: 'spm',
  args: volumeArgs,
  domains: ({ domain }) => [domain],
  latency: { kind: 'lognormal', median: 2_000_000, p95: 10_000_000 },
  run: (content, { domain, disk, volume: id }) => {
    const image = content.images.find(domain, disk);
    if (image === undefined || !(image.volumes.has(id) || image.halfBaked?.has(id) === true)) return failed('noSuchVolume', `${domain}/${disk}/${id}`);
    if ([...image.volumes.values()].some(({ parent }) => parent === id)) return failed('general', `${domain}/${disk}/${id} has a child`);
    return succeeded(removeVolume(content, 'deleteVolume', domain, disk, id));
  },
});

/** The ids of a disk's volumes on a domain, in no particular order; none if its image is not there. */
export const getVolumesList = defineVerb({
  name: 'getVolumesList',
  kind: 'read',
  args: z.strictObject({ domain: idArg, disk: idArg }),
  domains: ({ domain }) => [domain],
  latency: { kind: 'lognormal', median: 30_000, p95: 300_000 },
  run: ({ images }, { domain, disk }) => {
    if (!images.hasDomain(domain)) return failed('noSuchDomain', domain);
    return succeeded([], [...(images.find(domain, disk)?.volumes.keys() ?? [])].sort());
  },
});

/** Why no volume can come there, or null. */
function placeFlaw(image: Image | undefined, domain: string, disk: string, parent: string | null): VerbOutcome | null {
  const volumes = [...(image?.volumes.values() ?? [])];
  if (parent !== null && !volumes.some((volume) => volume.id === parent)) return failed('noSuchVolume', `${domain}/${disk}/${parent}`);
  return volumes.some((volume) => volume.parent === parent) ? failed('general', `${domain}/${disk}/${parent ?? ''} has a child already`) : null;
}

/** Also one that is half-baked. An image without volumes is none: the last one takes it along. */
function removeVolume({ images }: Content, verb: string, domain: string, disk: string, id: string): readonly SignedEffect[] {
  const image = images.find(domain, disk);
  if (image === undefined) return [];
  const isHalfBaked = image.halfBaked?.has(id) === true;
  if (!isHalfBaked && !image.volumes.has(id)) return [];
  const removed = minus(verb, isHalfBaked ? halfBakedObject(domain, disk, id) : volumeObject(domain, disk, id));
  const volumes = new Map(image.volumes);
  const halfBaked = without(image.halfBaked, id);
  if (!isHalfBaked) volumes.delete(id);
  if (volumes.size + halfBaked.size > 0) {
    images.put(domain, disk, { ...image, volumes, halfBaked });
    return [removed];
  }
  images.remove(domain, disk);
  return [removed, minus(verb, imageObject(domain, disk))];
}

function without(ids: ReadonlySet<string> | undefined, id: string): ReadonlySet<string> {
  const rest = new Set(ids);
  rest.delete(id);
  return rest;
}
