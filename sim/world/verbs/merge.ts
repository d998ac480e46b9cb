import { z } from 'zod';
import { joinData } from '../images.js';
import { minus, volumeObject } from './objects.js';
import { defineVerb, failed, idArg, succeeded } from './verb.js';

const MIB = 2 ** 20;

/**
 * Merges the volume `ancestor` into its child `successor`, which then stands in its place in the chain. At no moment is the chain without what was written in
 * either: the ancestor goes when the successor holds it all. There is no way back, and nothing to be rolled back before.
 */
export const mergeSnapshots = defineVerb({
  name: 'mergeSnapshots',
  kind: 'spm',
  args: z.strictObject({ domain: idArg, disk: idArg, ancestor: idArg, successor: idArg }),
  domains: ({ domain }) => [domain],
  latency: { kind: 'lognormal', median: 5_000_000, p95: 10_000_000 },
  rate: { kind: 'constant', value: 100 * MIB },
  movesData: true,
  load: ({ images }, { domain, disk, ancestor }) => ({ times: 1, bytes: images.find(domain, disk)?.volumes.get(ancestor)?.sizeBytes ?? 0, domains: [domain] }),
  run: ({ images }, { domain, disk, ancestor, successor }) => {
    const image = images.find(domain, disk);
    if (image === undefined) return failed('noSuchImage', `${domain}/${disk}`);
    const [lower, upper] = [image.volumes.get(ancestor), image.volumes.get(successor)];
    if (lower === undefined) return failed('noSuchVolume', `${domain}/${disk}/${ancestor}`);
    if (upper === undefined) return failed('noSuchVolume', `${domain}/${disk}/${successor}`);
    const children = [...image.volumes.values()].filter(({ parent }) => parent === ancestor);
    if (upper.parent !== ancestor || children.length > 1 || !lower.legal || !upper.legal) return failed('notALegalChain', `${domain}/${disk}: ${ancestor} and ${successor}`);
    const merged = { ...upper, parent: lower.parent, format: lower.parent === null ? lower.format : upper.format, data: joinData(lower.data, upper.data) };
    const volumes = new Map(image.volumes).set(successor, merged);
    volumes.delete(ancestor);
    images.put(domain, disk, { ...image, volumes });
    return succeeded([minus('mergeSnapshots', volumeObject(domain, disk, ancestor))]);
  },
});
