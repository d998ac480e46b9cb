import type { EntityView } from '../../model/entity.js';
import { taskHandler } from '../../model/handler.js';
import { activeVolume, setDiskStatus, Vm } from '../entities.js';
import { createVolumeOf, emptyDisk, forgetNewDisks, giveUpNewDisks, mayExist, recordNewDisks, type NewDisk } from '../new-disks.js';
import { probeStorage } from '../probe-storage.js';
import type { HibernateVmParams } from './params.js';

/** What a guest of which nothing more is known has in memory, and what its host notes about it. Bytes. */
const MEMORY_SIZE = 2 ** 30;
const METADATA_SIZE = 2 ** 20;

type Planned = { readonly host: string; readonly memory: NewDisk; readonly metadata: NewDisk };

/**
 * The only step: volumes for the memory and for what goes with it, in parallel; then the VM's host saves the memory and stops the guest. That is the point of
 * no return: from then on the memory is nowhere but there. Undone, before that, by deleting the volumes; the VM has never stopped.
 */
export const saveMemory = taskHandler<HibernateVmParams>()({
  name: 'saveMemory',

  pointOfNoReturn: {
    part: 'endSuccessfully',
    hasPassed: async (ctx) => {
      const { vm } = ctx.params;
      const { state } = (await ctx.read(ctx.entities.get(Vm, vm).host, 'getVm', { vm })) as { readonly state: string };
      return state === 'suspended' ? 'passed' : 'notPassed';
    },
  },

  beforeTask: ({ params: { vm: id, domain }, entities, newId }): Planned => {
    const { host, state } = entities.get(Vm, id);
    if (state !== 'up') throw new Error(`VM ${id} is ${state}`);
    const memory = emptyDisk(newId('memory'), newId('memoryVolume'), domain, MEMORY_SIZE);
    const metadata = emptyDisk(newId('metadata'), newId('metadataVolume'), domain, METADATA_SIZE);
    recordNewDisks(entities, [memory, metadata], { vm: id, use: 'memory' });
    entities.update(Vm, id, (vm) => ({ ...vm, state: 'savingState' as const }));
    return { host, memory, metadata };
  },

  createTask: ({ params, before }) => disksOf(before).map((disk) => createVolumeOf(params.pool, disk)),

  // On hosts that make their own task ids.
  probe: (ctx) => probeStorage(ctx.entities.get(Vm, ctx.params.vm).host, ctx),

  endSuccessfully: async (ctx) => {
    const { before, entities, params: { vm: id } } = ctx;
    const { host, memory, metadata } = before;
    if (!ctx.passed) await ctx.call(host, 'hibernate', { vm: id, memory: placeOf(memory), metadata: placeOf(metadata) });
    setDiskStatus(entities, disksOf(before).map((disk) => disk.id), 'OK');
    entities.update(Vm, id, (vm) => ({ ...vm, state: 'suspended' as const, memory: { memory: memory.id, metadata: metadata.id } }));
  },

  endWithFailure: ({ before, failure, params, entities }) => {
    if (before === undefined) return undefined;
    isUp(entities, params.vm);
    return giveUpNewDisks(entities, params.pool, disksOf(before), mayExist(disksOf(before), failure));
  },

  compensate: ({ before, params, entities }) => {
    isUp(entities, params.vm);
    return giveUpNewDisks(entities, params.pool, disksOf(before), disksOf(before));
  },

  // What could not be deleted keeps its record.
  compensationEnded: ({ before, revert, entities }) => {
    if (before !== undefined && revert.error === null) forgetNewDisks(entities, disksOf(before));
  },
});

function disksOf({ memory, metadata }: Planned): readonly NewDisk[] {
  return [memory, metadata];
}

function placeOf(disk: NewDisk): { readonly domain: string; readonly disk: string; readonly volume: string } {
  return { domain: disk.domain, disk: disk.id, volume: activeVolume(disk) };
}

function isUp(entities: EntityView, id: string): void {
  entities.update(Vm, id, (vm) => ({ ...vm, state: 'up' as const }));
}
