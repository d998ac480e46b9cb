import { z } from 'zod';
import { guestWrites, legalCopies, type Content } from '../content.js';
import { contentObject, minus, plus, runningObject, suspendedObject } from './objects.js';
import { defineVerb, failed, idArg, succeeded } from './verb.js';
import { runsOn } from './vm.js';

const placeArg = z.strictObject({ domain: idArg, disk: idArg, volume: idArg });
type Place = z.output<typeof placeArg>;

/** Writes a guest's memory, and what its host must know to let it go on, to two volumes that must exist, and stops it: all of that or nothing. */
export const hibernate = defineVerb({
  name: 'hibernate',
  kind: 'hsm',
  args: z.strictObject({ vm: idArg, memory: placeArg, metadata: placeArg }),
  domains: ({ memory, metadata }) => [memory.domain, metadata.domain],
  latency: { kind: 'lognormal', median: 5_000_000, p95: 30_000_000 },
  run: (content, { vm: id, memory, metadata }, host) => {
    const { images, vmDisks } = content;
    const vm = vmDisks.find(id);
    if (!runsOn(vm, host)) return failed('noSuchVm', `${id} on ${host}`);
    const busy = [...vm.disks].find(([, { replication }]) => replication !== null);
    if (busy !== undefined) return failed('general', `${id}/${busy[0]} is being replicated`);
    const missing = [memory, metadata].find(({ domain, disk, volume }) => images.find(domain, disk)?.volumes.has(volume) !== true);
    if (missing !== undefined) return failed('noSuchVolume', `${missing.domain}/${missing.disk}/${missing.volume}`);
    for (const place of [memory, metadata]) save(content, place);
    vmDisks.put({ ...vm, desired: 'suspended', disks: new Map() });
    const contents = [memory, metadata].map(({ domain, disk }) => plus('hibernate', contentObject(domain, disk)));
    return succeeded([...contents, plus('hibernate', suspendedObject(id))]);
  },
});

function save({ images, vmDisks }: Content, { domain, disk, volume: id }: Place): void {
  const image = images.find(domain, disk);
  const volume = image?.volumes.get(id);
  if (image === undefined || volume === undefined) return;
  const data = [`memory:${disk}`];
  images.put(domain, disk, { filled: true, volumes: new Map(image.volumes).set(id, { ...volume, data }) });
  vmDisks.mustHold(disk, data);
}

/** Starts a VM on this host, from its memory if it is suspended; one that runs is not started again. */
export const createVm = defineVerb({
  name: 'createVm',
  kind: 'hsm',
  args: z.strictObject({ vm: idArg, disks: z.array(placeArg), memory: z.array(placeArg) }),
  domains: ({ disks, memory }) => [...disks, ...memory].map(({ domain }) => domain),
  latency: { kind: 'lognormal', median: 3_000_000, p95: 15_000_000 },
  run: (content, { vm: id, disks, memory }, host) => {
    const { vmDisks } = content;
    const vm = vmDisks.find(id);
    if (vm?.desired === 'up') return failed('vmExists', `${id} on ${vm.host}`);
    const suspended = vm?.desired === 'suspended';
    if (suspended !== memory.length > 0) return failed('general', `${id} is ${suspended ? '' : 'not '}suspended`);
    const missing = [...disks, ...memory].find(({ domain, disk, volume }) => !isWhole(content, domain, disk, volume));
    if (missing !== undefined) return failed('driveNotFound', `${missing.domain}/${missing.disk}/${missing.volume}`);
    vmDisks.put({ id, host, desired: 'up', disks: new Map(disks.map(({ disk, domain, volume }) => [disk, { domain, volume, replication: null }])) });
    for (const { disk } of disks) guestWrites(content, id, disk);
    return succeeded([suspended ? minus('createVm', suspendedObject(id)) : plus('createVm', runningObject(id))]);
  },
});

function isWhole(content: Content, domain: string, disk: string, volume: string): boolean {
  return content.images.find(domain, disk)?.volumes.has(volume) === true && legalCopies(content, disk).includes(domain);
}

/** What a VM is, as far as this host knows: `{ state }`, `up` or `suspended`; else `down`. */
export const getVm = defineVerb({
  name: 'getVm',
  kind: 'read',
  args: z.strictObject({ vm: idArg }),
  latency: { kind: 'lognormal', median: 30_000, p95: 300_000 },
  run: ({ vmDisks }, { vm: id }, host) => {
    const vm = vmDisks.find(id);
    return succeeded([], { state: vm?.host === host ? vm.desired : 'down' });
  },
});
