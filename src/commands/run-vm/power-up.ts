import { taskHandler } from '../../model/handler.js';
import { Disk, Vm, type VmState } from '../entities.js';
import type { RunVmParams } from './params.js';

/**
 * Step 0: the VM is about to use its disks, so from now on no command that needs them cold begins. Committed before the host is told: what a callback has read
 * before a call may have changed when the call is answered.
 */
export const powerUp = taskHandler<RunVmParams>()({
  name: 'powerUp',

  beforeTask: ({ params, entities }): { readonly was: VmState } => {
    const vm = entities.get(Vm, params.vm);
    if (vm.state !== 'down' && vm.state !== 'suspended') throw new Error(`VM ${vm.id} is ${vm.state}`);
    const unfit = vm.disks.map((id) => entities.get(Disk, id)).find(({ status }) => status !== 'OK');
    if (unfit !== undefined) throw new Error(`disk ${unfit.id} is ${unfit.status}`);
    entities.update(Vm, vm.id, (record) => ({ ...record, state: 'poweringUp' as const }));
    return { was: vm.state };
  },

  // Cancelled when nothing else had been done.
  endWithFailure: ({ params, before, entities }) => {
    if (before !== undefined) entities.update(Vm, params.vm, (record) => ({ ...record, state: before.was }));
  },

  compensate: ({ params, before, entities }) => entities.update(Vm, params.vm, (record) => ({ ...record, state: before.was })),
});
