import { taskHandler } from '../../model/handler.js';
import { deleteImage } from '../delete-image.js';
import { activeVolume, Disk, Vm, type DiskRecord, type VmRecord } from '../entities.js';
import { probeStorage } from '../probe-storage.js';
import type { RunVmParams } from './params.js';

type Started = { readonly memory: readonly { readonly disk: string; readonly domain: string }[] };
type Place = { readonly domain: string; readonly disk: string; readonly volume: string };

/**
 * Step 1: a host starts the VM, from its memory if it was suspended. That is the point of no return: the guest writes from then on, and what was
 * kept of its memory is no longer true, and is deleted.
 */
export const startVm = taskHandler<RunVmParams>()({
  name: 'startVm',

  pointOfNoReturn: {
    part: 'beforeTask',
    hasPassed: async (ctx) => {
      const { vm } = ctx.params;
      const { state } = (await ctx.read(hostOf(ctx.params, ctx.entities.get(Vm, vm)), 'getVm', { vm })) as { readonly state: string };
      return state === 'up' ? 'passed' : 'notPassed';
    },
  },

  beforeTask: async (ctx): Promise<Started> => {
    const { entities, params } = ctx;
    const vm = entities.get(Vm, params.vm);
    const host = hostOf(params, vm);
    const memory = vm.memory === undefined ? [] : [vm.memory.memory, vm.memory.metadata].map((id) => entities.get(Disk, id));
    if (!ctx.passed) {
      const disks = vm.disks.map((id) => entities.get(Disk, id));
      await ctx.call(host, 'createVm', { vm: vm.id, disks: disks.map(placeOf), memory: memory.map(placeOf) });
    }
    entities.put(Vm, vm.id, { id: vm.id, host, state: 'up', disks: vm.disks });
    for (const { id } of memory) entities.update(Disk, id, (disk) => ({ ...disk, status: 'ILLEGAL' as const }));
    return { memory: memory.map(({ id, domain }) => ({ disk: id, domain })) };
  },

  createTask: ({ params: { pool }, before }) => before.memory.map(({ disk, domain }) => deleteImage({ pool, domain, disk })),

  // On hosts that make their own task ids.
  probe: (ctx) => probeStorage(hostOf(ctx.params, ctx.entities.get(Vm, ctx.params.vm)), ctx),

  endSuccessfully: ({ before, entities }) => {
    for (const { disk } of before.memory) entities.remove(Disk, disk);
  },

  // Reached only if the VM is known not to have been started, and then nothing has happened.
  endWithFailure: () => undefined,
});

function hostOf({ host }: RunVmParams, vm: VmRecord): string {
  return host ?? vm.host;
}

function placeOf(disk: DiskRecord): Place {
  return { domain: disk.domain, disk: disk.id, volume: activeVolume(disk) };
}
